"""How long to train, and how fast to learn on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

WARM_UP = 0.03  # share of the budget


@dataclass(frozen=True)
class Plan:
    """A budget and the optimiser's settings.

    Args:
        minutes: wall-clock of the training phase, validations included.
        steps: a number of steps instead; the same run every time on the same machine.
        max_steps: where the minutes would allow more: what is read again and again is in the
            end known by heart, and the learning rate should have fallen by then.
        learning_rate: the largest, reached after the warm-up.
        weight_decay: of the matrices of products, decoupled (AdamW); embeddings, norms and
            biases have none.
        clip: the largest norm of a gradient.
        averaged: the share of the steps so far whose weights count in the average that answers;
            0 where the last weights answer.
        seed: of everything random.
    """

    minutes: float | None = 3.0
    steps: int | None = None
    max_steps: int | None = None
    learning_rate: float = 5e-3
    weight_decay: float = 0.1
    clip: float = 1.0
    averaged: float = 0.0
    seed: int = 0

    def done(self, step: int, seconds: float) -> float:
        """The share of the budget that is spent, from 0 to 1."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        of_steps = step / self.max_steps if self.max_steps else 0.0
        return min(1.0, max(of_steps, seconds / (60 * (self.minutes or 0))))

    def rate(self, done: float) -> float:
        """The learning rate: a straight rise, then half a cosine down to zero."""
        if done < WARM_UP:
            return self.learning_rate * done / WARM_UP
        fall = (done - WARM_UP) / (1 - WARM_UP)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * fall))
