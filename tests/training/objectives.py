"""A objective small enough to know all about: it keeps a record of everything it was asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

TARGET = torch.tensor([[1.0, -2.0, 0.5, 0.0], [0.3, 0.0, 2.0, -1.0]]).t()


class Clock:
    """Time that passes only where a objective says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Line:
    """A linear map to be learned from noisy examples; a state is carried from step to step.

    Args:
        looks: the validation losses to give, in order; then, or without them, the true one.
        at: what to do at a step, the first time only: raise, or answer with a factor of the loss.
        always: the same, every time.
    """

    def __init__(
        self,
        looks: list[float] | None = None,
        at: dict[int, Callable[[], float]] | None = None,
        always: Callable[[int], float] = lambda _: 1.0,
    ) -> None:
        torch.manual_seed(0)
        self.network = nn.Linear(4, 2)
        self.state = torch.zeros(2)
        self.looks = list(looks or [])
        self.at = dict(at or {})
        self.always = always
        self.steps: list[tuple[int, dict[str, Tensor], Tensor]] = []  # what each step began with
        self.looked: list[dict[str, Tensor]] = []  # the weights at each look
        self.modes: list[bool] = []
        self.clock = Clock()
        self.step_seconds = self.look_seconds = 0.0

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
        self.clock.now += self.look_seconds
        self.looked.append(self.weights())
        if self.looks:
            return self.looks.pop(0)
        with torch.no_grad():
            return float((self.network(torch.eye(4)) - TARGET).square().mean())

    def carried(self) -> Iterator[Tensor]:
        return iter([self.state])

    def carry(self, tensors: Iterator[Tensor]) -> None:
        self.state = next(tensors).clone()


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[n], right[n]) for n in left)


def interrupt() -> Any:
    raise KeyboardInterrupt


def no_number() -> float:
    return math.nan
