"""Decode bytes to text: checked, with \\n newlines, in chunks that end after a line.

Memory stays at a few chunks, however long the file or its lines are.
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

_ZEROS = "binary data (it has zero bytes)"
_MAGIC = {
    b"%PDF-": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a zip archive",
    b"\xd0\xcf\x11\xe0": "a document of old versions of Office, such as .xls",
    b"PAR1": "Parquet without .parquet at the end of its name",
    b"ARROW1": "Arrow or Feather without .arrow or .feather at the end of its name",
    b"\x1f\x8b": "gzip data without .gz at the end of its name",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ": "xz data",
    b"\x28\xb5\x2f\xfd": "zstandard data",
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEWLINE, _ANY_END = re.compile(rb"\n"), re.compile(rb"\r\n|\r|\n")
_UNDEFINED_IN_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_MAX_HELD = 1 << 20  # characters


def checked_encoding(encoding: str) -> str:
    """The canonical name of a text encoding.

    Args:
        encoding: a name or alias, such as "latin1".

    Raises:
        SettingError: Python has no text encoding of this name.
    """
    try:
        b"a".decode(encoding, "replace")  # `lookup` alone accepts base64 and zlib
        return codecs.lookup(encoding).name
    except (LookupError, ValueError, TypeError) as error:
        raise SettingError(
            f"unknown encoding {encoding!r}",
            location="encoding",
            hint="Try one of: utf-8, latin-1, cp1252, utf-16",
        ) from error


def binary_kind(head: bytes, encoding: str) -> str | None:
    """The kind of a binary file by its first bytes, such as "a PNG image"; None for text."""
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    return _ZEROS if has_zeros(head, encoding) else None


def has_zeros(block: bytes, encoding: str) -> bool:
    """Whether a block has zero bytes, which text has only in UTF-16 and UTF-32."""
    return b"\0" in block and not _is_wide(encoding)


def check_text(name: str, block: bytes, encoding: str, *, is_first: bool) -> None:
    """Check that a block of bytes may be text.

    Args:
        name: of the file, for messages.
        block: some of its bytes.
        encoding: a name that `checked_encoding` returned.
        is_first: whether the file begins with the block.

    Raises:
        BinaryFileError: it is not text.
        EncodingError: it is announced as UTF-16, and the encoding is another.
    """
    is_wide = block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if is_first and is_wide and not _is_wide(encoding):
        raise EncodingError(
            f"begins with the byte order mark of UTF-16, not {_display_name(encoding)}",
            location=name,
            hint="Name its encoding: --encoding utf-16",
        )
    kind = binary_kind(block, encoding) if is_first else None
    if kind is not None or has_zeros(block, encoding):
        raise BinaryFileError(
            f"not text but {kind or _ZEROS}",
            location=name,
            hint="Name plain text files, or extract the text first",
        )


def without_surrogates(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD, so that UTF-8 can encode it."""
    # `isascii` reads a flag of the string; most texts need no search.
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


class NewlineDecoder:
    r"""Turns the line ends of a text into \n: \r\n or \n; or \r, in texts without any \n.

    Where \n ends lines, a lone \r is a character of a line, as for `wc -l` and for the programs
    that write parallel files.
    """

    def __init__(self) -> None:
        self._universal = io.IncrementalNewlineDecoder(None, translate=True)
        self._is_any_end: bool | None = None  # None: undecided, since no text had a line end
        self._held = ""

    def decode(self, text: str, *, final: bool = False) -> str:
        r"""The next part of the text with \n at its line ends; text after a first \r is held back
        until a \n comes, or much text without any.

        Args:
            text: the part.
            final: whether the text ends with it.
        """
        if self._is_any_end:
            return self._universal.decode(text, final=final)
        text, self._held = self._held + text, ""
        if self._is_any_end is None:
            if "\n" in text:
                self._is_any_end = False
            elif "\r" in text:
                if not final and len(text) <= _MAX_HELD:
                    self._held = text
                    return ""
                self._is_any_end = True
                return self._universal.decode(text, final=final)
        if text.endswith("\r") and not final:  # it may belong to a \r\n
            text, self._held = text[:-1], "\r"
        return text.replace("\r\n", "\n")


