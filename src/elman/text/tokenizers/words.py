"""Words: spellings with a default spacing between them, and marks where a text departs from it.

Tokens: 0 BOUNDARY, 1..256 the bytes, 257 END_OF_SPELLING, 258 JOIN, 259 SPACE, then the spellings
by falling frequency. A spelling that is not among them is spelled: its UTF-8 bytes, then
END_OF_SPELLING. V the number of tokens, N the number of tokens of one text.
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

TINY_TEXT = 2_000
"""Tokens: a shorter text is learned whole, of a longer one what was seen at least twice."""

LONGEST = 100
"""Characters in one spelling of the vocabulary; a longer one is always spelled."""

MAX_COUNTED = 2_000_000
"""Different spellings held while counting; beyond it the rarest are forgotten."""


class Words(Tokenizer):
    """The tokenizer of words, punctuation and newlines, in their own case and spacing.

    A space that ends a text is kept as the token SPACE. A word that follows brings its own: as a
    prompt, drop it (`split_typed` does).

    Args:
        vocabulary: spellings, the commonest first.
    """

    name: ClassVar[str] = "word"
    # One JOIN only says that no space is here; two also tell the decoder to forget open quotes.
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
        least = 1 if counts.total() < TINY_TEXT else 2
        # The newline is always there: it is where texts are cut and quotes start anew.
        counts["\n"] += least
        found = [spelling for spelling, count in counts.items() if count >= least]
        found.sort(key=lambda spelling: (-counts[spelling], spelling))
        kept = found[: size - FIRST_TOKEN]
        return cls(kept if "\n" in kept else [*kept[:-1], "\n"])

    @property
    def size(self) -> int:
        return len(self.spellings)

    def encode(self, text: str) -> Tokens:
        found = pieces().findall(without_surrogates(text))
        codes = np.fromiter(map(self._codes.get, found, repeat(-1)), np.int64, len(found))
        unseen = np.flatnonzero(codes < 0)
        spelled = [found[i] for i in unseen.tolist()]
        after_space = codes & 1 == 1
        after_space[unseen] = [_is_after_space(piece) for piece in spelled]
        tokens = codes >> 1
        tokens[unseen] = -1
        spelled = [_bare(piece) for piece in spelled]
        kinds, firsts = self._looks[0][tokens], self._looks[1][tokens]
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
            if type(spelling) is not str or not 0 < len(spelling) <= LONGEST or spelling == " ":
                raise damaged(f"a token is a text of 1 to {LONGEST} characters")
            if without_surrogates(spelling) != spelling:
                raise damaged("a lone surrogate is no token")
        if len(set(vocabulary)) != len(vocabulary):
            raise damaged("each token should be there once")
        return cls(vocabulary)

    def words_in(self, text: str) -> list[tuple[int, int]]:
        """Where the words are: (start, end) in characters of the text."""
        spans = []
        for found in pieces().finditer(without_surrogates(text)):
            start = found.start() + _is_after_space(found[0])
            if kind_of(text[start]) & Kind.WORD:
                spans.append((start, found.end()))
        return spans

    def word_positions(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """Where the words begin among tokens (N,), spelled ones too: one for each that
        `words_in` finds in the text of these tokens, in the same order."""
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
        found = np.concatenate([np.flatnonzero(self.is_word[tokens]), spelled])
        return np.sort(found.astype(np.int64))

    def split_typed(self, text: str) -> tuple[str, str]:
        """(context, the letters typed of a last word that is still unfinished, or "").

        The one space that the next word brings by itself is left out of the context, so that
        `encode(context)` ends where that word is to be predicted.
        """
        tail = text[_after_last_space(text) :]
        found = list(pieces().finditer(without_surrogates(tail)))
        typed = ""
        if found and kind_of(found[-1][0]) & Kind.WORD:
            typed = found[-1][0]
        elif len(found) > 1 and found[-1][0] in "'’-‐‑" and kind_of(found[-2][0]) & Kind.WORD:
            typed = found[-2][0] + found[-1][0]  # don' and well- are on their way to a word
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
        """Each spelling, bare and after a space -> twice its token, plus 1 after a space."""
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
    def _looks(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """(V,) each token's kind, and its first character's code point."""
        firsts = np.array(
            [ord((spelling or " ")[0]) for spelling in self.spellings], dtype=np.int64
        )
        return np.array(self._kinds, dtype=np.uint8), firsts


def _count(chunks: Iterable[str]) -> Counter[str]:
    """How often each spelling occurs, in bounded memory: exact up to MAX_COUNTED of them."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts.update(pieces().findall(without_surrogates(chunk)))
        least = 1
        while len(counts) > MAX_COUNTED:
            least += 1
            counts = Counter({piece: n for piece, n in counts.items() if n >= least})
    spellings: Counter[str] = Counter()
    for piece, count in counts.items():
        spelling = _bare(piece)
        if spelling != " " and len(spelling) <= LONGEST:
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
    """Put together spellings (tokens, -1 where spelled), the marks before them (0 for none) and the
    spellings of those that have one."""
    spelled = tokens < 0
    lengths = np.ones(len(tokens), dtype=np.int64)
    lengths[spelled] = [len(spelling) + 1 for spelling in spellings]
    has_mark = marks > 0
    ends = np.cumsum(lengths + has_mark)
    out = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.int32)
    out[(ends - lengths - 1)[has_mark]] = marks[has_mark]
    out[(ends - 1)[~spelled]] = tokens[~spelled]
    # 0xFF is no byte of UTF-8: here it is the end of each spelling.
    joined = np.frombuffer(b"".join(b"%b\xff" % s for s in spellings), dtype=np.uint8)
    within = np.arange(len(joined)) - np.repeat(
        np.cumsum(lengths[spelled]) - lengths[spelled], lengths[spelled]
    )
    where = np.repeat((ends - lengths)[spelled], lengths[spelled]) + within
    out[where] = np.where(joined == 0xFF, END_OF_SPELLING, joined.astype(np.int32) + FIRST_BYTE)
    return out
