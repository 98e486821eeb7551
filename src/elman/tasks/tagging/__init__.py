"""Sequence labelling: many to many, in step."""
