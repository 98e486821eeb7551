"""The speed of a training on this machine, measured before it begins."""

from __future__ import annotations

import time

from elman.training.eval_mode import seeded
from elman.training.objective import Objective

STEPS = 3
"""Of which the median counts: the first may be slow."""


def seconds_a_step(objective: Objective, seed: int) -> float:
    """The time of a training step without the optimiser. The weights stay as they are.

    Args:
        objective: of the training; a state that it carries on moves.
        seed: of random draws, such as dropout.
    """
    seconds = []
    with seeded(seed):
        for step in range(STEPS):
            begun = time.perf_counter()
            loss, _ = objective.loss(step)
            loss.backward()  # type: ignore[no-untyped-call]
            seconds.append(time.perf_counter() - begun)
    objective.network.zero_grad()
    return sorted(seconds)[STEPS // 2]
