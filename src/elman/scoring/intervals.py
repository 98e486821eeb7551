"""How sure a difference is: the paired block bootstrap.

Two models are compared on the same symbols, so it is the differences, symbol by symbol, that are
drawn again with replacement (Efron 1979). Neighbours depend on each other, so they are drawn in
blocks of neighbours (Künsch 1989). The blocks wrap around the end (Politis and Romano 1992):
without that the first and last symbols would be drawn too seldom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.errors import SettingError

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.floating[Any] | np.integer[Any] | np.bool_]


class Interval(NamedTuple):
    """A difference's mean and the interval around it, in the unit of what was compared."""

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
        a, b: (N,) a figure for each symbol or word under either model, in the order of the text.
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
        raise SettingError(f"{block} is not within 1..{a.size}", place="block")
    if samples < 1:
        raise SettingError(f"{samples} draws are too few", place="samples")
    if not 0 < level < 1:
        raise SettingError(f"{level} is not between 0 and 1", place="level")

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
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), float(differences.mean()))
