"""Check the inputs of a describer: vectors and descriptions.

Shapes: N vectors, D vector size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.errors import InputError
from elman.tasks.inputs import as_texts, hashed, held_out
from elman.text.vectors import checked_vectors


class DescribedVectors(NamedTuple):
    """N vectors (N, D) and their descriptions, in memory."""

    vectors: npt.NDArray[np.float32]
    texts: Sequence[str]

    @property
    def content(self) -> str:
        """sha256 of vectors and texts, in hex."""
        digest = hashlib.sha256(self.vectors.tobytes()).hexdigest()
        return hashed([digest, list(self.vectors.shape), *self.texts])

    def chosen(self, mask: npt.NDArray[np.bool_]) -> DescribedVectors:
        """The rows where the mask (N,) is true."""
        texts = [text for text, keep in zip(self.texts, mask.tolist(), strict=True) if keep]
        return DescribedVectors(self.vectors[mask], texts)


def described(vectors: Any, descriptions: Any) -> DescribedVectors:
    """Check vectors (N, D) and their descriptions (N,).

    Raises:
        InputError: either is invalid, or their numbers differ.
    """
    rows = checked_vectors(vectors)
    texts = as_texts(descriptions, "descriptions")
    if len(rows) != len(texts):
        raise InputError(
            f"{len(rows):,} vectors, but {len(texts):,} descriptions",
            location="descriptions",
            hint="Give each vector one description.",
        )
    blank = next((number for number, text in enumerate(texts, 1) if not text.strip()), None)
    if blank is not None:
        raise InputError(
            f"number {blank} is empty", location="descriptions", hint="Write it, or leave it out."
        )
    return DescribedVectors(rows, [text.strip() for text in texts])


def split(examples: DescribedVectors, seed: int) -> tuple[DescribedVectors, DescribedVectors]:
    """Split into training and validation set.

    Raises:
        EmptyTextError: as in `held_out`.
    """
    is_valid = held_out(range(len(examples.texts)), seed)
    return examples.chosen(~is_valid), examples.chosen(is_valid)
