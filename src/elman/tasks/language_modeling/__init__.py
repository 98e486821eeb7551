"""Text generation and the next word: each output is the next input."""
