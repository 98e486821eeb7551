"""The many forms in which pairs of a source and its target can be given.

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
"""A source of pairs, a table (Path), or the sources: texts, or a file of one a line, that come
with their targets in the same form."""


class TextPairs(NamedTuple):
    """N sources and their targets, in memory.

    Attributes:
        name: where they are from, for messages.
    """

    sources: list[str]
    targets: list[str]
    name: str = "sources"

    @property
    def content(self) -> str:
        """sha256 in hex of all of them."""
        return hashed(self.rows)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Each source with its target."""
        return list(zip(self.sources, self.targets, strict=True))

    def chosen(self, places: npt.NDArray[Any]) -> TextPairs:
        """Some of them."""
        picked = places.tolist()
        return self._replace(
            sources=[self.sources[i] for i in picked], targets=[self.targets[i] for i in picked]
        )


def pair_source(sources: Any, targets: Any = None) -> PairSource:
    """What `fit` and `score` take, as a source.

    Raises:
        InputError: targets are missing, or do not go with the sources.
    """
    if isinstance(sources, PairSource | os.PathLike) and targets is None:
        return sources if isinstance(sources, PairSource) else PairSource(TextSource([sources]))
    if isinstance(sources, os.PathLike) and isinstance(targets, os.PathLike):
        return PairSource(TextSource([sources, targets]))
    apart = isinstance(sources, PairSource | os.PathLike) or isinstance(targets, os.PathLike)
    if apart or not isinstance(sources, Iterable) or not isinstance(targets, Iterable):
        raise InputError(
            "sources and targets are to be of one form",
            location="targets",
            hint="Give two files, or two lists of texts.",
        )
    return PairSource.from_pairs(sources, targets)


def read_pairs(source: PairSource, progress: ProgressCallback | None = None) -> TextPairs:
    """All pairs of a source.

    Raises:
        InputError: where they cannot be read, or there are none.
    """
    found = TextPairs([], [], source.name)
    for pair in source.pairs(progress_counter(progress, "reading", source.size)):
        found.sources.append(pair.source)
        found.targets.append(pair.target)
    return found


def split(pairs: TextPairs, seed: int) -> tuple[TextPairs, TextPairs]:
    """What to learn from, and what is held out.

    Raises:
        EmptyTextError: as `held_out`.
    """
    held = held_out(pairs.sources, seed, pairs.name)
    return pairs.chosen(np.flatnonzero(~held)), pairs.chosen(np.flatnonzero(held))
