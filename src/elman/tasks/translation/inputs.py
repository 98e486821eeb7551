"""Convert the inputs of a translator to pairs of source and target.

Shapes: N pairs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.errors import InputError
from elman.tasks.inputs import hashed, held_out
from elman.text.files import TextSource
from elman.text.pairs import PairSource
from elman.text.progress import ProgressCallback, progress_counter

Pairs = PairSource | os.PathLike[str] | Sequence[str]
"""A `PairSource`, a table (Path), or one side of the pairs: texts, or a file with one a line."""


class TextPairs(NamedTuple):
    """N sources and their targets, in memory.

    Attributes:
        sources, targets: (N,) texts.
        name: location for messages.
    """

    sources: list[str]
    targets: list[str]
    name: str = "sources"

    @property
    def content(self) -> str:
        """sha256 of all pairs, in hex."""
        return hashed(self.rows)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Each source with its target."""
        return list(zip(self.sources, self.targets, strict=True))

    def chosen(self, indices: npt.NDArray[Any]) -> TextPairs:
        """The pairs with these indices."""
        rows = indices.tolist()
        return self._replace(
            sources=[self.sources[row] for row in rows], targets=[self.targets[row] for row in rows]
        )


def pair_source(sources: Any, targets: Any = None) -> PairSource:
    """Convert the arguments of `fit` and `score` to a source of pairs.

    Raises:
        InputError: targets are missing, or of another form than the sources.
    """
    if isinstance(sources, PairSource | os.PathLike) and targets is None:
        return sources if isinstance(sources, PairSource) else PairSource(TextSource([sources]))
    if isinstance(sources, os.PathLike) and isinstance(targets, os.PathLike):
        return PairSource(TextSource([sources, targets]))
    is_mixed = isinstance(sources, PairSource | os.PathLike) or isinstance(targets, os.PathLike)
    if is_mixed or not isinstance(sources, Iterable) or not isinstance(targets, Iterable):
        raise InputError(
            "sources and targets must have the same form",
            location="targets",
            hint="Give two files, or two lists of texts.",
        )
    return PairSource.from_pairs(sources, targets)


def read_pairs(source: PairSource, progress: ProgressCallback | None = None) -> TextPairs:
    """Read all pairs into memory.

    Raises:
        InputError: they cannot be read, or there are none.
    """
    pairs = TextPairs([], [], source.name)
    for pair in source.pairs(progress_counter(progress, "reading", source.size)):
        pairs.sources.append(pair.source)
        pairs.targets.append(pair.target)
    return pairs


def split(pairs: TextPairs, seed: int) -> tuple[TextPairs, TextPairs]:
    """Split into training and validation set.

    Raises:
        EmptyTextError: as in `held_out`.
    """
    is_valid = held_out(pairs.sources, seed, pairs.name)
    return pairs.chosen(np.flatnonzero(~is_valid)), pairs.chosen(np.flatnonzero(is_valid))
