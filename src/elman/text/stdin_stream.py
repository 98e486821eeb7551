"""What arrives bit by bit: standard input, read as it comes, and batches of what has come so far.

For answers that are given before the last line is read, and in large batches all the same.
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

MAX_TOGETHER = 4096
"""Items of a batch, at most."""

LARGEST_TOGETHER = 1 << 23
"""The size of a batch, such as its characters, at most; one item may be larger."""

PATIENCE = 0.05
"""Seconds from a batch's first item until it is handed over, full or not."""

Item = TypeVar("Item")


class ByteStream(Protocol):
    """Bytes of which `read` gives what is there, and waits only where nothing is."""

    def read(self, size: int, /) -> bytes | None: ...


class StreamReader(TextDecoder):
    """The text of a stream, once, each piece of it as soon as it is there."""

    def __init__(self, name: str, stream: ByteStream, encoding: str) -> None:
        super().__init__(name, Path, encoding, gzipped=False)  # no path: see _blocks
        self._stream = stream
        self._start = 0  # of the last block, in bytes
        self._last = b""
        self._before_last = ReadPosition()

    def pieces(self) -> Iterator[str]:
        """The text, cut where the stream paused.

        Raises:
            InputError: it cannot be read, or not as text.
        """
        return self._texts(None)

    def _blocks(self, read: Callable[[int], None] | None) -> Iterator[bytes]:  # noqa: ARG002
        try:
            while block := self._stream.read(BLOCK):
                self._start += len(self._last)
                self._before_last.pass_over(self._last)
                self._last = block
                yield block
        except OSError as error:
            raise unreadable(self.name, error) from error

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        position = copy(self._before_last)
        position.pass_over(self._last[: max(0, offset - self._start)])
        # A character may have begun in the block before the last, in the same line.
        return position.line, position.column - max(0, self._start - offset)


def arriving_documents(
    paths: Sequence[str | PathLike[str]], stdin: Callable[[], ByteStream], *, encoding: str
) -> Iterator[Document]:
    """The documents of files, folders and, for `-`, standard input, which is read as it comes.

    Args:
        stdin: gives the stream when it is needed.

    Raises:
        InputError, SettingError: as `TextSource`, before the first document.
    """
    encoding = checked_encoding(encoding)
    sources = [
        None if os.fspath(path) == "-" else TextSource([path], encoding=encoding) for path in paths
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
    """The same items in batches: all that have come by when the last batch has been dealt with.

    They are read ahead in a thread, as many as fit in the next batch. What `items` raises is raised
    here, after the items before it.
    """
    shelf = _Shelf(size)
    threading.Thread(target=partial(shelf.fill, items), daemon=True).start()
    try:
        while batch := shelf.take():
            yield batch
    finally:
        shelf.close()


class _Shelf(Generic[Item]):
    """Where one thread puts items, and another takes all that are there."""

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
        """All that are there, once there are some; none after the last."""
        with self._change:
            self._change.wait_for(lambda: self._items or self._ended)
            self._change.wait_for(lambda: self._ended or not self._has_room(), PATIENCE)
            taken, self._items, self._size = self._items, [], 0
            self._change.notify_all()
        if not taken and self._error is not None:
            raise self._error
        return taken

    def close(self) -> None:
        """No more is to come."""
        with self._change:
            self._ended = True
            self._change.notify_all()

    def _has_room(self) -> bool:
        fits = len(self._items) < MAX_TOGETHER and self._size < LARGEST_TOGETHER
        return fits or self._ended
