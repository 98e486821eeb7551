"""Batch samplers: epochs over all examples, bucketed by length.

Shapes: N examples, B rows of a batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

_BATCHES_A_BUCKET = 40  # batches drawn at random and sorted by length together


class BatchSampler(ABC):
    """The examples of each step, determined by its number, so that a run can resume at any step.

    Each epoch reads every example once, in a new random order. The examples of a batch have about
    the same length, which saves padding.

    Args:
        lengths: (N,) of the examples.
        steps_per_epoch: the batches of one epoch.
        seed: of the random orders.
    """

    def __init__(self, lengths: np.ndarray[Any, Any], steps_per_epoch: int, seed: int) -> None:
        self.lengths = lengths
        self.steps_per_epoch = steps_per_epoch
        self.seed = seed
        self._epoch = -1
        self._batches: list[np.ndarray[Any, Any]] = []

    def at(self, step: int) -> np.ndarray[Any, Any]:
        """The indices (B,) of the examples of a step."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            generator = np.random.default_rng([self.seed, epoch])
            batches = self._draw_batches(generator)
            self._batches = [batches[index] for index in generator.permutation(len(batches))]
            self._epoch = epoch
        return self._batches[position]

    @abstractmethod
    def _draw_batches(self, generator: np.random.Generator) -> list[np.ndarray[Any, Any]]:
        """The batches of an epoch, in any order."""


class BucketSampler(BatchSampler):
    """Batches of B examples each; the last one of an epoch may have fewer.

    Args:
        lengths: (N,) of the examples.
        batch_size: B.
        seed: of the random orders.
    """

    def __init__(self, lengths: np.ndarray[Any, Any], *, batch_size: int, seed: int) -> None:
        super().__init__(lengths, -(-len(lengths) // batch_size), seed)
        self.batch_size = batch_size

    def _draw_batches(self, generator: np.random.Generator) -> list[np.ndarray[Any, Any]]:
        order = generator.permutation(len(self.lengths))
        bucket = self.batch_size * _BATCHES_A_BUCKET
        buckets = (order[start : start + bucket] for start in range(0, len(order), bucket))
        ordered = np.concatenate([each[np.argsort(self.lengths[each])] for each in buckets])
        return [
            ordered[start : start + self.batch_size]
            for start in range(0, len(ordered), self.batch_size)
        ]


class TokenBudgetSampler(BatchSampler):
    """Batches of about equal numbers of tokens, with padding: many short examples or few long.

    Args:
        lengths: (N,) of the examples.
        tokens_per_batch: with padding, at most; a longer example has a batch to itself.
        seed: of the random orders.
    """

    def __init__(self, lengths: np.ndarray[Any, Any], *, tokens_per_batch: int, seed: int) -> None:
        # The boundaries depend on the sorted lengths, which are equal in every epoch; the order of
        # examples of equal length is random.
        ordered = np.sort(lengths)[::-1]
        self._starts = [0]
        while (start := self._starts[-1]) < len(ordered):
            self._starts.append(start + max(1, tokens_per_batch // max(1, int(ordered[start]))))
        self._starts.pop()
        super().__init__(lengths, len(self._starts), seed)

    def _draw_batches(self, generator: np.random.Generator) -> list[np.ndarray[Any, Any]]:
        order = np.lexsort((generator.random(len(self.lengths)), -self.lengths))
        return np.split(order, self._starts[1:])


def by_length(
    lengths: np.ndarray[Any, Any], batch_size: int, tokens_per_batch: int
) -> Iterator[np.ndarray[Any, Any]]:
    """Batches of all examples, the longest first, for inference.

    Args:
        lengths: (N,) of the examples.
        batch_size: examples of a batch, at most.
        tokens_per_batch: with padding, at most; a longer example has a batch to itself.

    Yields:
        The indices (B,) of the examples of each batch.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, min(batch_size, tokens_per_batch // max(1, int(lengths[order[start]]))))
        yield order[start : start + size]
        start += size
