"""Lengths and repetitions counted in little memory, for a first look at data."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


def hash_of(text: str) -> int:
    """64 bits that no two texts of a data set are likely to share."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


def percentile(lengths: Mapping[int, int], percent: float) -> int:
    """The least length that so many percent do not exceed; `lengths` maps each to its count."""
    values = sorted(lengths)
    reached = np.cumsum([lengths[value] for value in values])
    return values[int(np.searchsorted(reached, percent * reached[-1] / 100))]
