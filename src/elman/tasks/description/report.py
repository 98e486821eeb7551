"""How the scores of a describer are printed."""

from elman.tasks.seq2seq.report import FORMAT

__all__ = ["FORMAT"]
