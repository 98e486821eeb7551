"""What `elman predict` writes, of any task: batch by batch, as the inputs arrive."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from elman.console.terminal import counted, say, stdin_bytes
from elman.errors import SettingError
from elman.ranges import whole

if TYPE_CHECKING:
    from elman.text.files import Document, TextSource
    from elman.text.stdin_stream import ByteStream

_BEAM = 5  # targets that are followed at once, if nothing else is typed

Item = TypeVar("Item")


class PredictionLines(NamedTuple):
    """Lines to be printed, and how many inputs they answer."""

    written: str
    answered: int


@dataclass(frozen=True)
class PredictionRequest:
    """What is to be predicted, and how.

    Attributes:
        files: none, or '-', for standard input.
        encoding: of the files.
        json: whether to write JSON lines.
        options: by the names they are typed with; those that were not typed are absent.
    """

    files: Sequence[Path]
    encoding: str
    json: bool
    options: dict[str, Any]

    def documents(self) -> Iterator[Document]:
        """The texts, those of standard input as they come.

        Raises:
            InputError: they cannot be read.
        """
        from elman.text.stdin_stream import arriving_documents

        return arriving_documents(self.files or [Path("-")], _stdin, encoding=self.encoding)

    def source(self) -> TextSource:
        """The files, as files.

        Raises:
            InputError: they cannot be read.
        """
        from elman.text.files import TextSource

        return TextSource(self.files, encoding=self.encoding)

    @property
    def skip_bad_rows(self) -> bool:
        return "skip-bad-rows" in self.options

    @property
    def count(self) -> int | None:
        """How many alternatives to write; None where that was not typed.

        Raises:
            SettingError: out of range, or without --json, whose it is.
        """
        count: int | None = self.options.get("count")
        if count is not None:
            whole("count", count, 1, 1000)
            if not self.json:
                raise SettingError(
                    "only --json lists several", location="count", hint="Add --json."
                )
        return count

    @property
    def beam(self) -> int:
        """How many targets to follow at once.

        Raises:
            SettingError: out of range.
        """
        beam = self.options.get("beam", _BEAM)
        whole("beam", beam, 1, 100)
        return int(beam)


class PredictionWriter(ABC, Generic[Item]):
    """Writes the predictions of a model for documents that are read as they arrive."""

    def __init__(self, request: PredictionRequest) -> None:
        self.json = request.json
        self.documents = request.documents
        self.readers: dict[str, Any] = {}

    @abstractmethod
    def read(self, document: Document) -> Iterator[Item]:
        """The items of a document; its reader is kept in `readers`, by its name.

        Raises:
            InputError: they cannot be read.
        """

    @abstractmethod
    def answers(self, batch: list[Item]) -> Iterator[PredictionLines]:
        """What is printed of a batch of items."""

    @abstractmethod
    def size(self, item: Item) -> int:
        """Of an item, such as its characters."""

    def lines(self) -> Iterator[PredictionLines]:
        """In the order of the items; at the end, how many bad rows were left out.

        Raises:
            InputError: they cannot be read.
        """
        from elman.text.stdin_stream import batch_available

        items = (item for document in self.documents() for item in self.read(document))
        for batch in batch_available(items, self.size):
            yield from self.answers(batch)
        skipped = sum(reader.skipped for reader in self.readers.values())
        if skipped:
            say(f"{counted(skipped, 'bad row', 'bad rows')} left out.")


def as_lines(rows: Iterable[str]) -> str:
    """Each with its end."""
    return "".join(f"{row}\n" for row in rows)


def _stdin() -> ByteStream:
    """Its bytes as they come: without Python's buffer, which nothing may wait for at the end."""
    stream = stdin_bytes()
    if sys.stdin.isatty():
        say("Reading what you type; Ctrl-D ends it.")
    return getattr(stream, "raw", stream)
