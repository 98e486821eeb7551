"""A hashed subword vocabulary: frequent words have an id, and all words have character n-grams.

An unseen word is represented by its n-grams alone, so no word is unknown. Source: P. Bojanowski et
al., 'Enriching Word Vectors with Subword Information' (2017), section 3.2.

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
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


NO_WORD = 0
"""The id of all words that are not in the vocabulary."""

MAX_WORDS = 50_000
"""The most words in a vocabulary."""

BUCKETS = 2**15
"""The most hash buckets for n-grams; colliding n-grams share an embedding."""

MIN_BUCKETS = 2**8

FEW_WORDS = 5_000
"""The most distinct words whose n-grams are counted; more words have enough for BUCKETS."""

LENGTHS = (2, 3, 4, 5)
"""The lengths of n-grams in characters, including the marks < and > of the word's ends."""

MAX_WORD_LENGTH = 30
"""In characters; a longer word is represented by its first and its last 15."""

_RUNS = re.compile(r"(.)\1+", re.DOTALL)


class HashedVocabulary:
    """The words with an id, in lower case; only n-grams and word shapes depend on case.

    Args:
        words: in lower case, the most frequent first; the ids are 1, 2, ...
        buckets: of the n-grams, a power of two from MIN_BUCKETS to BUCKETS.
    """

    name: ClassVar[str] = "word"

    def __init__(self, words: Sequence[str], buckets: int = BUCKETS) -> None:
        self.words = list(words)
        self.buckets = buckets
        self._ids = {word: number for number, word in enumerate(self.words, start=1)}

    @classmethod
    def learn(cls, texts: Iterable[Iterable[str]], *, min_count: int = 2) -> Self:
        """The vocabulary of some texts, with a bucket for each of their n-grams, about, up to
        BUCKETS: a few texts then give a small file.

        Args:
            texts: each as words.
            min_count: the fewest occurrences of a word with an id.
        """
        counts = Counter(word.lower() for text in texts for word in text)
        frequent = [word for word, count in counts.items() if count >= min_count]
        frequent.sort(key=lambda word: (-counts[word], word))
        return cls(frequent[:MAX_WORDS], _needed_buckets(counts))

    @property
    def size(self) -> int:
        """The number of ids, including NO_WORD."""
        return len(self.words) + 1

    def id_of(self, word: str) -> int:
        """The id of a word in any case; NO_WORD where it has none."""
        return self._ids.get(word.lower(), NO_WORD)

    def to_json(self) -> dict[str, Any]:
        """The vocabulary as plain data."""
        return {"name": self.name, "words": self.words, "buckets": self.buckets}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The vocabulary that `to_json` wrote.

        Raises:
            ModelFileError: the value is malformed.
        """
        found = fields(value, cls.name, words=list, buckets=int)
        words, buckets = found["words"], found["buckets"]
        if not all(type(word) is str and word for word in words) or len(words) > MAX_WORDS:
            raise damaged(f"it is not a list of at most {MAX_WORDS:,} words")
        if len(set(words)) != len(words):
            raise damaged("a word occurs twice")
        if not MIN_BUCKETS <= buckets <= BUCKETS or buckets & (buckets - 1):
            raise damaged(f"its buckets are no power of two from {MIN_BUCKETS} to {BUCKETS:,}")
        return cls(words, buckets)


def buckets_of(vocabulary: object) -> int:
    """The hash buckets of a vocabulary of words; 0 for tokens of other kinds."""
    return vocabulary.buckets if isinstance(vocabulary, HashedVocabulary) else 0


def _needed_buckets(words: Collection[str]) -> int:
    """The power of two from the number of distinct n-grams of some words on."""
    if len(words) > FEW_WORDS:
        return BUCKETS
    count = len({hashed for word in words for hashed in ngram_hashes(word)})
    return int(2 ** np.ceil(np.log2(min(max(count, MIN_BUCKETS), BUCKETS))))


def words_of(text: str) -> list[str]:
    """The words and punctuation marks of a text, in order, without white space."""
    stripped = (piece.strip() for piece in pieces().findall(without_surrogates(text)))
    return [piece for piece in stripped if piece]


def ngrams(word: str, buckets: int) -> list[int]:
    """The hash buckets of `ngram_hashes`, each from 0 to buckets - 1."""
    return [hashed % buckets for hashed in ngram_hashes(word)]


def ngram_hashes(word: str) -> list[int]:
    """The CRC-32 of the n-grams of a word, and last of its shape.

    The n-grams are of the word in lower case; the shape, such as 'Xx' or 'd.d', keeps its case.
    """
    if len(word) > MAX_WORD_LENGTH:
        word = word[: MAX_WORD_LENGTH // 2] + word[-MAX_WORD_LENGTH // 2 :]
    marked = f"<{word.lower()}>"
    grams = [
        marked[start : start + length]
        for length in LENGTHS
        for start in range(len(marked) - length + 1)
    ]
    return [zlib.crc32(gram.encode("utf-8", "replace")) for gram in [*grams, shape(word)]]


def shape(word: str) -> str:
    """The word shape: one letter for each run of characters of a kind, after a space: ' Xx' for
    'Paris', ' d.d' for '3.14'."""
    kinds = "".join(map(_kind, word))
    # The leading space distinguishes shapes from n-grams, which have none.
    return " " + "".join(kind for kind, _ in groupby(kinds))


def _kind(character: str) -> str:
    if character.isupper():
        return "X"
    if character.isalpha():
        return "x"
    return "d" if character.isdigit() else character


class WordRows(NamedTuple):
    """Distinct words, as an embedding layer looks them up.

    Attributes:
        indices: (F,) of the words in their `WordForms`.
        ids: (F,) of the words in the vocabulary, or NO_WORD.
        ngrams: (G,) the hash buckets of all words, one word after the other, each shape last.
        starts: (F,) the index in `ngrams` of the first n-gram of each word.
        weights: (G,) of each n-gram in the embedding of its word.
    """

    indices: NDArray[Any]
    ids: Integers
    ngrams: Integers
    starts: Integers
    weights: NDArray[np.float32]


class WordForms:
    """The distinct words of some texts, each hashed once; a text is a row of indices into them.

    Args:
        vocabulary: the words with an id.
    """

    def __init__(self, vocabulary: HashedVocabulary) -> None:
        self.vocabulary = vocabulary
        self._indices: dict[str, int] = {}
        self._ids: list[int] = []
        self._ngrams: list[NDArray[np.int32]] = []

    def __len__(self) -> int:
        return len(self._indices)

    def indices(self, words: Iterable[str]) -> NDArray[np.int32]:
        """The indices (T,) of some words; adds new ones."""
        known = self._indices
        return np.array(
            [known[word] if word in known else self._add(word) for word in words],
            dtype=np.int32,
        )

    def _add(self, word: str) -> int:
        index = self._indices[word] = len(self._ids)
        self._ids.append(self.vocabulary.id_of(word))
        self._ngrams.append(np.array(ngrams(word, self.vocabulary.buckets), dtype=np.int32))
        return index

    def look_up(self, indices: NDArray[Any]) -> tuple[Integers, WordRows]:
        """The distinct words among some indices.

        Each of the N n-grams of a word weighs 1 / sqrt(N), so that the norm of an embedding does
        not grow with the length of the word. The shape weighs 1: there is only one, and it
        distinguishes names from nouns.

        Args:
            indices: of words, of any shape.

        Returns:
            For each index the row of its word, in the same shape; and the rows.
        """
        distinct, rows = np.unique(indices, return_inverse=True)
        grams = [self._ngrams[index] for index in distinct.tolist()]
        lengths = np.fromiter(map(len, grams), np.int64, len(grams))
        starts = lengths.cumsum() - lengths
        joined = np.concatenate(grams).astype(np.int64)
        ids = np.array([self._ids[index] for index in distinct.tolist()], dtype=np.int64)
        weights = np.repeat((lengths - 1.0) ** -0.5, lengths).astype(np.float32)
        weights[starts + lengths - 1] = 1
        return rows.reshape(indices.shape), WordRows(distinct, ids, joined, starts, weights)
