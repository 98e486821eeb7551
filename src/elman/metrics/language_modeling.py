"""Metrics of language models, from the log-probabilities of the tokens of a text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from elman.errors import EmptyTextError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    LogProbabilities = npt.NDArray[np.floating[Any]]


def nats_per_token(log_probabilities: LogProbabilities) -> float:
    """The mean of -log p over (N,) tokens, in nats: the training loss.

    Raises:
        EmptyTextError: there are no tokens.
    """
    return _nats(log_probabilities) / _at_least_one(log_probabilities.size, "token")


def bits_per_character(log_probabilities: LogProbabilities, characters: int) -> float:
    """The negative log-likelihood in bits per character, for any tokenizer.

    Raises:
        EmptyTextError: there are no characters.
    """
    return _nats(log_probabilities) / math.log(2) / _at_least_one(characters, "character")


def perplexity(log_probabilities: LogProbabilities, words: int) -> float:
    """exp of the negative log-likelihood per whitespace-separated word, for any tokenizer.

    Raises:
        EmptyTextError: there are no words.
    """
    nats = _nats(log_probabilities) / _at_least_one(words, "word")
    # exp would overflow for a very wrong model.
    return math.exp(nats) if nats < math.log(1e308) else math.inf


def _nats(log_probabilities: LogProbabilities) -> float:
    # Sums in half or single precision lose digits over a long text.
    return -float(log_probabilities.sum(dtype="float64"))


def _at_least_one(count: int, unit: str) -> int:
    if count < 1:
        raise EmptyTextError(f"no {unit} to score")
    return count
