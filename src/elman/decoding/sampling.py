"""Sampling the next token.

Shapes: V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.errors import ModelFileError
from elman.ranges import check_integer, check_number

Numbers = npt.NDArray[np.floating[Any]]

PENALTY_WINDOW = 64  # recent tokens that the repetition penalty applies to
PENALTIES = 0.01, 100.0
"""Least and largest repetition penalty (1.2 is usual); beyond them logits may overflow."""


@dataclass(frozen=True)
class Sampling:
    """Sampling settings, applied in this order.

    Args:
        repetition_penalty: a token among the last 64 has its logit divided by this if positive,
            multiplied if negative; 1 changes nothing (N. S. Keskar et al., 'CTRL', 2019,
            section 4.1).
        temperature: divides the logits; 0 takes the most probable token.
        top_k: keep the k most probable tokens (A. Fan et al., 'Hierarchical Neural Story
            Generation', 2018).
        top_p: keep the most probable tokens whose sum reaches p (A. Holtzman et al., 'The
            Curious Case of Neural Text Degeneration', 2020, equations 2 and 3).
        min_p: keep tokens at least this fraction as probable as the best (M. Nguyen et al.,
            'Turning Up the Heat: Min-p Sampling', 2024).

    Raises:
        SettingError: for a value out of its range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, lambda x: x >= 0, "0 or more")
        if self.top_k is not None:
            check_integer("top-k", self.top_k, 1)
        if self.top_p is not None:
            check_number("top-p", self.top_p, lambda x: 0 < x <= 1, "above 0, up to 1")
        if self.min_p is not None:
            check_number("min-p", self.min_p, lambda x: 0 <= x <= 1, "from 0 to 1")
        least, most = PENALTIES
        check_number(
            "repetition-penalty",
            self.repetition_penalty,
            lambda x: least <= x <= most,
            f"from {least:g} to {most:g}",
        )

    def draw(self, logits: Numbers, recent: Sequence[int], uniform: float) -> int:
        """Draw a token by the inverse of the cumulative distribution.

        Args:
            logits: (V,).
            recent: the last PENALTY_WINDOW tokens.
            uniform: a random number from [0, 1).

        Raises:
            ModelFileError: a logit is not a number.
        """
        cumulative = self._weights(logits, recent).cumsum()
        if math.isnan(cumulative[-1]):
            raise not_a_number()
        return int(cumulative.searchsorted(uniform * cumulative[-1], side="right"))

    def probabilities(self, logits: Numbers, recent: Sequence[int]) -> Numbers:
        """Probabilities (V,) that `draw` samples from, for logits (V,) after recent tokens."""
        weights = self._weights(logits, recent)
        weights /= weights.sum()
        return weights

    def _weights(self, logits: Numbers, recent: Sequence[int]) -> Numbers:
        """The same, not normalized."""
        logits = logits.astype(np.float64)  # float32 rounds tiny temperatures to 0
        if self.repetition_penalty != 1 and len(recent):
            tokens = np.asarray(recent)
            before, penalty = logits[tokens], self.repetition_penalty
            logits[tokens] = np.where(before > 0, before / penalty, before * penalty)
        if self.temperature == 0:
            best = np.zeros_like(logits)
            best[logits.argmax()] = 1.0
            return best
        # Shift the largest logit to 0: a low temperature would overflow otherwise.
        with np.errstate(over="ignore", invalid="ignore"):  # to minus infinity: never drawn
            logits -= logits.max()
            logits /= self.temperature
        weights: Numbers = np.exp(logits, out=logits)
        if self.top_k is not None and self.top_k < len(weights):
            weights = _keep(weights, _order(weights)[: self.top_k])
        if self.top_p is not None:
            order = _order(weights)
            ordered = weights[order]
            inside = ordered.cumsum() - ordered < self.top_p * weights.sum()
            weights = _keep(weights, order[inside])
        if self.min_p is not None:
            weights = _keep(weights, np.flatnonzero(weights >= self.min_p * weights.max()))
        return weights


def not_a_number() -> ModelFileError:
    """The error for a model whose weights are so large that its logits overflow."""
    return ModelFileError(
        "its logits are not numbers, because its weights are too large",
        location="model",
        hint="Train it again with a smaller --learning-rate.",
    )


def _order(weights: Numbers) -> npt.NDArray[np.int64]:
    """Tokens by falling weight; of equal ones the smaller first."""
    return np.argsort(-weights, kind="stable")


def _keep(weights: Numbers, kept: npt.NDArray[np.int64]) -> Numbers:
    remaining = np.zeros_like(weights)
    remaining[kept] = weights[kept]
    return remaining
