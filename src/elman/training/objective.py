"""What the loop needs to know of an application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor, nn


class Objective(Protocol):
    """A network, what it is to learn, and how well it has."""

    @property
    def network(self) -> nn.Module:
        """What learns."""

    def loss(self, step: int) -> tuple[Tensor, int]:
        """A step's mean loss, and how many tokens it read; the same for the same step."""

    def validate(self) -> float:
        """The mean loss on the validation text."""

    def carried(self) -> Iterator[Tensor]:
        """The tensors that pass from step to step besides the weights."""

    def carry(self, tensors: Iterator[Tensor]) -> None:
        """Put back what `carried` gave."""
