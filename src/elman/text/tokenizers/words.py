"""Word tokenizer: spellings with default spacing, and marker tokens where a text deviates from it.

Tokens: 0 BOUNDARY, 1..256 the bytes, 257 END_OF_SPELLING, 258 JOIN, 259 SPACE, then the spellings
by falling frequency. An unknown spelling is encoded as its UTF-8 bytes and END_OF_SPELLING.
Shapes: V tokens in the vocabulary, N tokens of one text.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from elman.text.byte_decoding import without_surrogates
from elman.text.tokenizers import spacing
from elman.text.tokenizers.pretokenization import Kind, kind_of, pieces
from elman.text.tokenizers.spacing import END_OF_SPELLING, FIRST_TOKEN, JOIN, SPACE
from elman.text.tokenizers.tokenizer import FIRST_BYTE, Tokenizer, checked_size, damaged, fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from elman.text.tokenizers.tokenizer import Tokens


DEFAULT_SIZE = 20_000
"""The largest vocabulary where no size is given, in tokens."""

TINY_TEXT = 2_000
"""A shorter text, in tokens, keeps all its spellings; a longer one those that occur twice."""

MAX_LENGTH = 100
"""The longest spelling in a vocabulary, in characters; a longer one is encoded as bytes."""

MAX_COUNTED = 2_000_000
"""The most distinct spellings counted at once; beyond it the rarest are dropped."""


class Words(Tokenizer):
    """The tokenizer of words, punctuation and newlines; keeps case and spacing.

    A space at the end of a text is the token SPACE. A word after it would add another space, so
    remove that space from a prompt (`split_typed` does).

    Args:
        vocabulary: spellings, the most frequent first.
    """

    name: ClassVar[str] = "word"
    # One JOIN only removes a space; two also reset the open quotes of the decoder.
    seam: ClassVar[tuple[int, ...]] = (JOIN, JOIN)

    def __init__(self, vocabulary: list[str]) -> None:
        self.spellings: list[str] = [""] * FIRST_TOKEN + vocabulary
        self.is_word: NDArray[np.bool_] = np.zeros(len(self.spellings), dtype=np.bool_)
        for token, spelling in enumerate(vocabulary, start=FIRST_TOKEN):
            self.is_word[token] = kind_of(spelling) & Kind.WORD > 0

    @classmethod
    def learn(cls, chunks: Iterable[str], *, size: int | None = None) -> Self:
        size = checked_size(size, DEFAULT_SIZE, FIRST_TOKEN + 1, cls.name)
        counts = _count(chunks)
        min_count = 1 if counts.total() < TINY_TEXT else 2
        # Always include the newline: texts are cut after it, and it resets the quotes.
        counts["\n"] += min_count
        frequent = [spelling for spelling, count in counts.items() if count >= min_count]
        frequent.sort(key=lambda spelling: (-counts[spelling], spelling))
        vocabulary = frequent[: size - FIRST_TOKEN]
        return cls(vocabulary if "\n" in vocabulary else [*vocabulary[:-1], "\n"])

    @property
    def size(self) -> int:
        return len(self.spellings)

    def encode(self, text: str) -> Tokens:
        matches = pieces().findall(without_surrogates(text))
        codes = np.fromiter(map(self._codes.get, matches, repeat(-1)), np.int64, len(matches))
        unseen = np.flatnonzero(codes < 0)
        spelled = [matches[i] for i in unseen.tolist()]
        after_space = codes & 1 == 1
        after_space[unseen] = [_is_after_space(piece) for piece in spelled]
        tokens = codes >> 1
        tokens[unseen] = -1
        spelled = [_bare(piece) for piece in spelled]
        kinds, firsts = (array[tokens] for array in self._kinds_and_firsts)
        kinds[unseen] = [kind_of(spelling) for spelling in spelled]
        firsts[unseen] = [ord(spelling[0]) for spelling in spelled]
        marks = spacing.marks(kinds, firsts, after_space)
        return _lay_out(tokens, marks, [spelling.encode() for spelling in spelled])

    def decoder(self) -> spacing.SpacingDecoder:
        return spacing.SpacingDecoder(self.spellings, self._kinds)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "tokens": self.spellings[FIRST_TOKEN:]}

    @classmethod
    def from_json(cls, value: object) -> Self:
        vocabulary = fields(value, cls.name, tokens=list)["tokens"]
        for spelling in vocabulary:
            if type(spelling) is not str or not 0 < len(spelling) <= MAX_LENGTH or spelling == " ":
                raise damaged(f"a token is not a text of 1 to {MAX_LENGTH} characters")
            if without_surrogates(spelling) != spelling:
                raise damaged("a token holds a lone surrogate")
        if len(set(vocabulary)) != len(vocabulary):
            raise damaged("a token occurs twice")
        return cls(vocabulary)

    def words_in(self, text: str) -> list[tuple[int, int]]:
        """The spans (start, end) of the words, in characters of the text."""
        spans = []
        for match in pieces().finditer(without_surrogates(text)):
            start = match.start() + _is_after_space(match[0])
            if kind_of(text[start]) & Kind.WORD:
                spans.append((start, match.end()))
        return spans

    def word_positions(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """The index of the first token of each word among tokens (N,).

        The words are those that `words_in` finds in the decoded text, in the same order, including
        words encoded as bytes.
        """
        tokens = np.asarray(ids, dtype=np.int64)
        is_byte = (tokens >= FIRST_BYTE) & (tokens < END_OF_SPELLING)
        begins = np.flatnonzero(is_byte & ~np.concatenate([[False], is_byte[:-1]]))
        ends = np.flatnonzero(tokens == END_OF_SPELLING)
        ends = ends[np.searchsorted(ends, begins)]
        spelled = [
            begin
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
            if kind_of(bytes((tokens[begin:end] - FIRST_BYTE).tolist()).decode()) & Kind.WORD
        ]
        positions = np.concatenate([np.flatnonzero(self.is_word[tokens]), spelled])
        return np.sort(positions.astype(np.int64))

    def split_typed(self, text: str) -> tuple[str, str]:
        """Split a text into the context and the typed prefix of an unfinished last word, or "".

        The context excludes the one space that the next word adds by default, so that its tokens
        end where that word is to be predicted.
        """
        tail = text[_after_last_space(text) :]
        matches = [match[0] for match in pieces().finditer(without_surrogates(tail))]
        typed = ""
        if matches and kind_of(matches[-1]) & Kind.WORD:
            typed = matches[-1]
        elif len(matches) > 1 and matches[-1] in "'’-‐‑" and kind_of(matches[-2]) & Kind.WORD:
            typed = matches[-2] + matches[-1]  # don' and well- are prefixes of words
        context = text[: len(text) - len(typed)]
        if context.endswith(" ") and self._word_brings_space(context[:-1]):
            context = context[:-1]
        return context, typed

    def _word_brings_space(self, context: str) -> bool:
        decoder = self.decoder()
        for token in self.encode(context[context.rfind("\n") + 1 :]).tolist():
            decoder.feed(token)
        return decoder.word_brings_space()

    @cached_property
    def _codes(self) -> dict[str, int]:
        """For each spelling, without and with a space before it: 2 * token, and 2 * token + 1."""
        codes = {" ": 2 * SPACE}
        for token, spelling in enumerate(self.spellings[FIRST_TOKEN:], start=FIRST_TOKEN):
            codes[spelling] = 2 * token
            if not spelling[0].isspace():
                codes[f" {spelling}"] = 2 * token + 1
        return codes

    @cached_property
    def _kinds(self) -> list[int]:
        return [kind_of(spelling or " ") for spelling in self.spellings]

    @cached_property
    def _kinds_and_firsts(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """(V,) the kind of each token, and (V,) the code point of its first character."""
        firsts = np.array(
            [ord((spelling or " ")[0]) for spelling in self.spellings], dtype=np.int64
        )
        return np.array(self._kinds, dtype=np.uint8), firsts


def _count(chunks: Iterable[str]) -> Counter[str]:
    """The frequency of each spelling, in bounded memory: exact for up to MAX_COUNTED spellings."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts.update(pieces().findall(without_surrogates(chunk)))
        min_count = 1
        while len(counts) > MAX_COUNTED:
            min_count += 1
            counts = Counter({piece: n for piece, n in counts.items() if n >= min_count})
    spellings: Counter[str] = Counter()
    for piece, count in counts.items():
        spelling = _bare(piece)
        if spelling != " " and len(spelling) <= MAX_LENGTH:
            spellings[spelling] += count
    return spellings


