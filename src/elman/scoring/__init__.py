"""Metrics, and an honest baseline beside every figure.

Importing it needs numpy only; scikit-learn, sacreBLEU and rapidfuzz are loaded by what uses them.
"""

from elman.scoring.calibration import fit_rejection, fit_temperature
from elman.scoring.classification import (
    ClassAnswers,
    accuracy,
    area_under_roc,
    calibration_error,
    class_table,
    confusions,
    macro_f1,
)
from elman.scoring.intervals import Interval, bootstrap_difference, bootstrap_rows
from elman.scoring.keyboard import Dictation, KeyboardScores, WordIndex, keyboard_scores
from elman.scoring.kneser_ney import KneserNey
from elman.scoring.language import bits_per_character, nats_per_symbol, perplexity
from elman.scoring.rewrite_baseline import NearestSource, NearestVector
from elman.scoring.rewriting import (
    CorpusScore,
    bleu,
    chrf,
    exact_match,
    grouped,
    symbol_error_rate,
    word_error_rate,
)
from elman.scoring.tag_baseline import MostFrequentTag
from elman.scoring.text_baseline import TextBaseline

__all__ = [
    "ClassAnswers",
    "CorpusScore",
    "Dictation",
    "Interval",
    "KeyboardScores",
    "KneserNey",
    "MostFrequentTag",
    "NearestSource",
    "NearestVector",
    "TextBaseline",
    "WordIndex",
    "accuracy",
    "area_under_roc",
    "bits_per_character",
    "bleu",
    "bootstrap_difference",
    "bootstrap_rows",
    "calibration_error",
    "chrf",
    "class_table",
    "confusions",
    "exact_match",
    "fit_rejection",
    "fit_temperature",
    "grouped",
    "keyboard_scores",
    "macro_f1",
    "nats_per_symbol",
    "perplexity",
    "symbol_error_rate",
    "word_error_rate",
]
