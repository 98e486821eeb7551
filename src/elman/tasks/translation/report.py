"""How the scores of a translator are printed."""

from elman.tasks.seq2seq.report import FORMAT

__all__ = ["FORMAT"]
