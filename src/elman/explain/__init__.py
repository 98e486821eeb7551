"""What a network computed, remembered and attributes its outputs to, as plain data."""
