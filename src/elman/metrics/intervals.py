"""How sure a difference is: the paired bootstrap, in blocks or in rows.

Two models are compared on the same tokens, so it is the differences, token by token, that are
drawn again with replacement (Efron 1979). Neighbours depend on each other, so they are drawn in
blocks of neighbours (Künsch 1989). The blocks wrap around the end (Politis and Romano 1992):
without that the first and last tokens would be drawn too seldom.

Rows, such as texts or sentences, stand for themselves, and a figure that is no mean of theirs,
such as F1, is computed anew of each draw.
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


AT_ONCE = 4_000_000  # numbers drawn at once: 32 MB


class Interval(NamedTuple):
    """A difference as found and the interval around it, in the unit of what was compared."""

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
        a, b: (N,) a figure for each token or word under either model, in the order of the text.
        block: neighbours drawn together: longer than the dependence, far shorter than N.
        samples: how often to draw.
        seed: the same seed draws the same blocks.
        level: the share of the draws inside the interval.

    Raises:
        ValueError: a and b are not one dimension of the same length, at least 1.
        SettingError: block is outside 1..N, samples less than 1, or level not between 0 and 1.
    """
    if a.ndim != 1 or a.shape != b.shape or a.size == 0:
        raise ValueError(f"expected two equal lengths, found shapes {a.shape} and {b.shape}")
    if not 1 <= block <= a.size:
        raise SettingError(f"{block} is not within 1..{a.size}", location="block")
    _check(samples, level)
    differences = a.astype(np.float64) - b.astype(np.float64)
    wrapped = np.concatenate([[0.0], differences, differences[: block - 1]])
    sums = wrapped.cumsum()  # any block's sum is the difference of two of these
    blocks, rest = divmod(differences.size, block)
    generator = np.random.default_rng(seed)
    means = np.empty(samples)
    # One draw at a time: all of them at once would be samples * N / block numbers in memory.
    for sample in range(samples):
        starts = generator.integers(0, differences.size, size=blocks + 1)
        whole, part = starts[:-1], starts[-1]  # the last block is cut, so that N are drawn
        total = (sums[whole + block] - sums[whole]).sum() + sums[part + rest] - sums[part]
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
    """The percentile interval of any difference that depends on which rows there are.

    Rows that are equal are of one kind. What is drawn is how often each kind occurs, from the
    multinomial distribution: the same as drawing rows, with far fewer numbers.

    Args:
        rows: (N, R) all that `difference` needs to know of each row.
        difference: from (G, R) kinds of rows and (S, G) how often each occurs in S draws to the
            (S,) differences.
        samples: how often to draw.
        seed: the same seed draws the same rows.
        level: the share of the draws inside the interval.

    Raises:
        ValueError: rows are not two dimensions with at least one row.
        SettingError: samples is less than 1, or level not between 0 and 1.
    """
    if rows.ndim != 2 or len(rows) == 0:
        raise ValueError(f"expected at least one row, found shape {rows.shape}")
    _check(samples, level)
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    at_once = max(1, AT_ONCE // len(kinds))
    found = [
        difference(kinds, generator.multinomial(len(rows), counts / len(rows), size=size) * 1.0)
        for size in [at_once] * (samples // at_once) + [samples % at_once]
        if size
    ]
    return _interval(np.concatenate(found), level, difference(kinds, counts[None] * 1.0)[0])


def _check(samples: int, level: float) -> None:
    if samples < 1:
        raise SettingError(f"{samples} draws are too few", location="samples")
    if not 0 < level < 1:
        raise SettingError(f"{level} is not between 0 and 1", location="level")


def _interval(drawn: Floats, level: float, mean: float) -> Interval:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), float(mean))
