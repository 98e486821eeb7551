"""How the next symbol is drawn from what the network expects.

Shapes: B rows, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from elman.ranges import number, whole

REMEMBERED = 64  # symbols back that the repetition penalty looks


@dataclass(frozen=True)
class Sampling:
    """Settings of a draw, applied in this order.

    Args:
        repetition_penalty: a symbol among the last 64 has its logit divided by this if positive,
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
        number("repetition-penalty", self.repetition_penalty, lambda x: x > 0, "above 0")

    def probabilities(self, logits: Tensor, recent: Tensor) -> Tensor:
        """logits (B, V), recent symbols (B, R) -> what is drawn from, (B, V), rows sum to 1."""
        logits = logits.double()  # in which any temperature above 0 stays above 0
        if self.repetition_penalty != 1 and recent.shape[1]:
            before = logits.gather(1, recent)
            penalty = self.repetition_penalty
            after = torch.where(before > 0, before / penalty, before * penalty)
            logits = logits.scatter(1, recent, after)
        if self.temperature == 0:
            return torch.zeros_like(logits).scatter(1, logits.argmax(1, keepdim=True), 1.0)
        # The likeliest at 0 first: a low temperature would otherwise overflow.
        highest = logits.amax(1, keepdim=True)
        probabilities = ((logits - highest) / self.temperature).softmax(dim=1)
        if self.top_k is not None and self.top_k < probabilities.shape[1]:
            probabilities = _keep(probabilities, _ranks(probabilities) < self.top_k)
        if self.top_p is not None:
            ordered, order = probabilities.sort(dim=1, descending=True, stable=True)
            reached_before = ordered.cumsum(1) - ordered
            kept = torch.zeros_like(order, dtype=torch.bool)
            kept.scatter_(1, order, reached_before < self.top_p)
            probabilities = _keep(probabilities, kept)
        if self.min_p is not None:
            least = self.min_p * probabilities.amax(1, keepdim=True)
            probabilities = _keep(probabilities, probabilities >= least)
        return probabilities


def _ranks(probabilities: Tensor) -> Tensor:
    """Each symbol's rank in its row, from 0; among equals the smaller symbol first."""
    order = probabilities.argsort(dim=1, descending=True, stable=True)
    return order.argsort(dim=1)


def _keep(probabilities: Tensor, kept: Tensor) -> Tensor:
    remaining = probabilities * kept
    return remaining / remaining.sum(1, keepdim=True)