def _is_after_space(piece: str) -> bool:
    return len(piece) > 1 and piece[0] == " "


def _bare(piece: str) -> str:
    return piece[1:] if _is_after_space(piece) else piece


def _after_last_space(text: str) -> int:
    for index in range(len(text), 0, -1):
        if text[index - 1].isspace():
            return index
    return 0


def _lay_out(tokens: NDArray[np.int64], marks: Tokens, spellings: list[bytes]) -> Tokens:
    """The tokens of a text in order, with markers and with unknown spellings as bytes.

    Args:
        tokens: (N,) of the spellings, -1 where unknown.
        marks: (N,) the marker before each spelling, or 0.
        spellings: the bytes of each unknown spelling.
    """
    spelled = tokens < 0
    lengths = np.ones(len(tokens), dtype=np.int64)
    lengths[spelled] = [len(spelling) + 1 for spelling in spellings]
    has_mark = marks > 0
    ends = np.cumsum(lengths + has_mark)
    out = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.int32)
    out[(ends - lengths - 1)[has_mark]] = marks[has_mark]
    out[(ends - 1)[~spelled]] = tokens[~spelled]
    # UTF-8 has no byte 0xFF: use it as the end of each spelling.
    joined = np.frombuffer(b"".join(b"%b\xff" % s for s in spellings), dtype=np.uint8)
    within = np.arange(len(joined)) - np.repeat(
        np.cumsum(lengths[spelled]) - lengths[spelled], lengths[spelled]
    )
    where = np.repeat((ends - lengths)[spelled], lengths[spelled]) + within
    out[where] = np.where(joined == 0xFF, END_OF_SPELLING, joined.astype(np.int32) + FIRST_BYTE)
    return out
