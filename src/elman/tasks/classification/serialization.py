"""Checks of the model file of a classifier."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from elman.errors import ModelFileError
from elman.nn.compiled.mixture import log_softmax
from elman.ranges import check_number
from elman.tasks.classification.inputs import Label
from elman.text.subword_hashing import HashedVocabulary
from elman.text.tokenizers.table import tokenizer_from_json
from elman.text.tokenizers.tokenizer import Tokenizer

MAX_MEMBERS = 100

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]


class Calibration(NamedTuple):
    """Calibration of a classifier on its validation set.

    Attributes:
        temperature: divisor of the logits.
        rejection: the probability below which a prediction is rejected.
        counts_weight: of the scores of the linear model; 0 without one.
    """

    temperature: float
    rejection: float
    counts_weight: float = 0.0

    def probabilities(
        self, logits: np.ndarray[Any, Any], scores: np.ndarray[Any, Any] | None = None
    ) -> Floats:
        """(N, K) from the logits of the network and the scores of the linear model, if any."""
        return np.exp(self.log_probabilities(logits, scores))

    def log_probabilities(
        self, logits: np.ndarray[Any, Any], scores: np.ndarray[Any, Any] | None = None
    ) -> Floats:
        """The logarithm of `probabilities`, from its arguments."""
        scaled = logits.astype(np.float64) / self.temperature
        if scores is not None:
            scaled += self.counts_weight * scores
        return log_softmax(scaled)


def checked_tokenizer(value: object) -> Tokenizer | HashedVocabulary:
    """The vocabulary that a model file holds.

    Raises:
        ModelFileError: it is malformed.
    """
    if isinstance(value, dict) and value.get("name") == HashedVocabulary.name:
        return HashedVocabulary.from_json(value)
    return tokenizer_from_json(value)


def checked_labels(value: object) -> list[Label]:
    """The labels that a model file holds.

    Raises:
        ModelFileError: they are not two distinct labels or more.
    """
    if not isinstance(value, list) or len(value) < 2:
        raise ModelFileError("its labels are malformed")
    kinds = {type(label) for label in value}
    if not any(kinds <= alike for alike in ({str}, {bool}, {int, float})):
        raise ModelFileError("its labels are neither all words nor all numbers")
    if "" in value or not all(math.isfinite(label) for label in value if type(label) is float):
        raise ModelFileError("a label is empty or not finite")
    if len(set(value)) != len(value):
        raise ModelFileError("each of its labels should be there once")
    return value


def checked_calibration(value: object) -> Calibration:
    """The calibration that a model file holds.

    Raises:
        ModelFileError: it is malformed; SettingError: a value is out of range.
    """
    if not isinstance(value, dict) or value.keys() != set(Calibration._fields):
        raise ModelFileError("its calibration is malformed")
    check_number("temperature", value["temperature"], lambda x: 0 < x < math.inf, "above 0")
    check_number("rejection", value["rejection"], lambda x: 0 <= x <= 1, "from 0 to 1")
    weight = value["counts_weight"]
    check_number("counts_weight", weight, lambda x: 0 <= x < math.inf, "0 or above")
    return Calibration(**value)
