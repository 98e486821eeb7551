"""A small objective that records every call."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

TARGET = torch.tensor([[1.0, -2.0, 0.5, 0.0], [0.3, 0.0, 2.0, -1.0]]).t()


class Clock:
    """A clock that only the objective advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Line:
    """Linear regression on random inputs, with a state carried from step to step.

    Args:
        losses: the validation losses to return, in order; afterwards the true one.
        at: called at a step, the first time only: raises, or returns a factor of the loss.
        always: the same, at every step.
    """

    def __init__(
        self,
        losses: list[float] | None = None,
        at: dict[int, Callable[[], float]] | None = None,
        always: Callable[[int], float] = lambda _: 1.0,
    ) -> None:
        torch.manual_seed(0)
        self.network = nn.Linear(4, 2)
        self.state = torch.zeros(2)
        self.losses = list(losses or [])
        self.at = dict(at or {})
        self.always = always
        self.steps: list[tuple[int, dict[str, Tensor], Tensor]] = []  # before each step
        self.validated: list[dict[str, Tensor]] = []  # the weights at each validation
        self.modes: list[bool] = []
        self.clock = Clock()
        self.step_seconds = self.validation_seconds = 0.0

    def weights(self) -> dict[str, Tensor]:
        return {name: p.detach().clone() for name, p in self.network.named_parameters()}

    def loss(self, step: int) -> tuple[Tensor, int]:
        self.clock.now += self.step_seconds
        self.steps.append((step, self.weights(), self.state.clone()))
        self.modes.append(self.network.training)
        x = torch.randn(8, 4)
        self.state = 0.9 * self.state + x.mean()
        factor = self.at.pop(step)() if step in self.at else self.always(step)
        y = self.network(x) + 1e-2 * self.state
        return factor * (y - x @ TARGET).square().mean(), 8

    def validate(self) -> float:
        self.clock.now += self.validation_seconds
        self.validated.append(self.weights())
        if self.losses:
            return self.losses.pop(0)
        with torch.no_grad():
            return float((self.network(torch.eye(4)) - TARGET).square().mean())

    def state_tensors(self) -> Iterator[Tensor]:
        return iter([self.state])

    def load_state_tensors(self, tensors: Iterator[Tensor]) -> None:
        self.state = next(tensors).clone()


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[n], right[n]) for n in left)


def interrupt() -> Any:
    raise KeyboardInterrupt


def nan() -> float:
    return math.nan
