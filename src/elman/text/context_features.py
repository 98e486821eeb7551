"""Hashed features of words in context, for a sparse linear model of their tags.

The features are those that linear-chain models of parts of speech and of names use: the word, its
prefixes, suffixes and shape, the words around it and their shapes, and pairs of neighbours
(L. Ratinov, D. Roth, 'Design Challenges and Misconceptions in Named Entity Recognition', 2009,
section 2; A. Ratnaparkhi, 'A Maximum Entropy Model for Part-Of-Speech Tagging', 1996, table 1). A
feature is a text such as 'word[-1]=new', and is known by its hash (K. Weinberger et al., 'Feature
Hashing for Large Scale Multitask Learning', 2009). Neighbours beyond the ends of a sentence are the
empty word.

Shapes: T words of a sentence, F features of a word.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.text.subword_hashing import shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

REACH = 2
"""Neighbours on either side whose word and shape are features."""

NEIGHBOURS = [offset for offset in range(-REACH, REACH + 1) if offset]
"""Where they stand, from the word."""

PADDING = [""] * REACH
"""The words beyond an end of a sentence."""

AFFIXES = 4
"""The longest prefix and suffix in characters."""

FEATURES = 2 * (2 * REACH + 1) + 2 * AFFIXES + 4
"""F, the features of each word."""


def features_of(words: Sequence[str]) -> list[list[str]]:
    """The features (T, F) of each word of a sentence, as texts."""
    padded = [*PADDING, *(word.lower() for word in words), *PADDING]
    shapes = [shape(word) for word in (*PADDING, *words, *PADDING)]
    rows = []
    for place in range(REACH, len(words) + REACH):
        row = own_features(padded[place], shapes[place])
        for offset in NEIGHBOURS:
            row += neighbour_features(offset, padded[place + offset], shapes[place + offset])
        rows.append(
            row + pair_features(*(each[place - 1 : place + 2] for each in (padded, shapes)))
        )
    return rows


def own_features(word: str, form: str) -> list[str]:
    """The features of a word itself, from its lower case and its shape."""
    affixes = [
        text
        for length in range(1, AFFIXES + 1)
        for text in (f"prefix{length}={word[:length]}", f"suffix{length}={word[-length:]}")
    ]
    return [f"word[0]={word}", f"shape[0]={form}", *affixes]


def neighbour_features(offset: int, word: str, form: str) -> list[str]:
    """The features that a word gives to another, which stands `offset` words before it."""
    return [f"word[{offset}]={word}", f"shape[{offset}]={form}"]


def pair_features(words: Sequence[str], shapes: Sequence[str]) -> list[str]:
    """The features of a word and the one before, and of a word and the one after, from these three
    words and their shapes."""
    return [
        f"words[-1]={words[0]} {words[1]}",
        f"words[1]={words[1]} {words[2]}",
        f"shapes[-1]={shapes[0]} {shapes[1]}",
        f"shapes[1]={shapes[1]} {shapes[2]}",
    ]


def hashed(feature: str) -> int:
    """The CRC-32 of a feature's UTF-8 bytes, 0 to below 2**32."""
    return zlib.crc32(feature.encode("utf-8", "replace"))


class ContextHasher:
    """The hashes of the features of sentences; what repeats is hashed once."""

    def __init__(self) -> None:
        self._forms: dict[str, tuple[str, str, NDArray[np.int64]]] = {}
        self._pairs: dict[tuple[str, ...], list[int]] = {}

    def rows(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The hashes (T, F) of the features of each word, in the order of `features_of`."""
        forms = [self._form(word) for word in (*PADDING, *words, *PADDING)]
        hashes = np.stack([each[2] for each in forms])
        lower, shapes = [each[0] for each in forms], [each[1] for each in forms]
        count, own = len(words), 2 + 2 * AFFIXES
        parts: list[NDArray[Any]] = [hashes[REACH : REACH + count, :own]]
        for index, offset in enumerate(NEIGHBOURS):
            columns = slice(own + 2 * index, own + 2 * index + 2)
            parts.append(hashes[REACH + offset : REACH + offset + count, columns])
        ends = range(REACH - 1, REACH - 1 + count)
        pairs = [self._pair(lower[at : at + 3], shapes[at : at + 3]) for at in ends]
        parts.append(np.array(pairs, dtype=np.int64).reshape(count, 4))
        return np.concatenate(parts, axis=1)

    def _form(self, word: str) -> tuple[str, str, NDArray[np.int64]]:
        """Lower case, shape, and the hashes of its features for itself and for its neighbours."""
        if word not in self._forms:
            lower, form = word.lower(), shape(word)
            texts = own_features(lower, form)
            for offset in NEIGHBOURS:
                texts += neighbour_features(offset, lower, form)
            self._forms[word] = lower, form, np.array([*map(hashed, texts)], dtype=np.int64)
        return self._forms[word]

    def _pair(self, words: list[str], shapes: list[str]) -> list[int]:
        key = (*words, *shapes)
        if key not in self._pairs:
            self._pairs[key] = [*map(hashed, pair_features(words, shapes))]
        return self._pairs[key]
