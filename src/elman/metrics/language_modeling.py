"""A language model's figures, from the log-probability it gave each token of a text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from elman.errors import EmptyTextError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    LogProbabilities = npt.NDArray[np.floating[Any]]


def nats_per_token(log_probabilities: LogProbabilities) -> float:
    """Mean of -log p over (N,) tokens, in nats: the loss in training.

    Raises:
        EmptyTextError: no tokens.
    """
    return _nats(log_probabilities) / _at_least_one(log_probabilities.size, "token")


def bits_per_character(log_probabilities: LogProbabilities, characters: int) -> float:
    """All nats of the text, in bits, over its characters, whatever its tokens were.

    Raises:
        EmptyTextError: no characters.
    """
    return _nats(log_probabilities) / math.log(2) / _at_least_one(characters, "character")


def perplexity(log_probabilities: LogProbabilities, words: int) -> float:
    """exp of all nats of the text over its words, which whitespace parts, whatever its tokens.

    Raises:
        EmptyTextError: no words.
    """
    nats = _nats(log_probabilities) / _at_least_one(words, "word")
    # A model can be so wrong that the figure leaves floating point.
    return math.exp(nats) if nats < math.log(1e308) else math.inf


def _nats(log_probabilities: LogProbabilities) -> float:
    # Half-precision or single-precision sums over a long text would lose digits.
    return -float(log_probabilities.sum(dtype="float64"))


def _at_least_one(count: int, tokenizer: str) -> int:
    if count < 1:
        raise EmptyTextError(f"no {tokenizer} to score")
    return count
