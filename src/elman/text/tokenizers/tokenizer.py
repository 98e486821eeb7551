"""The interface of tokenizers, and the byte tokens that all of them include.

Token 0 is BOUNDARY, 1..256 are the bytes 0..255, and 257.. depend on the tokenizer.
Shapes: V tokens in the vocabulary, N tokens of one text.
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
"""The token before each document; it decodes to the empty string."""

FIRST_BYTE = 1
FIRST_OWN = 257
"""The first token that depends on the tokenizer."""

BYTES = [bytes([byte]) for byte in range(256)]


class StreamDecoder(Protocol):
    """Decodes tokens to text one at a time."""

    def feed(self, token: int) -> str:
        """The text that this token completes; "" if it only begins a character."""

    def finish(self) -> str:
        """The pending text at the end; resets the decoder."""


class Tokenizer(ABC):
    """A vocabulary with the invariant `decode(encode(text)) == text` for every text.

    Lone surrogates, which UTF-8 cannot encode, become U+FFFD.
    """

    name: ClassVar[str]

    seam: ClassVar[tuple[int, ...]] = ()
    """Tokens to insert between two texts that were not cut after a newline, so that
    `decode([*encode(a), *seam, *encode(b)]) == a + b` for all texts a and b."""

    @classmethod
    @abstractmethod
    def learn(cls, chunks: Iterable[str], *, size: int | None = None) -> Self:
        """Learn a vocabulary.

        Args:
            chunks: of the training text, read once.
            size: the largest V; None: the default of the tokenizer.

        Raises:
            SettingError: `size` is too small for the tokens that every vocabulary has.
        """

    @property
    @abstractmethod
    def size(self) -> int:
        """V, the number of tokens, including BOUNDARY and the bytes."""

    @abstractmethod
    def encode(self, text: str) -> Tokens:
        """The tokens (N,) of a text, without BOUNDARY."""

    @abstractmethod
    def decoder(self) -> StreamDecoder:
        """A new decoder. Invalid UTF-8 becomes U+FFFD."""

    def decode(self, ids: Sequence[int] | NDArray[Any]) -> str:
        """The text of tokens (N,). BOUNDARY becomes "", invalid UTF-8 becomes U+FFFD.

        Raises:
            ValueError: an id is not in this vocabulary.
        """
        decoder = self.decoder()
        return "".join(map(decoder.feed, known(ids, self.size))) + decoder.finish()

    def pieces(self, ids: Sequence[int] | NDArray[Any]) -> list[str]:
        """The text of each token; a character of several byte tokens belongs to the last of them.
        Joined, the pieces equal `decode(ids)`."""
        decoder = self.decoder()
        texts = [decoder.feed(token) for token in known(ids, self.size)]
        if texts:
            texts[-1] += decoder.finish()
        return texts

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The vocabulary as plain data, including the `name` of the tokenizer."""

    @classmethod
    @abstractmethod
    def from_json(cls, value: object) -> Self:
        """The tokenizer that `to_json` wrote.

        Raises:
            ModelFileError: the value is malformed.
        """

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex of the vocabulary; equal for equal tokenizers."""
        plain = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(plain.encode()).hexdigest()


class ByteDecoder:
    """Decodes a tokenizer whose tokens are byte strings; see `StreamDecoder`.

    Args:
        spellings: (V,) the bytes of each token.
    """

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
    """The ids as plain integers, checked to be in a vocabulary of `size` tokens."""
    tokens = np.asarray(ids, dtype=np.int64).reshape(-1)
    if tokens.size and not 0 <= tokens.min() <= tokens.max() < size:
        wrong = int(tokens[(tokens < 0) | (tokens >= size)][0])
        raise ValueError(f"token {wrong} is not in a vocabulary of {size}")
    plain: list[int] = tokens.tolist()
    return plain


def checked_size(size: int | None, default: int, minimum: int, tokenizer: str) -> int:
    """The size of a vocabulary to learn.

    Raises:
        SettingError: it is below the minimum of this tokenizer.
    """
    if size is None:
        return default
    if size < minimum:
        raise SettingError(
            f"{size} tokens are too few",
            location="size",
            hint=f"The {tokenizer} tokenizer needs {minimum}",
        )
    return size


def damaged(cause: str) -> ModelFileError:
    """The error for a malformed vocabulary in a model file."""
    return ModelFileError(
        cause, location="vocabulary", hint="The file is damaged, or not a model of this version"
    )


def fields(value: object, tokenizer: str, **types: type) -> dict[str, Any]:
    """The JSON object of a vocabulary, whose fields are checked.

    Args:
        value: parsed JSON.
        tokenizer: the expected `name`.
        types: the other fields, each with its exact type.

    Raises:
        ModelFileError: a field is missing, unknown or of another type.
    """
    if not isinstance(value, dict) or set(value) != {"name", *types}:
        raise damaged(f"a {tokenizer} vocabulary has the fields name, {', '.join(types)}")
    if value["name"] != tokenizer:
        raise damaged(f"expected the tokenizer {tokenizer!r}, found {value['name']!r}")
    for field, expected in types.items():
        if type(value[field]) is not expected:
            actual = type(value[field]).__name__
            raise damaged(f"{field} should be a {expected.__name__}, not a {actual}")
    return value
