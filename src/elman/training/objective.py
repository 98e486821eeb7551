"""The interface between the trainer and a task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor, nn


class Objective(Protocol):
    """A network with its training and validation loss."""

    @property
    def network(self) -> nn.Module:
        """To be trained."""

    def loss(self, step: int) -> tuple[Tensor, int]:
        """The mean loss of a step's batch and its number of tokens; determined by the step."""

    def validate(self) -> float:
        """The mean loss on the validation text."""

    def state_tensors(self) -> Iterator[Tensor]:
        """The tensors, besides the weights, that a step hands to the next one."""

    def load_state_tensors(self, tensors: Iterator[Tensor]) -> None:
        """Restore what `state_tensors` returned."""
