"""Stream standard input: read it as it arrives, and batch the items that are available.

Predictions are then written before the last line is read, and still run in large batches.
"""

from __future__ import annotations

import os
import threading
from copy import copy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from elman.text.byte_decoding import BLOCK, ReadPosition, TextDecoder, checked_encoding, unreadable
from elman.text.files import Document, TextSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from os import PathLike


STANDARD_INPUT = "standard input"

MAX_BATCH_ITEMS = 4096
"""The most items in a batch."""

MAX_BATCH_SIZE = 1 << 23
"""The largest total size of a batch, such as its characters; a single item may be larger."""

MAX_WAIT = 0.05
"""Seconds to wait for a batch to fill after its first item has arrived."""

Item = TypeVar("Item")


class ByteStream(Protocol):
    """A byte stream whose `read` returns the bytes available and blocks only if there are none."""

    def read(self, size: int, /) -> bytes | None: ...


class StreamReader(TextDecoder):
    """Decodes a stream once, each block as soon as it arrives.

    Args:
        name: of the stream, for messages.
        stream: read to its end.
        encoding: a name that `checked_encoding` returned.
    """

    def __init__(self, name: str, stream: ByteStream, encoding: str) -> None:
        super().__init__(name, Path, encoding, gzipped=False)  # `blocks` reads no path
        self._stream = stream
        self._start = 0  # the offset of the last block, in bytes
        self._last = b""
        self._before_last = ReadPosition()

    def pieces(self) -> Iterator[str]:
        """The text, cut where the stream paused.

        Raises:
            InputError: the stream cannot be read, or is not text in this encoding.
        """
        return self._texts(None)

    def blocks(self, read: Callable[[int], None] | None) -> Iterator[bytes]:  # noqa: ARG002
        try:
            while block := self._stream.read(BLOCK):
                self._start += len(self._last)
                self._before_last.advance(self._last)
                self._last = block
                yield block
        except OSError as error:
            raise unreadable(self.name, error) from error

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        position = copy(self._before_last)
        position.advance(self._last[: max(0, offset - self._start)])
        # A character may begin in the block before the last; it is in the same line.
        return position.line, position.column - max(0, self._start - offset)


def arriving_documents(
    paths: Sequence[str | PathLike[str]],
    stdin: Callable[[], ByteStream],
    *,
    encoding: str,
    sheet: str | None = None,
) -> Iterator[Document]:
    """The documents of files, folders and, for `-`, standard input, which is read as it arrives.

    Args:
        paths: see `TextSource`.
        stdin: returns standard input; called when it is first read.
        encoding: of all documents.
        sheet: of Excel workbooks, see `TextSource`.

    Raises:
        InputError, SettingError: as `TextSource`, before the first document.
    """
    encoding = checked_encoding(encoding)
    sources = [
        None if os.fspath(path) == "-" else TextSource([path], encoding=encoding, sheet=sheet)
        for path in paths
    ]

    def of_stdin() -> Iterator[str]:
        return StreamReader(STANDARD_INPUT, stdin(), encoding).pieces()

    stream = Document(STANDARD_INPUT, of_stdin)
    return (
        document
        for source in sources
        for document in ([stream] if source is None else source.documents())
    )


def batch_available(items: Iterable[Item], size: Callable[[Item], int]) -> Iterator[list[Item]]:
    """The items in batches; each batch is what arrived while the last one was processed.

    A thread reads ahead as many items as fit in the next batch. An error in `items` is raised here,
    after the items before it.

    Args:
        items: read in the thread.
        size: of an item, such as its characters; see MAX_BATCH_SIZE.
    """
    buffer = _Buffer(size)
    threading.Thread(target=partial(buffer.fill, items), daemon=True).start()
    try:
        while batch := buffer.take():
            yield batch
    finally:
        buffer.close()


class _Buffer(Generic[Item]):
    """A bounded buffer: one thread fills it, another takes all its items at once."""

    def __init__(self, size: Callable[[Item], int]) -> None:
        self._size_of = size
        self._change = threading.Condition()
        self._items: list[Item] = []
        self._size = 0
        self._ended = False
        self._error: BaseException | None = None

    def fill(self, items: Iterable[Item]) -> None:
        try:
            for item in items:
                size = self._size_of(item)
                with self._change:
                    self._change.wait_for(self._has_room)
                    if self._ended:
                        return
                    self._items.append(item)
                    self._size += size
                    if len(self._items) == 1 or not self._has_room():
                        self._change.notify_all()
        except BaseException as error:
            self._error = error
        self.close()

    def take(self) -> list[Item]:
        """All items in the buffer; waits for the first one. Empty at the end."""
        with self._change:
            self._change.wait_for(lambda: self._items or self._ended)
            self._change.wait_for(lambda: self._ended or not self._has_room(), MAX_WAIT)
            taken, self._items, self._size = self._items, [], 0
            self._change.notify_all()
        if not taken and self._error is not None:
            raise self._error
        return taken

    def close(self) -> None:
        """End both threads' waiting; no more items are added."""
        with self._change:
            self._ended = True
            self._change.notify_all()

    def _has_room(self) -> bool:
        fits = len(self._items) < MAX_BATCH_ITEMS and self._size < MAX_BATCH_SIZE
        return fits or self._ended
