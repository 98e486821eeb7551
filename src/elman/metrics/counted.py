"""Metrics that are functions of summed counts, so that a bootstrap sample only sums counts.

Shapes: N rows of W counts each; in the bootstrap G distinct rows and S samples.
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
    """A metric over N rows, such as sentences.

    Attributes:
        compute: (..., W) sums of counts -> (...) scores.
        counts: (N, W).
    """

    compute: Callable[[Floats], Floats]
    counts: Integers

    def score(self) -> float:
        """The metric over all rows."""
        return float(self.compute(self.counts.sum(axis=0)))

    def interval(self, other: CountedMetric) -> tuple[float, float]:
        """The 95 % interval of this score less another one on the same rows.

        The bootstrap resamples rows: the words of a sentence depend on each other.
        """
        rows = np.concatenate([self.counts, other.counts], axis=1)
        interval = bootstrap_rows(rows, difference_of(self.compute, self.counts.shape[1]))
        return interval.low, interval.high


def fraction(counts: Floats) -> Floats:
    """(..., 2) sums of parts and of totals -> (...) fractions; 0 / 0 is 0."""
    part, total = np.moveaxis(counts, -1, 0)
    return np.asarray(part / np.maximum(total, 1))


def difference_of(
    metric: Callable[[Floats], Floats], width: int
) -> Callable[[Integers, Floats], Floats]:
    """For `bootstrap_rows`: the difference of a metric between two systems.

    Each row holds the counts of both, (N, 2 width).
    """

    def difference(kinds: Integers, drawn: Floats) -> Floats:
        sums = drawn @ kinds
        return metric(sums[:, :width]) - metric(sums[:, width:])

    return difference
