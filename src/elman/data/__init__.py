"""Cached corpora and examples, statistics of data, and which task data is for."""
