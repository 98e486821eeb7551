"""Translation: many to many, delayed."""
