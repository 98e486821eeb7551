"""Bytes -> text: decoded, checked, newlines made \\n, in chunks that end after a line.

Nothing here holds more than a few chunks, however long the file or its lines are.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from typing import TYPE_CHECKING, BinaryIO

from elman.errors import BinaryFileError, EncodingError, InputError, MissingFileError, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


BLOCK = 1 << 20
"""Bytes read at once."""

_ZEROS = "bytes with zeros among them"
_MAGIC = {
    b"%PDF-": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "gzip data without .gz at the end of its name",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ": "xz data",
    b"\x28\xb5\x2f\xfd": "zstandard data",
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile(rb"\r\n|\r|\n")


def checked_encoding(encoding: str) -> str:
    """The encoding's canonical name.

    Raises:
        SettingError: Python knows no such encoding of text.
    """
    try:
        b"a".decode(encoding, "replace")  # `lookup` alone would let base64 and zlib pass
        return codecs.lookup(encoding).name
    except (LookupError, ValueError, TypeError) as error:
        raise SettingError(
            f"unknown encoding {encoding!r}",
            location="--encoding",
            hint="Try one of: utf-8, latin-1, cp1252, utf-16",
        ) from error


def binary_kind(head: bytes, encoding: str) -> str | None:
    """What a file that begins with these bytes is, or None where it may well be text."""
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    return _ZEROS if has_zeros(head, encoding) else None


def has_zeros(block: bytes, encoding: str) -> bool:
    """Whether there are zeros where this encoding of text would have none."""
    return b"\0" in block and not _is_wide(encoding)


def without_surrogates(text: str) -> str:
    """The text with each lone surrogate as U+FFFD: what UTF-8 can hold."""
    # Most texts are ASCII, and a flag in the string says so; the others are searched.
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


class TextDecoder:
    """The text of one file, as often as it is asked for.

    Args:
        name: the file as errors name it.
        locate: says where its bytes are, when they are needed.
        encoding: a name that `checked_encoding` gave.
        gzipped: whether the bytes are to be decompressed first.
    """

    def __init__(
        self, name: str, locate: Callable[[], Path], encoding: str, *, gzipped: bool
    ) -> None:
        self.name = name
        self._locate = locate
        self._encoding = encoding
        self._gzipped = gzipped

    def head(self) -> bytes:
        """The first bytes, decompressed."""
        return next(self._blocks(None), b"")

    def chunks(self, size: int, read: Callable[[int], None] | None) -> Iterator[str]:
        """The text in chunks, see `cut_in_chunks`.

        Raises:
            MissingFileError, InputError, BinaryFileError, EncodingError.
        """
        return cut_in_chunks(self._texts(read), size)

    def _texts(self, read: Callable[[int], None] | None) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)("strict")
        newlines = io.IncrementalNewlineDecoder(None, translate=True)
        start, is_first = 0, True
        for block in self._blocks(read):
            self._check(block, is_first=start == 0)
            text = self._decode(decoder, block, start)
            start += len(block)
            if is_first and text:
                text, is_first = text.removeprefix("\ufeff"), False
            yield newlines.decode(text)
        yield newlines.decode(self._decode(decoder, b"", start), final=True)

    def _blocks(self, read: Callable[[int], None] | None) -> Iterator[bytes]:
        try:
            with self._locate().open("rb") as raw:
                opened = gzip.GzipFile(fileobj=raw) if self._gzipped else raw
                yield from _blocks_of(opened, raw, read)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(
                f"damaged gzip data ({error})".replace(".)", ")"),
                location=self.name,
                hint="Fetch or compress the file again",
            ) from error
        except OSError as error:
            raise unreadable(self.name, error) from error

    def _check(self, block: bytes, *, is_first: bool) -> None:
        is_wide = block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        if is_first and is_wide and not _is_wide(self._encoding):
            raise EncodingError(
                f"begins as UTF-16 does, not {_shown(self._encoding)}",
                location=self.name,
                hint="Name its encoding: --encoding utf-16",
            )
        kind = binary_kind(block, self._encoding) if is_first else None
        if kind is not None or has_zeros(block, self._encoding):
            raise BinaryFileError(
                f"no text but {kind or _ZEROS}",
                location=self.name,
                hint="Name plain text files, or extract its text first",
            )

    def _decode(self, decoder: codecs.IncrementalDecoder, block: bytes, start: int) -> str:
        pending = decoder.getstate()[0]
        try:
            return decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            # A decoder puts what it kept of the last block before this one.
            raise self._wrong(start - len(pending) + error.start, error) from error

    def _wrong(self, offset: int, error: UnicodeDecodeError) -> EncodingError:
        byte = f"0x{error.object[error.start]:02x}"
        shown = _shown(self._encoding)
        if _is_wide(self._encoding):
            place, column = self.name, offset + 1
        else:
            line, column = self._line_and_column(offset)
            place = f"{self.name}:{line}"
        other = "latin-1" if self._encoding.startswith("utf") else "utf-8"
        return EncodingError(
            f"byte {column} ({byte}) is not {shown}",
            location=place,
            hint=f"Name its encoding, for example: --encoding {other}",
        )

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        """Both from 1. The file is read again up to there, so that no other reader pays for it."""
        position = ReadPosition()
        for block in self._blocks(None):
            part = block[:offset]
            offset -= len(part)
            position.pass_over(part)
            if not offset:
                break
        return position.line, position.column


class ReadPosition:
    """The line and the column, in bytes and both from 1, that some bytes lead to."""

    def __init__(self) -> None:
        self.line = 1
        self.column = 1
        self._was_return = False

    def pass_over(self, part: bytes) -> None:
        if self._was_return and part.startswith(b"\n"):
            part, self.column = part[1:], 1
        self._was_return = part.endswith(b"\r")
        ends = list(_LINE_END.finditer(part))
        self.line += len(ends)
        self.column = len(part) - ends[-1].end() + 1 if ends else self.column + len(part)


def cut_in_chunks(texts: Iterable[str], size: int) -> Iterator[str]:
    """The same text in chunks of at most `size` characters, the same however `texts` were cut.

    A chunk ends right after a newline; in a line longer than `size`, after a space; in a word
    longer than that, anywhere.
    """
    pending = ""
    for text in texts:
        pending += text
        start = 0
        while len(pending) - start >= size:
            end = start + size
            cut = pending.rfind("\n", start, end) + 1 or pending.rfind(" ", start, end) + 1 or end
            yield pending[start:cut]
            start = cut
        pending = pending[start:]
    if pending:
        yield pending


def unreadable(name: str, error: Exception) -> MissingFileError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return MissingFileError(
        f"cannot be read: {reason}", location=name, hint="Check the name and its permissions"
    )


def _blocks_of(
    opened: BinaryIO | gzip.GzipFile, raw: BinaryIO, read: Callable[[int], None] | None
) -> Iterator[bytes]:
    """Blocks of decompressed bytes; `read` hears how many bytes of the file each has taken."""
    done = 0
    while block := opened.read(BLOCK):
        if read is not None:
            position = raw.tell()
            read(position - done)
            done = position
        yield block


def _is_wide(encoding: str) -> bool:
    """Whether a character takes two or four bytes, so that bytes make no lines."""
    return encoding.startswith(("utf-16", "utf-32"))


def _shown(encoding: str) -> str:
    return encoding.upper() if encoding.startswith("utf") else encoding
