"""A first look at vectors with descriptions: how many, how wide, how long, how clean.

Shapes: N vectors of D numbers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.console.inspection import spread
from elman.data.stats import Lengths, hash_of
from elman.tasks.inspection import ExamplesInspection, ValidationCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from elman.text.vectors import VectorSource


@dataclass(frozen=True)
class VectorsInspection(ExamplesInspection):
    """What a look at vectors with descriptions found.

    Attributes:
        vectors: different ones.
        width: D, numbers in a vector.
        least, greatest: of all numbers.
        never_vary: how many of the D numbers are the same in every vector.
        descriptions: different ones.
        ambiguous_vectors: vectors that stand in several rows with different descriptions.
    """

    rows: int
    vectors: int
    width: int
    least: float
    greatest: float
    never_vary: int
    descriptions: int
    words: Lengths
    characters: Lengths
    ambiguous_vectors: int

    @property
    def can_be_learned(self) -> bool:
        """Whether there are vectors to tell apart."""
        return self.vectors > 1

    def show(self, looks: str) -> None:
        rows = [
            ("vectors", f"{self.rows:,}"),
            ("different vectors", f"{self.vectors:,}"),
            ("numbers a vector", f"{self.width:,}, from {self.least:g} to {self.greatest:g}"),
            ("numbers that never vary", f"{self.never_vary:,}"),
            ("different descriptions", f"{self.descriptions:,}"),
            ("words a description", spread(self.words)),
            ("characters a description", spread(self.characters)),
            ("duplicate rows", f"{self.duplicates:,}"),
            ("vectors described in several ways", f"{self.ambiguous_vectors:,}"),
        ]
        self.show_list("vectors", rows)
        notes = []
        if not self.can_be_learned:
            notes.append("all vectors are the same; two or more are needed.")
        self.show_notes("vectors", notes)
        print(f"\n{looks} vectors with a text each: a describer.")


def inspect_source(source: VectorSource, valid: VectorSource | None = None) -> VectorsInspection:
    """Read vectors and describe them, and what of them stands in `valid` as well.

    Raises:
        MissingFileError, EmptyTextError, InputError: they cannot be read.
    """
    vectors, descriptions = source.rows()
    first: dict[int, str] = {}  # the description that each vector has first
    ambiguous: set[int] = set()
    pairs: set[tuple[int, str]] = set()
    for vector, description in zip(_hashes(vectors), descriptions, strict=True):
        if first.setdefault(vector, description) != description:
            ambiguous.add(vector)
        pairs.add((vector, description))
    check = None
    if valid is not None:
        others, _ = valid.rows()
        in_both = sum(vector in first for vector in _hashes(others))
        check = ValidationCheck(len(others), in_both, valid.skipped)
    least, greatest = vectors.min(axis=0), vectors.max(axis=0)
    return VectorsInspection(
        rows=len(vectors),
        vectors=len(first),
        width=vectors.shape[1],
        least=float(least.min()),
        greatest=float(greatest.max()),
        never_vary=int((least == greatest).sum()),
        descriptions=len(set(descriptions)),
        words=Lengths.of(Counter(len(text.split()) for text in descriptions)),
        characters=Lengths.of(Counter(map(len, descriptions))),
        duplicates=len(vectors) - len(pairs),
        ambiguous_vectors=len(ambiguous),
        skipped=source.skipped,
        valid=check,
    )


def _hashes(vectors: NDArray[np.float32]) -> Iterator[int]:
    """Of each of N vectors; 0 and -0 are the same number, though not the same bytes."""
    return (hash_of((vector + 0.0).tobytes()) for vector in vectors)
