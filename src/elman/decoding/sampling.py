"""How the next token is drawn from what the network expects.

Shapes: V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.ranges import number, whole

Numbers = npt.NDArray[np.floating[Any]]

REMEMBERED = 64  # tokens back that the repetition penalty looks
PENALTIES = 0.01, 100.0
"""The least and the largest: 1.2 is a usual one, and beyond these a logit would be no number."""


@dataclass(frozen=True)
class Sampling:
    """Settings of a draw, applied in this order.

    Args:
        repetition_penalty: a token among the last 64 has its logit divided by this if positive,
            multiplied if negative; 1 changes nothing (N. S. Keskar et al., 'CTRL', 2019,
            section 4.1).
        temperature: divides the logits; 0 always takes the likeliest.
        top_k: keep the k likeliest (A. Fan et al., 'Hierarchical Neural Story Generation', 2018).
        top_p: keep the likeliest that together reach p (A. Holtzman et al., 'The Curious Case of
            Neural Text Degeneration', 2020, equations 2 and 3).
        min_p: keep those at least this share as likely as the likeliest (M. Nguyen et al.,
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
        number("temperature", self.temperature, lambda x: x >= 0, "0 or more")
        if self.top_k is not None:
            whole("top-k", self.top_k, 1)
        if self.top_p is not None:
            number("top-p", self.top_p, lambda x: 0 < x <= 1, "above 0, up to 1")
        if self.min_p is not None:
            number("min-p", self.min_p, lambda x: 0 <= x <= 1, "from 0 to 1")
        least, most = PENALTIES
        number(
            "repetition-penalty",
            self.repetition_penalty,
            lambda x: least <= x <= most,
            f"from {least:g} to {most:g}",
        )

    def draw(self, logits: Numbers, recent: Sequence[int], chance: float) -> int:
        """The token that a number drawn evenly from [0, 1) falls upon.

        Args:
            logits: (V,); recent: the last REMEMBERED tokens before it.
        """
        reached = self._weights(logits, recent).cumsum()
        return int(reached.searchsorted(chance * reached[-1], side="right"))

    def probabilities(self, logits: Numbers, recent: Sequence[int]) -> Numbers:
        """logits (V,), recent tokens -> what is drawn from, (V,), its sum 1."""
        weights = self._weights(logits, recent)
        weights /= weights.sum()
        return weights

    def _weights(self, logits: Numbers, recent: Sequence[int]) -> Numbers:
        """The same up to a factor: a draw needs no more."""
        logits = logits.astype(np.float64)  # in which any temperature above 0 stays above 0
        if self.repetition_penalty != 1 and len(recent):
            places = np.asarray(recent)
            before, penalty = logits[places], self.repetition_penalty
            logits[places] = np.where(before > 0, before / penalty, before * penalty)
        if self.temperature == 0:
            best = np.zeros_like(logits)
            best[logits.argmax()] = 1.0
            return best
        # The likeliest at 0 first: a low temperature would otherwise overflow.
        logits -= logits.max()
        with np.errstate(over="ignore"):  # to minus infinity, where it is never drawn
            logits /= self.temperature
        found: Numbers = np.exp(logits, out=logits)
        if self.top_k is not None and self.top_k < len(found):
            found = _keep(found, _order(found)[: self.top_k])
        if self.top_p is not None:
            order = _order(found)
            ordered = found[order]
            found = _keep(found, order[ordered.cumsum() - ordered < self.top_p * found.sum()])
        if self.min_p is not None:
            found = _keep(found, np.flatnonzero(found >= self.min_p * found.max()))
        return found


def _order(weights: Numbers) -> npt.NDArray[np.int64]:
    """The tokens, the likeliest first; among equals the smaller one."""
    return np.argsort(-weights, kind="stable")


def _keep(weights: Numbers, kept: npt.NDArray[np.int64]) -> Numbers:
    remaining = np.zeros_like(weights)
    remaining[kept] = weights[kept]
    return remaining
