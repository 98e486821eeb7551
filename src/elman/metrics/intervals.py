"""Confidence intervals of differences: the paired bootstrap over blocks or rows.

Two models are compared on the same tokens, so the bootstrap resamples the differences of each token
(Efron 1979). Adjacent tokens depend on each other, so it resamples blocks (Künsch 1989), which wrap
around the end (Politis and Romano 1992): otherwise the first and last tokens would be drawn too
seldom.

Rows, such as texts or sentences, are independent; a metric that is not a mean, such as F1, is
computed for each sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Integers = npt.NDArray[np.integer[Any]]
    Floats = npt.NDArray[np.floating[Any]]
    Values = npt.NDArray[np.floating[Any] | np.integer[Any] | np.bool_]


MAX_DRAWN = 4_000_000  # numbers drawn in one call: 32 MB


class Interval(NamedTuple):
    """A difference (`mean`) and its interval, in the unit of the metric."""

    low: float
    high: float
    mean: float


def bootstrap_difference(
    a: Values,
    b: Values,
    *,
    block: int,
    samples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """The percentile interval of mean(a) - mean(b).

    Args:
        a, b: (N,) the metric of each token or word under the two models, in the order of the text.
        block: the tokens of a block: more than the range of dependence, far fewer than N.
        samples: the number of bootstrap samples.
        seed: determines the samples.
        level: the confidence level, 0 to 1.

    Raises:
        ValueError: a and b are not one-dimensional, of equal length and at least 1.
        SettingError: block is outside 1..N, samples less than 1, or level not between 0 and 1.
    """
    if a.ndim != 1 or a.shape != b.shape or a.size == 0:
        raise ValueError(f"expected two equal lengths, found shapes {a.shape} and {b.shape}")
    if not 1 <= block <= a.size:
        raise SettingError(f"{block} is not within 1..{a.size}", location="block")
    _check(samples, level)
    differences = a.astype(np.float64) - b.astype(np.float64)
    wrapped = np.concatenate([[0.0], differences, differences[: block - 1]])
    sums = wrapped.cumsum()  # the sum of a block is the difference of two of these
    blocks, remainder = divmod(differences.size, block)
    generator = np.random.default_rng(seed)
    means = np.empty(samples)
    # One sample at a time: all together need samples * N / block numbers of memory.
    for sample in range(samples):
        starts = generator.integers(0, differences.size, size=blocks + 1)
        whole, part = starts[:-1], starts[-1]  # the last block is shorter, so that N are drawn
        total = (sums[whole + block] - sums[whole]).sum() + sums[part + remainder] - sums[part]
        means[sample] = total / differences.size
    return _interval(means, level, differences.mean())


def bootstrap_rows(
    rows: Integers,
    difference: Callable[[Integers, Floats], Floats],
    *,
    samples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """The percentile interval of a difference that is a function of the sampled rows.

    The counts of distinct rows are drawn from the multinomial distribution: equivalent to drawing
    rows, with far fewer numbers.

    Args:
        rows: (N, R) the input of `difference` for each row.
        difference: from (G, R) distinct rows and (S, G) their counts in S samples to the (S,)
            differences.
        samples: the number of bootstrap samples.
        seed: determines the samples.
        level: the confidence level, 0 to 1.

    Raises:
        ValueError: rows is not two-dimensional with at least one row.
        SettingError: samples is less than 1, or level not between 0 and 1.
    """
    if rows.ndim != 2 or len(rows) == 0:
        raise ValueError(f"expected at least one row, found shape {rows.shape}")
    _check(samples, level)
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    chunk = max(1, MAX_DRAWN // len(distinct))
    differences = [
        difference(distinct, generator.multinomial(len(rows), counts / len(rows), size=size) * 1.0)
        for size in [chunk] * (samples // chunk) + [samples % chunk]
        if size
    ]
    return _interval(
        np.concatenate(differences), level, difference(distinct, counts[None] * 1.0)[0]
    )


def _check(samples: int, level: float) -> None:
    if samples < 1:
        raise SettingError(f"{samples} draws are too few", location="samples")
    if not 0 < level < 1:
        raise SettingError(f"{level} is not between 0 and 1", location="level")


def _interval(drawn: Floats, level: float, mean: float) -> Interval:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), float(mean))
