"""The budget of a training and its learning-rate schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass

WARM_UP = 0.03  # fraction of the budget


@dataclass(frozen=True)
class Plan:
    """The budget and the settings of the optimiser.

    Args:
        minutes: training time in minutes, with validations.
        steps: the number of steps, instead of the minutes; deterministic on one machine. 0 trains
            nothing.
        max_steps: an upper bound on the steps within the minutes: more epochs overfit, and the
            learning rate reaches 0 by then.
        learning_rate: the maximum, reached after the warm-up.
        weight_decay: of the weights of linear layers, decoupled (AdamW); embeddings, norms and
            biases are not decayed.
        max_grad_norm: clip the norm of the gradient to this.
        ema_decay: the fraction of the steps so far that the average of weights covers; 0 for the
            last weights, without averaging.
        seed: of all random draws.
    """

    minutes: float | None = 3.0
    steps: int | None = None
    max_steps: int | None = None
    learning_rate: float = 5e-3
    weight_decay: float = 0.1
    max_grad_norm: float = 1.0
    ema_decay: float = 0.0
    seed: int = 0

    def done(self, step: int, seconds: float) -> float:
        """The fraction of the budget that is spent, 0 to 1."""
        if self.steps is not None:
            return min(1.0, step / self.steps) if self.steps else 1.0
        of_max_steps = step / self.max_steps if self.max_steps else 0.0
        return min(1.0, max(of_max_steps, seconds / (60 * (self.minutes or 0))))

    def rate(self, done: float) -> float:
        """The learning rate at a fraction of the budget: linear warm-up, then cosine decay to 0."""
        if done < WARM_UP:
            return self.learning_rate * done / WARM_UP
        decay = (done - WARM_UP) / (1 - WARM_UP)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * decay))
