"""Statistics of a data set in little memory: lengths and duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping


@dataclass(frozen=True)
class Lengths:
    """The distribution of the lengths of texts, in words or characters.

    Attributes:
        median: the 50th percentile.
        long: the 95th percentile.
        longest: the maximum.
    """

    median: int
    long: int
    longest: int

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Self:
        """The distribution of lengths; `counts` maps each length to its number of texts."""
        return cls(percentile(counts, 50), percentile(counts, 95), max(counts))


def hash_of(content: str | bytes) -> int:
    """A 64-bit hash of a text or of bytes; collisions within a data set are unlikely."""
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    return int.from_bytes(blake2b(content, digest_size=8).digest())


def missing_in(known: Counter[str], others: Counter[str]) -> dict[str, int]:
    """The labels of `others` that `known` lacks, with their counts, the commonest first."""
    return {label: count for label, count in others.most_common() if label not in known}


def percentile(lengths: Mapping[int, int], percent: float) -> int:
    """The least length that `percent` percent of the texts do not exceed.

    Args:
        lengths: maps each length to its number of texts.
        percent: from 0 to 100.
    """
    values = sorted(lengths)
    reached = np.cumsum([lengths[value] for value in values])
    return values[int(np.searchsorted(reached, percent * reached[-1] / 100))]
