"""Description: one to many."""
