"""Lengths and repetitions counted in little memory, for a first look at data."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Lengths:
    """Of texts, in words or characters.

    Attributes:
        long: the 95th percentile.
    """

    median: int
    long: int
    longest: int

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Self:
        """Of lengths, each with how many texts have it."""
        return cls(percentile(counts, 50), percentile(counts, 95), max(counts))


def hash_of(content: str | bytes) -> int:
    """64 bits that no two texts (or rows of bytes) of a data set are likely to share."""
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    return int.from_bytes(blake2b(content, digest_size=8).digest())


def percentile(lengths: Mapping[int, int], percent: float) -> int:
    """The least length that so many percent do not exceed; `lengths` maps each to its count."""
    values = sorted(lengths)
    reached = np.cumsum([lengths[value] for value in values])
    return values[int(np.searchsorted(reached, percent * reached[-1] / 100))]
