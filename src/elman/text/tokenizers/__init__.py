"""Lossless tokenizers: characters, words, subwords."""
