"""Words of a vocabulary in sorted order, for completion by prefix.

Shapes: V tokens, W words.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    Scores = npt.NDArray[np.floating[Any]]


class WordIndex:
    """The words of a vocabulary, sorted by code point.

    Words that share a prefix (case-sensitive) are one slice of this order. Of equally probable
    words the earlier one wins.

    Attributes:
        words: the W words, sorted.
        tokens: (W,) the token of each.

    Args:
        spellings: what each of the V tokens spells.
        is_word: (V,) bool, whether it is a word, rather than punctuation or a marker.

    Raises:
        ValueError: lengths that differ, or two tokens that spell the same word.
    """

    def __init__(self, spellings: Sequence[str], is_word: npt.NDArray[np.bool_]) -> None:
        if is_word.shape != (len(spellings),):
            raise ValueError(f"{len(spellings)} spellings, but is_word has shape {is_word.shape}")
        by_spelling = sorted((spellings[token], token) for token in is_word.nonzero()[0].tolist())
        self.words = [word for word, _ in by_spelling]
        self.tokens = np.array([token for _, token in by_spelling], dtype=np.int64)
        self._index = {word: index for index, word in enumerate(self.words)}
        if len(self._index) < len(self.words):
            raise ValueError("two tokens spell the same word")
        self._vocabulary = len(spellings)

    def index_of(self, word: str) -> int | None:
        """Index of a word in `words`; None if the vocabulary does not hold it."""
        return self._index.get(word)

    def matching(self, typed: str, within: slice | None = None) -> slice:
        """Slice of the words that begin with `typed`, within a slice (default: all words)."""
        low, high = (0, len(self.words)) if within is None else (within.start, within.stop)
        letters = len(typed)
        low = bisect_left(self.words, typed, low, high, key=lambda word: word[:letters])
        return slice(low, bisect_right(self.words, typed, low, high, key=lambda w: w[:letters]))

    def matching_prefixes(self, position: int) -> list[slice]:
        """The slices of the words that begin with the first 0, 1, 2, ... letters of a word, one for
        each of its letters.

        Args:
            position: of the word in `words`.
        """
        word, found = self.words[position], [slice(0, len(self.words))]
        for letters in range(1, len(word)):
            found.append(self.matching(word[:letters], found[-1]))
        return found

    def complete(self, probabilities: Scores, typed: str, count: int) -> list[tuple[str, float]]:
        """The most probable words that begin with `typed`, best first.

        Args:
            probabilities: (V,) of the next token.
            typed: the word's first letters so far, possibly none.
            count: most words to return; fewer if fewer match.

        Raises:
            ValueError: probabilities of another shape.
        """
        fitting = self.matching(typed)
        return self._best(probabilities, np.arange(fitting.start, fitting.stop), count)

    def complete_folded(
        self, probabilities: Scores, typed: str, count: int
    ) -> list[tuple[str, float]]:
        """The most probable words that begin with `typed` only if both are folded
        (`elman.text.folding`), best first. Arguments and errors as for `complete`."""
        folded, indices = self._by_fold
        key = fold(typed)
        if not key:
            return []
        low = bisect_left(folded, key)
        high = bisect_right(folded, key, low, key=lambda word: word[: len(key)])
        exact = self.matching(typed)
        among = np.sort(indices[low:high])
        among = among[(among < exact.start) | (among >= exact.stop)]
        return self._best(probabilities, among, count)

    def _best(
        self, probabilities: Scores, among: npt.NDArray[np.int64], count: int
    ) -> list[tuple[str, float]]:
        """The most probable of some words, given by their indices in rising order."""
        values = self.take_words(probabilities)[among]
        count = min(count, values.size)
        if count < 1:
            return []
        least = np.partition(values, values.size - count)[values.size - count]
        candidates = np.flatnonzero(values >= least)
        best = candidates[np.argsort(-values[candidates], kind="stable")][:count]
        return [(self.words[among[each]], float(values[each])) for each in best]

    @cached_property
    def _by_fold(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """The folded words, sorted, and the index of each in `words`."""
        folded = [fold(word) for word in self.words]
        order = sorted(range(len(folded)), key=lambda index: folded[index])
        return [folded[index] for index in order], np.array(order, dtype=np.int64)

    def take_words(self, probabilities: Scores) -> Scores:
        """The scores of the words, (..., V) -> (..., W), in the order of `words`.

        Raises:
            ValueError: scores of another shape.
        """
        if probabilities.shape[-1:] != (self._vocabulary,):
            raise ValueError(f"{self._vocabulary} tokens, but shape {probabilities.shape}")
        return np.take(probabilities, self.tokens, axis=-1)
