"""Words as a reader looks them up: frequent ones by a number of their own, all of them by the
n-grams of their characters.

A word that was never seen is read by its characters alone, so nothing is unknown. Source:
P. Bojanowski et al., 'Enriching Word Vectors with Subword Information' (2017), section 3.2.

Shapes: F distinct words, G n-grams of all of them, T words of a text.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from elman.text.byte_decoding import without_surrogates
from elman.text.tokenizers.pretokenization import pieces
from elman.text.tokenizers.tokenizer import damaged, fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


NO_WORD = 0
"""The number that words without one of their own share."""

LARGEST = 50_000
"""Words with a number of their own, at most."""

BUCKETS = 2**15
"""Places for n-grams; those that hash to the same place share it."""

LENGTHS = (2, 3, 4, 5)
"""Characters in an n-gram, the marks of a word's beginning and end among them."""

LONGEST = 30
"""Characters of a word that are looked at: half of them its first, half its last."""

_RUNS = re.compile(r"(.)\1+", re.DOTALL)


class HashedVocabulary:
    """The words that have a number of their own; case is the n-grams' affair.

    Args:
        words: in lower case, the commonest first.
    """

    name: ClassVar[str] = "word"

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self._numbers = {word: number for number, word in enumerate(self.words, start=1)}

    @classmethod
    def learn(cls, texts: Iterable[Iterable[str]], *, least: int = 2) -> Self:
        """The words that occur `least` times in texts that are given as words."""
        counts = Counter(word.lower() for text in texts for word in text)
        found = [word for word, count in counts.items() if count >= least]
        found.sort(key=lambda word: (-counts[word], word))
        return cls(found[:LARGEST])

    @property
    def size(self) -> int:
        """The numbers there are, NO_WORD among them."""
        return len(self.words) + 1

    def number(self, word: str) -> int:
        """A word's own number, or NO_WORD."""
        return self._numbers.get(word.lower(), NO_WORD)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "words": self.words}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """What `to_json` gave.

        Raises:
            ModelFileError: for anything else.
        """
        words = fields(value, cls.name, words=list)["words"]
        if not all(type(word) is str and word for word in words) or len(words) > LARGEST:
            raise damaged(f"a lexicon is a list of words, at most {LARGEST:,}")
        if len(set(words)) != len(words):
            raise damaged("each word should be there once")
        return cls(words)


def words_of(text: str) -> list[str]:
    """A text's words and punctuation marks, in order, without white space."""
    found = (piece.strip() for piece in pieces().findall(without_surrogates(text)))
    return [piece for piece in found if piece]


def ngrams(word: str) -> list[int]:
    """The places of a word's n-grams and then of its shape, from 0 to below BUCKETS.

    The n-grams are of the word in lower case; the shape, such as 'Xx' or 'd.d', holds its case.
    """
    if len(word) > LONGEST:
        word = word[: LONGEST // 2] + word[-LONGEST // 2 :]
    marked = f"<{word.lower()}>"
    grams = [
        marked[start : start + length]
        for length in LENGTHS
        for start in range(len(marked) - length + 1)
    ]
    return [zlib.crc32(gram.encode("utf-8", "replace")) % BUCKETS for gram in [*grams, shape(word)]]


def shape(word: str) -> str:
    """Its characters by kind, runs of a kind as one: 'Xx' for 'Paris', 'd.d' for '3.14'."""
    kinds = "".join(map(_kind, word))
    # The leading space keeps shapes apart from n-grams, which have none.
    return " " + "".join(kind for kind, _ in groupby(kinds))


def _kind(character: str) -> str:
    if character.isupper():
        return "X"
    if character.isalpha():
        return "x"
    return "d" if character.isdigit() else character


class WordRows(NamedTuple):
    """Distinct words, as a network looks them up."""

    places: NDArray[Any]  # (F,) in the `WordForms` that they come from
    numbers: Integers  # (F,) each word's own, or NO_WORD
    ngrams: Integers  # (G,) one word's after the other's, each word's shape last
    starts: Integers  # (F,) where a word's n-grams begin
    weights: NDArray[np.float32]  # (G,) what each counts for in its word


class WordForms:
    """The distinct words of some texts, each looked up once; a text is a row of places here."""

    def __init__(self, lexicon: HashedVocabulary) -> None:
        self.lexicon = lexicon
        self._places: dict[str, int] = {}
        self._numbers: list[int] = []
        self._ngrams: list[NDArray[np.int32]] = []

    def __len__(self) -> int:
        return len(self._places)

    def places(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Words -> their places here (T,); new ones are taken in."""
        known = self._places
        return np.array(
            [known[word] if word in known else self._take_in(word) for word in words],
            dtype=np.int32,
        )

    def _take_in(self, word: str) -> int:
        place = self._places[word] = len(self._numbers)
        self._numbers.append(self.lexicon.number(word))
        self._ngrams.append(np.array(ngrams(word), dtype=np.int32))
        return place

    def look_up(self, places: NDArray[Any]) -> tuple[Integers, WordRows]:
        """Places of any shape -> the same shape as places among the distinct words, and these.

        A word's N n-grams count for 1 / sqrt(N) each, so that a long word is no louder than a
        short one. Its shape counts for 1: there is one only, and it tells names from nouns.
        """
        distinct, among = np.unique(places, return_inverse=True)
        grams = [self._ngrams[place] for place in distinct.tolist()]
        lengths = np.fromiter(map(len, grams), np.int64, len(grams))
        starts = lengths.cumsum() - lengths
        joined = np.concatenate(grams).astype(np.int64)
        numbers = np.array([self._numbers[place] for place in distinct.tolist()], dtype=np.int64)
        weights = np.repeat((lengths - 1.0) ** -0.5, lengths).astype(np.float32)
        weights[starts + lengths - 1] = 1
        return among.reshape(places.shape), WordRows(distinct, numbers, joined, starts, weights)