class TextDecoder:
    """Decodes the text of one file, any number of times.

    Args:
        name: of the file, for messages.
        locate: returns the path of the bytes; called when they are first read.
        encoding: a name that `checked_encoding` returned.
        gzipped: whether to decompress the bytes first.
    """

    def __init__(
        self, name: str, locate: Callable[[], Path], encoding: str, *, gzipped: bool
    ) -> None:
        self.name = name
        self._locate = locate
        self._encoding = encoding
        self._gzipped = gzipped

    def head(self) -> bytes:
        """The first block of bytes, decompressed."""
        return next(self.blocks(None), b"")

    def chunks(self, size: int, read: Callable[[int], None] | None) -> Iterator[str]:
        """The text in chunks, see `cut_in_chunks`.

        Args:
            size: the largest chunk, in characters.
            read: called with the number of bytes of each block as it is read.

        Raises:
            MissingFileError: the file cannot be read.
            InputError: its gzip data is damaged.
            BinaryFileError: it is not text.
            EncodingError: it is in another encoding.
        """
        return cut_in_chunks(self._texts(read), size)

    def _texts(self, read: Callable[[int], None] | None) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)("strict")
        newlines = NewlineDecoder()
        start, is_first = 0, True
        for block in self.blocks(read):
            check_text(self.name, block, self._encoding, is_first=start == 0)
            text = self._decode(decoder, block, start)
            start += len(block)
            if is_first and text:
                text, is_first = text.removeprefix("\ufeff"), False
            yield newlines.decode(text)
        yield newlines.decode(self._decode(decoder, b"", start), final=True)

    def blocks(self, read: Callable[[int], None] | None) -> Iterator[bytes]:
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

    def _decode(self, decoder: codecs.IncrementalDecoder, block: bytes, start: int) -> str:
        pending = decoder.getstate()[0]
        try:
            return decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            # The decoder prepends the bytes it kept from the last block.
            raise self._wrong(start - len(pending) + error.start, error) from error

    def _wrong(self, offset: int, error: UnicodeDecodeError) -> EncodingError:
        byte = f"0x{error.object[error.start]:02x}"
        encoding = _display_name(self._encoding)
        if _is_wide(self._encoding):
            location, column = self.name, offset + 1
        else:
            line, column = self._line_and_column(offset)
            location = f"{self.name}:{line}"
        other = "utf-8"
        if self._encoding.startswith("utf"):
            # Of the control characters of Latin-1, cp1252 makes letters, all but five.
            is_windows = not _UNDEFINED_IN_CP1252.intersection(error.object[error.start :])
            other = "cp1252" if is_windows else "latin-1"
        return EncodingError(
            f"byte {column} ({byte}) is not {encoding}",
            location=location,
            hint=f"Name its encoding, for example: --encoding {other}",
        )

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        """Both from 1. Reads the file again up to the offset: counting lines while decoding would
        slow every file."""
        position = ReadPosition()
        for block in self.blocks(None):
            part = block[:offset]
            offset -= len(part)
            position.advance(part)
            if not offset:
                break
        return position.line, position.column


class ReadPosition:
    r"""The line and the column (in bytes) after some bytes, both from 1.

    A lone \r ends a line where no \n does, see `NewlineDecoder`.
    """

    def __init__(self) -> None:
        self._newlines = _Count(_NEWLINE)
        self._any_ends = _Count(_ANY_END)

    @property
    def line(self) -> int:
        return self._count.line

    @property
    def column(self) -> int:
        return self._count.column

    def advance(self, part: bytes) -> None:
        """Move the position past these bytes."""
        self._newlines.advance(part)
        self._any_ends.advance(part)

    @property
    def _count(self) -> _Count:
        return self._newlines if self._newlines.line > 1 else self._any_ends


class _Count:
    """Counts the line ends of a kind."""

    def __init__(self, end: re.Pattern[bytes]) -> None:
        self.line = 1
        self.column = 1
        self._end = end
        self._was_return = False

    def advance(self, part: bytes) -> None:
        if self._was_return and part.startswith(b"\n") and self._end is _ANY_END:
            part, self.column = part[1:], 1
        self._was_return = part.endswith(b"\r")
        ends = list(self._end.finditer(part))
        self.line += len(ends)
        self.column = len(part) - ends[-1].end() + 1 if ends else self.column + len(part)


def cut_in_chunks(texts: Iterable[str], size: int) -> Iterator[str]:
    """The same text in chunks of at most `size` characters, which do not depend on how `texts`
    is cut.

    A chunk ends right after a newline; in a line longer than `size`, after a space; in a word
    longer than `size`, anywhere.
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
    """The error for a file that the system cannot read."""
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return MissingFileError(
        f"cannot be read: {reason}", location=name, hint="Check the name and its permissions"
    )


def _blocks_of(
    opened: BinaryIO | gzip.GzipFile, raw: BinaryIO, read: Callable[[int], None] | None
) -> Iterator[bytes]:
    """Blocks of decompressed bytes; calls `read` with the bytes of the file that each took."""
    done = 0
    while block := opened.read(BLOCK):
        if read is not None:
            offset = raw.tell()
            read(offset - done)
            done = offset
        yield block


def _is_wide(encoding: str) -> bool:
    """Whether each code unit has two or four bytes, so that byte 10 does not end a line."""
    return encoding.startswith(("utf-16", "utf-32"))


def _display_name(encoding: str) -> str:
    return encoding.upper() if encoding.startswith("utf") else encoding
