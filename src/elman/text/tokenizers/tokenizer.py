"""What every tokenizer of text has in common, and the bytes that lie under all of them.

Tokens: 0 is BOUNDARY, 1..256 are the bytes 0..255, what follows is the tokenizer's own.
V the number of tokens, N the number of tokens of one text.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np

from elman.errors import ModelFileError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Tokens = NDArray[np.int32]


BOUNDARY = 0
"""The token between documents and at every beginning; it decodes to nothing."""

FIRST_BYTE = 1
FIRST_OWN = 257
"""The first token that a tokenizer defines for itself."""

BYTES = [bytes([byte]) for byte in range(256)]


class StreamDecoder(Protocol):
    """Turns tokens into text one at a time, for a text that is still being written."""

    def feed(self, token: int) -> str:
        """The text that this token completes: "" where more is needed to tell."""

    def finish(self) -> str:
        """What is still pending at the end, after which the decoder starts anew."""


class Tokenizer(ABC):
    """A vocabulary and its law: `decode(encode(text)) == text`, for every text.

    Lone surrogates, which no file holds and no screen can show, are read as U+FFFD.
    """

    name: ClassVar[str]

    seam: ClassVar[tuple[int, ...]] = ()
    """Tokens to put between two texts that were cut elsewhere than after a newline, so that
    `decode([*encode(a), *seam, *encode(b)]) == a + b` for all texts a and b."""

    @classmethod
    @abstractmethod
    def learn(cls, chunks: Iterable[str], *, size: int | None = None) -> Self:
        """A vocabulary of at most `size` tokens for a text that comes in chunks, read once.

        Raises:
            SettingError: `size` has no room for the tokens that every vocabulary holds.
        """

    @property
    @abstractmethod
    def size(self) -> int:
        """V: all tokens, BOUNDARY and the bytes among them."""

    @abstractmethod
    def encode(self, text: str) -> Tokens:
        """Text -> tokens (N,), without BOUNDARY."""

    @abstractmethod
    def decoder(self) -> StreamDecoder:
        """A decoder at the beginning of a text. Bytes that are no UTF-8 become U+FFFD."""

    def decode(self, ids: Sequence[int] | NDArray[Any]) -> str:
        """Tokens (N,) -> text. BOUNDARY is "", bytes that are no UTF-8 become U+FFFD.

        Raises:
            ValueError: an id that is no token of this vocabulary.
        """
        decoder = self.decoder()
        return "".join(map(decoder.feed, known(ids, self.size))) + decoder.finish()

    def pieces(self, ids: Sequence[int] | NDArray[Any]) -> list[str]:
        """What each token writes; of a character in several bytes, the last writes it. Joined
        they are what `decode` gives."""
        decoder = self.decoder()
        written = [decoder.feed(token) for token in known(ids, self.size)]
        if written:
            written[-1] += decoder.finish()
        return written

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The whole vocabulary as plain data, its `name` included."""

    @classmethod
    @abstractmethod
    def from_json(cls, value: object) -> Self:
        """The tokenizer that `to_json` wrote.

        Raises:
            ModelFileError: anything in it is not as `to_json` writes it.
        """

    @property
    def fingerprint(self) -> str:
        """sha256 in hex of the vocabulary: tokenizers that encode alike have the same."""
        plain = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(plain.encode()).hexdigest()


class ByteDecoder:
    """Decodes a tokenizer whose every token stands for fixed bytes."""

    def __init__(self, spellings: Sequence[bytes]) -> None:
        self._spellings = spellings
        self._utf8 = utf8_decoder()

    def feed(self, token: int) -> str:
        return self._utf8.decode(self._spellings[token])

    def finish(self) -> str:
        text = self._utf8.decode(b"", final=True)
        self._utf8.reset()
        return text


def utf8_decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


def known(ids: Sequence[int] | NDArray[Any], size: int) -> list[int]:
    """The ids as plain integers, each checked to be a token of a vocabulary of `size`."""
    tokens = np.asarray(ids, dtype=np.int64).reshape(-1)
    if tokens.size and not 0 <= tokens.min() <= tokens.max() < size:
        wrong = int(tokens[(tokens < 0) | (tokens >= size)][0])
        raise ValueError(f"token {wrong} is not in a vocabulary of {size}")
    plain: list[int] = tokens.tolist()
    return plain


def checked_size(size: int | None, default: int, least: int, tokenizer: str) -> int:
    if size is None:
        return default
    if size < least:
        raise SettingError(
            f"{size} tokens are too few",
            location="size",
            hint=f"The {tokenizer} tokenizer needs {least}",
        )
    return size


def damaged(cause: str) -> ModelFileError:
    return ModelFileError(
        cause, location="vocabulary", hint="The file is damaged or no model of this version"
    )


def fields(value: object, tokenizer: str, **types: type) -> dict[str, Any]:
    """A tokenizer's JSON object, which must hold its name and just these fields, of these types."""
    if not isinstance(value, dict) or set(value) != {"name", *types}:
        raise damaged(f"a {tokenizer} vocabulary holds the fields name, {', '.join(types)}")
    if value["name"] != tokenizer:
        raise damaged(f"expected the tokenizer {tokenizer!r}, found {value['name']!r}")
    for field, wanted in types.items():
        if type(value[field]) is not wanted:
            found = type(value[field]).__name__
            raise damaged(f"{field} should be a {wanted.__name__}, not a {found}")
    return value
