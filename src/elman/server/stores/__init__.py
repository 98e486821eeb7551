"""Session stores: memory, memory with an SQLite file, or Redis for several servers."""
