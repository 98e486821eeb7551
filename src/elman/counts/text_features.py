"""Hashed features of texts: words, pairs of neighbouring words, character n-grams of words.

Source: K. Weinberger et al., 'Feature Hashing for Large Scale Multitask Learning' (2009).

Shapes: N texts, T words of a text, D features, F features of all texts.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.text.subword_hashing import MAX_WORD_LENGTH, ngram_hashes, words_of

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

Hashes = npt.NDArray[np.int32]
"""CRC-32 checksums as signed integers."""

START = zlib.crc32(b"\n")
"""The hash of what stands before the first word of a text."""


class WordFeatures(NamedTuple):
    """The features of a word.

    Attributes:
        key: a newline and its UTF-8 bytes in lower case.
        hash: the CRC-32 of the key.
        ngrams: (G,) the features of its character n-grams and of its shape.
    """

    key: bytes
    hash: int
    ngrams: Hashes


def word_features(word: str) -> WordFeatures:
    """The hashed features of a word; those of words of usual length are kept."""
    return _kept(word) if len(word) <= MAX_WORD_LENGTH else _hashed(word)


def _hashed(word: str) -> WordFeatures:
    key = b"\n" + word.lower().encode("utf-8", "replace")
    return WordFeatures(key, zlib.crc32(key), _signed(ngram_hashes(word)) | 1)


_kept = lru_cache(maxsize=2**16)(_hashed)


def word_ngrams(words: Sequence[WordFeatures], before: int = START) -> Hashes:
    """The features (2 T,) of words and of each word's pair with the one before.

    The hash of a pair is the CRC-32 of both keys, one after the other; so the hash of a word is all
    that must be remembered of it for the next pair. The last bit of a feature is 0; of a character
    n-gram it is 1.

    Args:
        words: T words in order.
        before: the hash of the word before them.
    """
    hashes: list[int] = []
    for word in words:
        hashes += word.hash, zlib.crc32(word.key, before)
        before = word.hash
    return _signed(hashes) & -2


class TextHashes:
    """The hashed features of texts.

    Args:
        texts: N texts.
        characters: whether to use character n-grams.
    """

    def __init__(self, texts: Sequence[str], characters: bool) -> None:
        indices: dict[str, int] = {}
        features: list[WordFeatures] = []
        self._hashes: list[Hashes] = []  # of each text, its words and pairs
        self._words: list[Integers] = []  # of each text, the index of each word
        for text in texts:
            row = []
            for word in words_of(text):
                if word not in indices:
                    indices[word] = len(indices)
                    features.append(word_features(word))
                row.append(indices[word])
            self._hashes.append(word_ngrams([features[index] for index in row]))
            self._words.append(np.array(row, dtype=np.int64))
        self._ngrams = [each.ngrams for each in features] if characters else []  # of each word

    def distinct(self) -> Hashes:
        """The distinct features (D,) in ascending order."""
        return distinct(_joined([*self._hashes, *self._ngrams]))

    def features(self, keys: Hashes) -> tuple[Integers, Integers]:
        """Which of the features (D,) occur in each text: their indices, ascending, one text after
        another, and where each text begins (N + 1,)."""
        count = len(self._hashes)
        rows = np.repeat(np.arange(count), list(map(len, self._hashes)))
        indices = indices_among(keys, _joined(self._hashes))
        if self._ngrams:
            of_words = np.repeat(np.arange(count), list(map(len, self._words)))
            words = _joined(self._words).astype(np.int64)
            pairs = distinct(of_words * len(self._ngrams) + words)
            of_words, words = np.divmod(pairs, len(self._ngrams))
            ngrams = indices_among(keys, _joined(self._ngrams))
            sizes = np.fromiter(map(len, self._ngrams), np.int64, len(self._ngrams))
            each = sizes[words]  # n-grams of each word of each text
            first = np.cumsum(sizes)[words] - each
            places = np.arange(each.sum()) + np.repeat(first - (np.cumsum(each) - each), each)
            rows = np.concatenate([rows, np.repeat(of_words, each)])
            indices = np.concatenate([indices, ngrams[places]])
        known = indices < len(keys)
        # Sorted, else the order of the texts would decide how sums are rounded.
        both = distinct(rows[known] * max(1, len(keys)) + indices[known])
        rows, indices = np.divmod(both, max(1, len(keys)))
        return indices, np.searchsorted(rows, np.arange(count + 1))


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The distinct values, ascending: `np.unique` of numpy 2.3 and later takes fifty times as long
    (findings/numpy_unique_by_hash.sh)."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _signed(hashes: Sequence[int]) -> Hashes:
    return np.array(hashes, dtype=np.uint32).view(np.int32)


def _joined(rows: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=np.int32), *rows])


def indices_among(keys: Hashes, hashes: npt.NDArray[Any]) -> Integers:
    """The index of each hash among the keys (D,), D where it is not among them."""
    if not len(keys):
        return np.zeros(len(hashes), dtype=np.int64)
    indices = np.searchsorted(keys, hashes)
    found = keys[np.minimum(indices, len(keys) - 1)] == hashes
    return np.where(found, indices, len(keys))


def only(
    kept: Integers, indices: Integers, starts: Integers, count: int
) -> tuple[Integers, Integers]:
    """The features of texts, as `TextHashes.features` has them, that are among some.

    Args:
        kept: the indices of those, ascending.
        indices, starts: of all features.
        count: of all features.
    """
    renamed = np.full(count, -1)
    renamed[kept] = np.arange(len(kept))
    indices = renamed[indices]
    ends = np.concatenate([[0], np.cumsum(indices >= 0)])
    return indices[indices >= 0], ends[starts]


def counted_shares(indices: Integers, starts: Integers, keys: Hashes) -> Floats:
    """What each feature of `TextHashes.features` counts in its text: 1 over the square root of how
    many words and pairs, or how many character n-grams, the text has."""
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    is_ngram = keys[indices] & 1
    counts = np.bincount(2 * rows + is_ngram, minlength=2 * (len(starts) - 1))
    return (counts[2 * rows + is_ngram] ** -0.5).astype(np.float32)
