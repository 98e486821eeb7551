"""Texts of different lengths without padding, in the order in which a program reads them.

Shapes: B texts, T the longest, N tokens of all texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Packing:
    """Where the tokens of texts are among tokens packed by time: the first of each text, then the
    second of each that has one, and so on, longer texts first.

    Attributes:
        order: (B,) the index of each text, the longest first.
        rows_at: (T,) how many texts have a token at each time.
        positions: (N,) the index of each packed token where one text follows another.
    """

    order: Indices
    rows_at: list[int]
    positions: Indices

    @classmethod
    def of(cls, lengths: npt.NDArray[Any], *, backward: bool = False) -> Self:
        """The packing of texts.

        Args:
            lengths: (B,) tokens of each text.
            backward: whether each text is read from its last token.
        """
        lengths = np.asarray(lengths, dtype=np.int64)
        order = np.argsort(-lengths, kind="stable")
        sorted_lengths = lengths[order]
        longest = int(sorted_lengths[0]) if len(lengths) else 0
        rows_at = np.searchsorted(-sorted_lengths, -np.arange(longest), side="left")
        time = np.repeat(np.arange(longest), rows_at)
        first = np.cumsum(rows_at) - rows_at
        row = order[np.arange(len(time)) - np.repeat(first, rows_at)]
        offset = lengths[row] - 1 - time if backward else time
        starts = np.cumsum(lengths) - lengths
        return cls(order, rows_at.tolist(), starts[row] + offset)
