"""Objectives of a reader: a class for each text, a tag for each word, or the word to come.

Shapes: N examples, B rows of a batch, T time, K classes or tags.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, nn

from elman.training.dataset import Dataset
from elman.training.precision import fast_products
from elman.training.samplers import BatchSampler


class ExampleObjective(ABC):
    """Pass after pass over examples; nothing is carried from step to step but the weights.

    Args:
        examples: to learn from; valid: to choose the best weights by.
        passes: which of the examples each step reads, and how long they are.
    """

    def __init__(
        self, network: nn.Module, examples: Dataset, valid: Dataset, passes: BatchSampler
    ) -> None:
        self.network = network
        self.examples = examples
        self.valid = valid
        self.passes = passes
        self.device = next(network.parameters()).device

    def loss(self, step: int) -> tuple[Tensor, int]:
        """The mean loss of a step's batch, and how many tokens it read."""
        chosen = self.passes.at(step)
        padded = self.examples.collate(chosen)
        with fast_products(self.device):
            return self._loss(padded, chosen), int(self.passes.lengths[chosen].sum())

    @abstractmethod
    def _loss(self, padded: Any, chosen: np.ndarray[Any, Any]) -> Tensor:
        """Of the examples chosen (B,)."""

    @abstractmethod
    def validate(self) -> float:
        """The mean loss of the validation examples."""

    def carried(self) -> Iterator[Tensor]:
        """Nothing: every text is read from its beginning."""
        return iter(())

    def carry(self, tensors: Iterator[Tensor]) -> None:  # noqa: B027
        """There is nothing to put back."""
