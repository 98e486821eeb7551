"""What every unit of text has in common, and the bytes that lie under all of them.

Symbols: 0 is BOUNDARY, 1..256 are the bytes 0..255, what follows is the unit's own.
V the number of symbols, N the number of symbols of one text.
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

    Symbols = NDArray[np.int32]


BOUNDARY = 0
"""The symbol between documents and at every beginning; it decodes to nothing."""

FIRST_BYTE = 1
FIRST_OWN = 257
"""The first symbol that a unit defines for itself."""

BYTES = [bytes([byte]) for byte in range(256)]


class StreamDecoder(Protocol):
    """Turns symbols into text one at a time, for a text that is still being written."""

    def feed(self, symbol: int) -> str:
        """The text that this symbol completes: "" where more is needed to tell."""

    def finish(self) -> str:
        """What is still pending at the end, after which the decoder starts anew."""


class Tokenizer(ABC):
    """A vocabulary and its law: `decode(encode(text)) == text`, for every text.

    Lone surrogates, which no file holds and no screen can show, are read as U+FFFD.
    """

    name: ClassVar[str]

    seam: ClassVar[tuple[int, ...]] = ()
    """Symbols to put between two texts that were cut elsewhere than after a newline, so that
    `decode([*encode(a), *seam, *encode(b)]) == a + b` for all texts a and b."""

    @classmethod
    @abstractmethod
    def learn(cls, chunks: Iterable[str], *, size: int | None = None) -> Self:
        """A vocabulary of at most `size` symbols for a text that comes in chunks, read once.

        Raises:
            SettingError: `size` has no room for the symbols that every vocabulary holds.
        """

    @property
    @abstractmethod
    def size(self) -> int:
        """V: all symbols, BOUNDARY and the bytes among them."""

    @abstractmethod
    def encode(self, text: str) -> Symbols:
        """Text -> symbols (N,), without BOUNDARY."""

    @abstractmethod
    def decoder(self) -> StreamDecoder:
        """A decoder at the beginning of a text. Bytes that are no UTF-8 become U+FFFD."""

    def decode(self, ids: Sequence[int] | NDArray[Any]) -> str:
        """Symbols (N,) -> text. BOUNDARY is "", bytes that are no UTF-8 become U+FFFD.

        Raises:
            ValueError: an id that is no symbol of this vocabulary.
        """
        decoder = self.decoder()
        return "".join(map(decoder.feed, known(ids, self.size))) + decoder.finish()

    def pieces(self, ids: Sequence[int] | NDArray[Any]) -> list[str]:
        """What each symbol writes; of a character in several bytes, the last writes it. Joined
        they are what `decode` gives."""
        decoder = self.decoder()
        written = [decoder.feed(symbol) for symbol in known(ids, self.size)]
        if written:
            written[-1] += decoder.finish()
        return written

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The whole vocabulary as plain data, its `name` included."""

    @classmethod
    @abstractmethod
    def from_json(cls, value: object) -> Self:
        """The unit that `to_json` wrote.

        Raises:
            ModelFileError: anything in it is not as `to_json` writes it.
        """

    @property
    def fingerprint(self) -> str:
        """sha256 in hex of the vocabulary: units that encode alike have the same."""
        plain = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(plain.encode()).hexdigest()


class ByteDecoder:
    """Decodes a unit whose every symbol stands for fixed bytes."""

    def __init__(self, spellings: Sequence[bytes]) -> None:
        self._spellings = spellings
        self._utf8 = utf8_decoder()

    def feed(self, symbol: int) -> str:
        return self._utf8.decode(self._spellings[symbol])

    def finish(self) -> str:
        text = self._utf8.decode(b"", final=True)
        self._utf8.reset()
        return text


def utf8_decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


def known(ids: Sequence[int] | NDArray[Any], size: int) -> list[int]:
    """The ids as plain integers, each checked to be a symbol of a vocabulary of `size`."""
    symbols = np.asarray(ids, dtype=np.int64).reshape(-1)
    if symbols.size and not 0 <= symbols.min() <= symbols.max() < size:
        wrong = int(symbols[(symbols < 0) | (symbols >= size)][0])
        raise ValueError(f"symbol {wrong} is not in a vocabulary of {size}")
    plain: list[int] = symbols.tolist()
    return plain


def checked_size(size: int | None, default: int, least: int, unit: str) -> int:
    if size is None:
        return default
    if size < least:
        raise SettingError(
            f"{size} symbols are too few", place="size", advice=f"The {unit} unit needs {least}"
        )
    return size


def damaged(cause: str) -> ModelFileError:
    return ModelFileError(
        cause, place="vocabulary", advice="The file is damaged or no model of this version"
    )


def fields(value: object, unit: str, **types: type) -> dict[str, Any]:
    """A unit's JSON object, which must hold its name and exactly these fields, of these types."""
    if not isinstance(value, dict) or set(value) != {"name", *types}:
        raise damaged(f"a {unit} vocabulary holds the fields name, {', '.join(types)}")
    if value["name"] != unit:
        raise damaged(f"expected the unit {unit!r}, found {value['name']!r}")
    for field, wanted in types.items():
        if type(value[field]) is not wanted:
            found = type(value[field]).__name__
            raise damaged(f"{field} should be a {wanted.__name__}, not a {found}")
    return value
