"""The baseline of taggers: the most frequent tag of each word."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Self

from elman.errors import EmptyTextError
from elman.text.tagsets import convert_tags, detect_scheme

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class MostFrequentTag:
    """Assigns each word its most frequent tag in training.

    An unknown word gets the tag of its lower-case form, if that occurred in any case; else the most
    frequent tag of the words that occurred once, as they resemble unknown ones. Ties go to the tag
    that is more frequent overall.

    Tags of entities are then converted as conlleval reads them, so that sequences are valid.
    """

    name = "each word's most frequent tag"

    def fit(self, words: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> Self:
        """Learn from sentences: the words of each, and their tags.

        Raises:
            ValueError: another number of sentences, or of tags in one.
            EmptyTextError: no word.
        """
        exact: defaultdict[str, Counter[str]] = defaultdict(Counter)
        lower: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for word, tag in _pairs(words, tags):
            exact[word][tag] += 1
            lower[word.lower()][tag] += 1
        if not exact:
            raise EmptyTextError("no tagged word to fit the baseline to")
        overall = Counter(chain.from_iterable(tags))

        def commonest(counts: Counter[str]) -> str:
            return max(counts, key=lambda tag: (counts[tag], overall[tag], tag))

        self._scheme = detect_scheme(tags)
        self._exact = {word: commonest(counts) for word, counts in exact.items()}
        self._lower = {word: commonest(counts) for word, counts in lower.items()}
        once = Counter(tag for counts in exact.values() if counts.total() == 1 for tag in counts)
        self._unknown = commonest(once or overall)
        return self

    def predict(self, words: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """The tags of each sentence."""
        return [
            convert_tags([self._tag(word) for word in sentence], self._scheme, self._scheme)
            for sentence in words
        ]

    def _tag(self, word: str) -> str:
        return self._exact.get(word) or self._lower.get(word.lower(), self._unknown)


def _pairs(
    words: Iterable[Sequence[str]], tags: Iterable[Sequence[str]]
) -> Iterable[tuple[str, str]]:
    for sentence in zip(words, tags, strict=True):
        yield from zip(*sentence, strict=True)
