"""What counting learns in seconds: n-grams."""
