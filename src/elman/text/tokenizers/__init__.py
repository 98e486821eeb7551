"""Tokenizers: characters, words, subwords. Each gives back the exact text."""
