"""Where text comes from: files, folders, standard input, or texts in memory; read as a stream.

A source can be read again and again, and never holds a whole file.
"""

from __future__ import annotations

import hashlib
import io
import os
from copy import copy
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Self

from elman.text.byte_decoding import (
    TextDecoder,
    checked_encoding,
    cut_in_chunks,
    without_surrogates,
)
from elman.text.paths import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from os import PathLike


CHUNK = 1 << 20
"""Characters in a chunk, at most."""

END_OF_DOCUMENT = b"\xff"
"""Between documents when they are hashed: no byte of UTF-8, so no text can imitate it."""


class Document(NamedTuple):
    """One file, or one text: a stretch that a network reads from its beginning."""

    name: str
    open: Callable[[], Iterator[str]]

    def chunks(self) -> Iterator[str]:
        """The text in chunks of at most about a million characters, which end right after a
        newline wherever a line is not longer than that. Each call reads from the beginning.

        Raises:
            InputError: the file cannot be read as text; the message says where and why.
        """
        return self.open()


class TextSource:
    """Documents of text, in a fixed order.

    Args:
        paths: files, `.gz` among them, folders, and `-` for standard input. Of a folder the text
            files are read (.txt, .text, .md, .rst and these with .gz), or, where it has none,
            every file that is not binary; hidden ones are left out.
        encoding: of all the files.
        chunk_size: characters in a chunk, at most.

    Raises:
        MissingFileError: a path is missing or unreadable, or a folder has no text.
        EmptyTextError: a file has no bytes.
        SettingError: there is no such encoding.
    """

    def __init__(
        self,
        paths: Sequence[str | PathLike[str]],
        *,
        encoding: str = "utf-8",
        chunk_size: int = CHUNK,
    ) -> None:
        self._encoding = checked_encoding(encoding)
        self._chunk_size = chunk_size
        self._texts: list[str] = []
        names = [os.fspath(path) for path in paths]
        self._inputs = [found for name in names for found in resolve(name, self._encoding)]
        self.name = names[0] if names else "the texts given"
        if len(names) > 1:
            self.name += f" and {len(names) - 1} more"

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, chunk_size: int = CHUNK) -> Self:
        """A source of documents that are in memory already."""
        source = cls((), chunk_size=chunk_size)
        source._texts = list(texts)
        return source

    def documents(self, read: Callable[[int], None] | None = None) -> Iterator[Document]:
        """The documents, one a file or text; `read` hears of bytes as they are consumed."""
        size = self._chunk_size
        for number, text in enumerate(self._texts, start=1):
            yield Document(_name_of_text(number), partial(_chunks_of_text, text, size, read))
        for found in self._inputs:
            reader = TextDecoder(found.name, found.path, self._encoding, gzipped=found.gzipped)
            yield Document(found.name, partial(reader.chunks, size, read))

    @property
    def names(self) -> list[str]:
        """Of the documents; nothing is read."""
        texts = [_name_of_text(number) for number in range(1, len(self._texts) + 1)]
        return [*texts, *(found.name for found in self._inputs)]

    def parted(self) -> list[Self]:
        """Sources of one file each, named like it; texts in memory are in none."""
        parts = []
        for found in self._inputs:
            part = copy(self)
            part.__dict__.pop("size", None)
            part.name, part._texts, part._inputs = found.name, [], [found]
            parts.append(part)
        return parts

    @cached_property
    def size(self) -> int:
        """The bytes there are to read, as `documents` reports them."""
        return sum(found.path().stat().st_size for found in self._inputs) + sum(
            len(text.encode("utf-8", "replace")) for text in self._texts
        )

    def content_hash(self, read: Callable[[int], None] | None = None) -> str:
        """sha256 in hex of the documents' texts, whatever their names and encodings are."""
        content = hashlib.sha256()
        for document in self.documents(read):
            for chunk in document.chunks():
                content.update(chunk.encode())
            content.update(END_OF_DOCUMENT)
        return content.hexdigest()


def _name_of_text(number: int) -> str:
    return f"text {number}"


def _chunks_of_text(text: str, size: int, read: Callable[[int], None] | None) -> Iterator[str]:
    """The chunks of a text in memory, made as those of a file would be."""
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    text = without_surrogates(text.removeprefix("\ufeff"))
    parts = (text[start : start + size] for start in range(0, len(text), size))
    for chunk in cut_in_chunks(chain(map(newlines.decode, parts), _rest_of(newlines)), size):
        if read is not None:
            read(len(chunk.encode()))
        yield chunk


def _rest_of(newlines: io.IncrementalNewlineDecoder) -> Iterator[str]:
    yield newlines.decode("", final=True)
