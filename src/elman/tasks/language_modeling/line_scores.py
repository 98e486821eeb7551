"""The probability of single lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer

if TYPE_CHECKING:
    from elman.nn.compiled.predictor import NetworkPredictor


class LineScore(NamedTuple):
    """How probable a line is.

    Attributes:
        nats: the negative log-probability of its tokens and of the line end.
        tokens: their number.
    """

    nats: float
    tokens: int

    @property
    def perplexity(self) -> float:
        """Per token; infinite where it is too large for a float."""
        try:
            return math.exp(self.nats / self.tokens)
        except OverflowError:
            return math.inf


def score_lines(
    predictor: NetworkPredictor, tokenizer: Tokenizer, lines: Sequence[str]
) -> list[LineScore]:
    """Score each line alone, as the first of a text: after a line end, and with its own.

    Args:
        predictor: of the model.
        tokenizer: of the model.
        lines: without line ends.
    """
    (newline,) = tokenizer.encode("\n").tolist()
    begin = np.array([BOUNDARY, newline])
    rows = [np.concatenate([begin, tokenizer.encode(f"{line}\n")]) for line in lines]
    found = predictor.log_probabilities_of_rows(rows)
    # What is first is the line end before the line.
    return [LineScore(-float(log_p[1:].sum(dtype=float)), len(log_p) - 1) for log_p in found]
