"""The base class of objectives on independent examples.

Shapes: N examples, B rows of a batch, T time, K classes or tags.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, nn

from elman.training.dataset import Dataset, TokenDataset
from elman.training.precision import fast_products
from elman.training.samplers import BatchSampler, BucketSampler


class ExampleObjective(ABC):
    """Epochs over examples; no state is carried from step to step.

    Args:
        network: to be trained.
        examples: the training examples.
        valid: the validation examples.
        sampler: the batch of each step.
    """

    def __init__(
        self, network: nn.Module, examples: Dataset, valid: Dataset, sampler: BatchSampler
    ) -> None:
        self.network = network
        self.examples = examples
        self.valid = valid
        self.sampler = sampler
        self.device = next(network.parameters()).device

    def loss(self, step: int) -> tuple[Tensor, int]:
        """The mean loss of a step's batch, and its number of tokens."""
        chosen = self.sampler.at(step)
        padded = self.examples.collate(chosen)
        with fast_products(self.device):
            return self._loss(padded, chosen), int(self.sampler.lengths[chosen].sum())

    @abstractmethod
    def _loss(self, padded: Any, chosen: np.ndarray[Any, Any]) -> Tensor:
        """The mean loss of a batch; `chosen` (B,) are the indices of its examples."""

    @abstractmethod
    def validate(self) -> float:
        """The mean loss of the validation examples."""

    def state_tensors(self) -> Iterator[Tensor]:
        """Empty: every example starts from the initial state."""
        return iter(())

    def load_state_tensors(self, tensors: Iterator[Tensor]) -> None:  # noqa: B027
        """Nothing to restore."""


class TokenObjective(ExampleObjective):
    """Epochs over token sequences, in batches of similar lengths.

    Args:
        network: to be trained.
        examples: the training examples.
        valid: the validation examples.
        batch_size: B.
        seed: of the order of the examples.
    """

    valid: TokenDataset

    def __init__(
        self,
        network: nn.Module,
        examples: TokenDataset,
        valid: TokenDataset,
        *,
        batch_size: int,
        seed: int,
    ) -> None:
        sampler = BucketSampler(examples.lengths, batch_size=batch_size, seed=seed)
        super().__init__(network, examples, valid, sampler)
