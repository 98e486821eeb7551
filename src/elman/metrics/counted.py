"""Scores that are computed from counts, added up over rows: that is all a redrawn text needs.

Shapes: N rows, of W counts each; in the bootstrap G kinds of rows and S draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.metrics.intervals import bootstrap_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Integers = npt.NDArray[np.integer[Any]]
    Floats = npt.NDArray[np.floating[Any]]


class CountedMetric(NamedTuple):
    """A score of N rows, such as sentences.

    Attributes:
        of: (..., W) sums of counts -> (...) scores.
        counts: (N, W) of each row.
    """

    of: Callable[[Floats], Floats]
    counts: Integers

    def score(self) -> float:
        return float(self.of(self.counts.sum(axis=0)))

    def interval(self, other: CountedMetric) -> tuple[float, float]:
        """The 95 % interval of this score less the other's, of the same rows.

        Rows are drawn, not what is counted: the words of a sentence depend on each other.
        """
        rows = np.concatenate([self.counts, other.counts], axis=1)
        found = bootstrap_rows(rows, difference_of(self.of, self.counts.shape[1]))
        return found.low, found.high


def share(counts: Floats) -> Floats:
    """(..., 2) sums of parts and of wholes -> (...) the shares; 0 / 0 is 0."""
    part, whole = np.moveaxis(counts, -1, 0)
    return np.asarray(part / np.maximum(whole, 1))


def difference_of(
    figure: Callable[[Floats], Floats], width: int
) -> Callable[[Integers, Floats], Floats]:
    """For `bootstrap_rows`: a figure's difference between two systems.

    Each row holds the counts of either, side by side: (N, 2 width).
    """

    def difference(kinds: Integers, drawn: Floats) -> Floats:
        sums = drawn @ kinds
        return figure(sums[:, :width]) - figure(sums[:, width:])

    return difference
