"""Cached corpora and examples, statistics of data, and task inference."""
