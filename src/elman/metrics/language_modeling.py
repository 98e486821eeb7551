"""A language model's figures, from the log-probability it gave each symbol of a text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from elman.errors import EmptyTextError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    LogProbabilities = npt.NDArray[np.floating[Any]]


def nats_per_symbol(log_probabilities: LogProbabilities) -> float:
    """Mean of -log p over (N,) symbols, in nats: the loss in training.

    Raises:
        EmptyTextError: no symbols.
    """
    return _nats(log_probabilities) / _at_least_one(log_probabilities.size, "symbol")


def bits_per_character(log_probabilities: LogProbabilities, characters: int) -> float:
    """All nats of the text, in bits, over its characters, whatever its symbols were.

    Raises:
        EmptyTextError: no characters.
    """
    return _nats(log_probabilities) / math.log(2) / _at_least_one(characters, "character")


def perplexity(log_probabilities: LogProbabilities, words: int) -> float:
    """exp of all nats of the text over its words, which whitespace parts, whatever its symbols.

    Raises:
        EmptyTextError: no words.
    """
    nats = _nats(log_probabilities) / _at_least_one(words, "word")
    # A model can be so wrong that the figure leaves floating point.
    return math.exp(nats) if nats < math.log(1e308) else math.inf


def _nats(log_probabilities: LogProbabilities) -> float:
    # Half-precision or single-precision sums over a long text would lose digits.
    return -float(log_probabilities.sum(dtype="float64"))


def _at_least_one(count: int, unit: str) -> int:
    if count < 1:
        raise EmptyTextError(f"no {unit} to score")
    return count
