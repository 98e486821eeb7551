"""Metrics, and an honest baseline beside every figure. Needs numpy only."""

from elman.scoring.intervals import Interval, bootstrap_difference
from elman.scoring.keyboard import Dictation, KeyboardScores, WordIndex, keyboard_scores
from elman.scoring.kneser_ney import KneserNey
from elman.scoring.language import bits_per_character, nats_per_symbol, perplexity

__all__ = [
    "Dictation",
    "Interval",
    "KeyboardScores",
    "KneserNey",
    "WordIndex",
    "bits_per_character",
    "bootstrap_difference",
    "keyboard_scores",
    "nats_per_symbol",
    "perplexity",
]
