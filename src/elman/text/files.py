"""Sources of text: files, folders, standard input, or texts in memory, read as a stream.

A source can be read any number of times and never holds a whole file in memory.
"""

from __future__ import annotations

import hashlib
import os
from copy import copy
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Self

from elman.errors import SettingError
from elman.text.byte_decoding import (
    NewlineDecoder,
    TextDecoder,
    checked_encoding,
    cut_in_chunks,
    without_surrogates,
)
from elman.text.formats.label_tools import converted, may_be_export
from elman.text.formats.row_file import RowDecoder
from elman.text.paths import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from os import PathLike

    from elman.text.paths import Input


CHUNK = 1 << 20
"""The largest chunk, in characters."""

END_OF_DOCUMENT = b"\xff"
"""The separator of documents in a content hash; UTF-8 never contains this byte."""


class Document(NamedTuple):
    """One file or one text, which a network reads from an empty state.

    Attributes:
        name: for messages.
        open: returns the text in chunks; called once per reading.
    """

    name: str
    open: Callable[[], Iterator[str]]

    def chunks(self) -> Iterator[str]:
        """The text in chunks of at most about a million characters, from the beginning.

        A chunk ends right after a newline, unless a line is longer than a chunk.

        Raises:
            InputError: the file cannot be read as text.
        """
        return self.open()


class TextSource:
    """Documents of text, in a fixed order.

    Args:
        paths: files (also .gz), folders, and `-` for standard input. In a folder the text files are
            read (.txt, .text, .md, .rst and these with .gz) or, if there are none, every file that
            is not binary; hidden files are skipped.
        encoding: of all files.
        chunk_size: the largest chunk, in characters.
        sheet: the name of the sheet that is read of Excel workbooks; None, the default: the first.

    Raises:
        MissingFileError: a path is missing or unreadable, or a folder has no text.
        EmptyTextError: a file has no bytes.
        SettingError: the encoding is unknown; a sheet is named, and no file is a workbook.
    """

    def __init__(
        self,
        paths: Sequence[str | PathLike[str]],
        *,
        encoding: str = "utf-8",
        chunk_size: int = CHUNK,
        sheet: str | None = None,
    ) -> None:
        self._encoding = checked_encoding(encoding)
        self._chunk_size = chunk_size
        self._texts: list[str] = []
        self._notes: dict[str, list[str]] = {}  # by the name of a file
        names = [os.fspath(path) for path in paths]
        self._inputs = [each for name in names for each in resolve(name, self._encoding)]
        self._sheet = sheet
        formats = [each.row_format for each in self._inputs]
        if sheet is not None and not any(each and each.has_sheets for each in formats):
            raise SettingError(
                f"{names[0]} is no workbook" if names else "texts in memory have no sheets",
                location="sheet",
                hint="Leave it out.",
            )
        self.name = names[0] if names else "the texts given"
        if len(names) > 1:
            self.name += f" and {len(names) - 1} more"

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, chunk_size: int = CHUNK) -> Self:
        """A source of texts in memory, one document each."""
        source = cls((), chunk_size=chunk_size)
        source._texts = list(texts)
        return source

    def documents(self, read: Callable[[int], None] | None = None) -> Iterator[Document]:
        """The documents, one per file or text.

        Args:
            read: called with the number of bytes of each block as it is read.
        """
        size = self._chunk_size
        for number, text in enumerate(self._texts, start=1):
            yield Document(_name_of_text(number), partial(_chunks_of_text, text, size, read))
        for each in self._inputs:
            yield Document(each.name, partial(self._chunks_of, each, size, read))

    def _chunks_of(
        self, each: Input, size: int, read: Callable[[int], None] | None
    ) -> Iterator[str]:
        notes = self._notes.setdefault(each.name, [])
        if each.row_format is not None:
            rows = RowDecoder(
                *(each.name, each.path, each.row_format, notes),
                gzipped=each.gzipped,
                sheet=self._sheet,
            )
            return rows.chunks(size, read)
        decoder = TextDecoder(each.name, each.path, self._encoding, gzipped=each.gzipped)
        chunks = decoder.chunks(size, read)
        return converted(chunks, size, notes) if may_be_export(each.name) else chunks

    @property
    def notes(self) -> list[str]:
        """What the last reading of each file left out, for the user."""
        return [note for notes in self._notes.values() for note in notes]

    @property
    def row_format(self) -> str | None:
        """The format of the first file that is rows and not running text, such as 'Parquet'; None
        where all are text. JSON, CSV and TSV are text."""
        formats = (each.row_format for each in self._inputs)
        return next((each.words for each in formats if each is not None), None)

    @property
    def names(self) -> list[str]:
        """The names of the documents; reads nothing."""
        texts = [_name_of_text(number) for number in range(1, len(self._texts) + 1)]
        return [*texts, *(each.name for each in self._inputs)]

    def split_by_file(self) -> list[Self]:
        """One source per file, named after it; texts in memory are in none of them."""
        sources = []
        for each in self._inputs:
            source = copy(self)
            source.__dict__.pop("size", None)
            source.name, source._texts, source._inputs = each.name, [], [each]
            sources.append(source)
        return sources

    @cached_property
    def size(self) -> int:
        """The total number of bytes that `documents` reports to `read`."""
        return sum(each.path().stat().st_size for each in self._inputs) + sum(
            len(text.encode("utf-8", "replace")) for text in self._texts
        )

    def content_hash(self, read: Callable[[int], None] | None = None) -> str:
        """SHA-256 in hex of the texts; names and encodings do not change it."""
        content = hashlib.sha256()
        for document in self.documents(read):
            for chunk in document.chunks():
                content.update(chunk.encode())
            content.update(END_OF_DOCUMENT)
        return content.hexdigest()


def _name_of_text(number: int) -> str:
    return f"text {number}"


def _chunks_of_text(text: str, size: int, read: Callable[[int], None] | None) -> Iterator[str]:
    """The chunks of a text in memory, cut like those of a file."""
    newlines = NewlineDecoder()
    text = without_surrogates(text.removeprefix("\ufeff"))
    parts = (text[start : start + size] for start in range(0, len(text), size))
    for chunk in cut_in_chunks(chain(map(newlines.decode, parts), _end_of(newlines)), size):
        if read is not None:
            read(len(chunk.encode()))
        yield chunk


def _end_of(newlines: NewlineDecoder) -> Iterator[str]:
    yield newlines.decode("", final=True)
