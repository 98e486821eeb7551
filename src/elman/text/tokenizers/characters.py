"""Character tokenizer: ids from 257 on are characters of the training text; any other character is
encoded as its UTF-8 bytes.

Shapes: V tokens in the vocabulary, N tokens of one text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from elman.text.byte_decoding import without_surrogates
from elman.text.tokenizers.tokenizer import (
    BYTES,
    FIRST_BYTE,
    FIRST_OWN,
    ByteDecoder,
    StreamDecoder,
    Tokenizer,
    checked_size,
    damaged,
    fields,
    known,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from elman.text.tokenizers.tokenizer import Tokens


MAX_CHARACTERS = 8192
"""The most characters in a vocabulary."""

LONG_TEXT = 1_000_000
"""In a text of more characters than this, a character that occurs once is left out as a typo."""

_CODE_POINTS = 0x110000


class Characters(Tokenizer):
    """The tokenizer of the characters of a text.

    Args:
        characters: the vocabulary, in rising order of code points.
    """

    name: ClassVar[str] = "character"

    def __init__(self, characters: str) -> None:
        self.characters = characters
        own = _code_points(characters)
        # One entry more than the highest code point, for all code points above it.
        self._token_of = np.full(int(own.max(initial=0)) + 2, -1, dtype=np.int32)
        self._token_of[own] = np.arange(FIRST_OWN, FIRST_OWN + len(own), dtype=np.int32)
        self._spellings = [b"", *BYTES, *(character.encode() for character in characters)]

    @classmethod
    def learn(cls, chunks: Iterable[str], *, size: int | None = None) -> Self:
        size = checked_size(size, FIRST_OWN + MAX_CHARACTERS, FIRST_OWN, cls.name)
        counts = count_characters(chunks)
        seen = np.flatnonzero(counts >= (2 if counts.sum() > LONG_TEXT else 1))
        # A stable sort: of equally frequent characters the lower code point comes first.
        most_frequent = seen[np.argsort(-counts[seen], kind="stable")][: size - FIRST_OWN]
        return cls("".join(map(chr, np.sort(most_frequent))))

    @property
    def size(self) -> int:
        return len(self._spellings)

    def encode(self, text: str) -> Tokens:
        codes = _code_points(without_surrogates(text))
        tokens = self._token_of[np.minimum(codes, len(self._token_of) - 1)]
        unseen = tokens < 0
        return _spell(tokens, codes, unseen) if unseen.any() else tokens

    def decode(self, ids: Sequence[int] | NDArray[Any]) -> str:
        spellings = self._spellings
        return b"".join([spellings[i] for i in known(ids, self.size)]).decode("utf-8", "replace")

    def decoder(self) -> StreamDecoder:
        return ByteDecoder(self._spellings)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "characters": self.characters}

    @classmethod
    def from_json(cls, value: object) -> Self:
        characters = fields(value, cls.name, characters=str)["characters"]
        if without_surrogates(characters) != characters:
            raise damaged("it holds a lone surrogate")
        if (np.diff(_code_points(characters).astype(np.int64)) <= 0).any():
            raise damaged("its characters are not in rising order, each once")
        return cls(characters)


def count_characters(chunks: Iterable[str]) -> NDArray[np.int64]:
    """The frequency of each code point, (0x110000,); memory does not grow with the text."""
    counts = np.zeros(_CODE_POINTS, dtype=np.int64)
    for chunk in chunks:
        chunk_counts = np.bincount(_code_points(without_surrogates(chunk)))
        counts[: len(chunk_counts)] += chunk_counts
    return counts


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _spell(tokens: Tokens, codes: NDArray[np.uint32], unseen: NDArray[np.bool_]) -> Tokens:
    """Tokens (N,) with each unseen character replaced by the tokens of its UTF-8 bytes."""
    spelled = codes[unseen]
    spelling = "".join(map(chr, spelled.tolist())).encode()
    widths = 1 + (spelled > 0x7F).astype(np.int64) + (spelled > 0x7FF) + (spelled > 0xFFFF)
    lengths = np.ones(len(tokens), dtype=np.int64)
    lengths[unseen] = widths
    is_byte = np.repeat(unseen, lengths)
    out = np.empty(len(is_byte), dtype=np.int32)
    out[is_byte] = np.frombuffer(spelling, dtype=np.uint8).astype(np.int32) + FIRST_BYTE
    out[~is_byte] = tokens[~unseen]
    return out
