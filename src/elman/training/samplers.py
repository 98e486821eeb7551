"""Which examples each step reads: pass after pass over all of them, those of a length together.

Shapes: N examples, B rows of a batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

_SORTED_TOGETHER = 40  # batches' worth of examples, drawn at random, that are put in order


class BatchSampler(ABC):
    """The rows of every step, from the step's number alone: so a run can go on anywhere.

    Each pass reads every example once, in a new order. Examples of about the same length come
    together, so that little of a batch is padding; which do is drawn anew, and so is the order
    of the batches.

    Args:
        lengths: (N,) of the examples.
        steps: of one pass.
        seed: of the orders.
    """

    def __init__(self, lengths: np.ndarray[Any, Any], steps: int, seed: int) -> None:
        self.lengths = lengths
        self.steps = steps
        self.seed = seed
        self._pass = -1
        self._batches: list[np.ndarray[Any, Any]] = []

    def at(self, step: int) -> np.ndarray[Any, Any]:
        """The examples (B,) that a step reads."""
        number, position = divmod(step, self.steps)
        if number != self._pass:
            generator = np.random.default_rng([self.seed, number])
            batches = self._drawn(generator)
            self._batches = [batches[place] for place in generator.permutation(len(batches))]
            self._pass = number
        return self._batches[position]

    @abstractmethod
    def _drawn(self, generator: np.random.Generator) -> list[np.ndarray[Any, Any]]:
        """The batches of a pass, in any order."""


class BucketSampler(BatchSampler):
    """Batches of B examples each; the last one of a pass may have fewer.

    Args:
        lengths: (N,) of the examples.
        rows: B.
        seed: of the orders.
    """

    def __init__(self, lengths: np.ndarray[Any, Any], *, rows: int, seed: int) -> None:
        super().__init__(lengths, -(-len(lengths) // rows), seed)
        self.rows = rows

    def _drawn(self, generator: np.random.Generator) -> list[np.ndarray[Any, Any]]:
        order = generator.permutation(len(self.lengths))
        together = self.rows * _SORTED_TOGETHER
        parts = (order[start : start + together] for start in range(0, len(order), together))
        ordered = np.concatenate([part[np.argsort(self.lengths[part])] for part in parts])
        return [ordered[start : start + self.rows] for start in range(0, len(ordered), self.rows)]


class TokenBudgetSampler(BatchSampler):
    """Batches of about as many tokens each, padding among them: many short examples or few long.

    Args:
        lengths: (N,) of the examples.
        tokens: of a batch, at most; a longer example is alone.
        seed: of the orders.
    """

    def __init__(self, lengths: np.ndarray[Any, Any], *, tokens: int, seed: int) -> None:
        # Where one batch ends and the next begins depends on the lengths in order, and these are
        # the same in every pass; which of the examples of a length stands where is drawn.
        ordered = np.sort(lengths)[::-1]
        self._starts = [0]
        while (start := self._starts[-1]) < len(ordered):
            self._starts.append(start + max(1, tokens // max(1, int(ordered[start]))))
        self._starts.pop()
        super().__init__(lengths, len(self._starts), seed)

    def _drawn(self, generator: np.random.Generator) -> list[np.ndarray[Any, Any]]:
        order = np.lexsort((generator.random(len(self.lengths)), -self.lengths))
        return np.split(order, self._starts[1:])


def by_length(
    lengths: np.ndarray[Any, Any], rows: int, tokens: int
) -> Iterator[np.ndarray[Any, Any]]:
    """All examples in batches, the longest first: how they are read where order is no matter.

    Args:
        rows: of a batch, at most.
        tokens: of a batch, padding among them, at most; a longer example is alone.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        fitting = max(1, min(rows, tokens // max(1, int(lengths[order[start]]))))
        yield order[start : start + fitting]
        start += fitting
