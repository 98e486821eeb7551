"""Which examples each step reads: pass after pass over all of them, those of a length together.

Shapes: N examples, B rows of a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

_SORTED_TOGETHER = 40  # batches' worth of examples, drawn at random, that are put in order


class Passes:
    """The rows of every step, from the step's number alone: so a run can go on anywhere.

    Each pass reads every example once, in a new order. Examples of about the same length come
    together, so that little of a batch is padding; which do is drawn anew, and so is the order
    of the batches.

    Args:
        lengths: (N,) of the examples.
        rows: B; the last batch of a pass may have fewer.
        seed: of the orders.
    """

    def __init__(self, lengths: np.ndarray[Any, Any], *, rows: int, seed: int) -> None:
        self.lengths = lengths
        self.rows = rows
        self.seed = seed
        self.steps = -(-len(lengths) // rows)  # of one pass
        self._pass = -1
        self._batches: list[np.ndarray[Any, Any]] = []

    def at(self, step: int) -> np.ndarray[Any, Any]:
        """The examples (B,) that a step reads."""
        number, position = divmod(step, self.steps)
        if number != self._pass:
            self._pass, self._batches = number, self._drawn(number)
        return self._batches[position]

    def _drawn(self, number: int) -> list[np.ndarray[Any, Any]]:
        generator = np.random.default_rng([self.seed, number])
        order = generator.permutation(len(self.lengths))
        together = self.rows * _SORTED_TOGETHER
        parts = (order[start : start + together] for start in range(0, len(order), together))
        ordered = np.concatenate([part[np.argsort(self.lengths[part])] for part in parts])
        batches = [
            ordered[start : start + self.rows] for start in range(0, len(ordered), self.rows)
        ]
        return [batches[place] for place in generator.permutation(len(batches))]


def by_length(
    lengths: np.ndarray[Any, Any], rows: int, symbols: int
) -> Iterator[np.ndarray[Any, Any]]:
    """All examples in batches, the longest first: how they are read where order is no matter.

    Args:
        rows: of a batch, at most.
        symbols: of a batch, padding among them, at most; a longer example is alone.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        fitting = max(1, min(rows, symbols // max(1, int(lengths[order[start]]))))
        yield order[start : start + fitting]
        start += fitting
