"""Write predictions batch by batch, as the inputs arrive."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from elman.console.terminal import counted, say, stdin_bytes
from elman.errors import SettingError
from elman.ranges import check_integer
from elman.text.example_reader import Example, ExampleReader
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from elman.text.files import Document, TextSource
    from elman.text.stdin_stream import ByteStream

_BEAM = 5  # default beam size
_TEXTS = "text"  # the name of the document with the texts of a command

Item = TypeVar("Item")


class PredictionLines(NamedTuple):
    """Lines to print, and the number of inputs that they answer."""

    written: str
    answered: int


@dataclass(frozen=True)
class PredictionRequest:
    """The arguments of `elman predict`.

    Attributes:
        files: paths; empty or '-' for standard input.
        encoding: of the files, such as 'utf-8'.
        json: whether to write JSON lines.
        options: the typed options, by name.
        texts: to predict for instead of files.
    """

    files: Sequence[Path]
    encoding: str
    json: bool
    options: dict[str, Any]
    texts: Sequence[str] = ()

    def documents(self) -> Iterator[Document]:
        """The documents; standard input is read as it arrives. The texts are the lines of one.

        Raises:
            InputError: they cannot be read.
        """
        from elman.text.files import Document
        from elman.text.stdin_stream import arriving_documents

        if self.texts:
            if self._sheet is not None:
                raise SettingError(
                    "texts in quotes have no sheets", location="sheet", hint="Leave it out."
                )
            lines = as_lines(" ".join(text.splitlines()) for text in self.texts)
            return iter([Document(_TEXTS, lambda: iter([lines]))])
        return arriving_documents(
            self.files or [Path("-")], _stdin, encoding=self.encoding, sheet=self._sheet
        )

    def source(self) -> TextSource:
        """The files as one source.

        Raises:
            InputError: they cannot be read.
        """
        from elman.text.files import TextSource

        return TextSource(self.files, encoding=self.encoding, sheet=self._sheet)

    @property
    def _sheet(self) -> str | None:
        return self.options.get("sheet")

    def check_no_texts(self) -> None:
        """Check that there are only files, for a model of vectors or numbers.

        Raises:
            SettingError: there is a text.
        """
        if self.texts:
            raise SettingError(
                f"{self.texts[0]!r:.60} is not a file, and the model does not read texts",
                location="INPUT",
                hint="Name a file.",
            )

    @property
    def count(self) -> int | None:
        """The number of alternatives to write; None if --count was not typed.

        Raises:
            SettingError: it is out of range, or --json is missing.
        """
        count: int | None = self.options.get("count")
        if count is not None:
            check_integer("count", count, 1, 1000)
            if not self.json:
                raise SettingError("it needs --json", location="count", hint="Add --json.")
        return count

    @property
    def beam(self) -> int:
        """The beam size.

        Raises:
            SettingError: it is out of range.
        """
        beam = self.options.get("beam", _BEAM)
        check_integer("beam", beam, 1, 100)
        return int(beam)


class PredictionWriter(ABC, Generic[Item]):
    """Writes the predictions of a model for documents that are read as they arrive."""

    def __init__(self, request: PredictionRequest) -> None:
        self.json = request.json
        self.documents = request.documents
        self.has_texts = bool(request.texts)
        self.readers: dict[str, Any] = {}

    @abstractmethod
    def read(self, document: Document) -> Iterator[Item]:
        """Yield the items of a document, and store its reader in `readers`, by name.

        Raises:
            InputError: they cannot be read.
        """

    @abstractmethod
    def answers(self, batch: list[Item]) -> Iterator[PredictionLines]:
        """Predict a batch of items."""

    @abstractmethod
    def size(self, item: Item) -> int:
        """The size of an item, such as its number of characters."""

    def lines(self) -> Iterator[PredictionLines]:
        """Yield the predictions in the order of the items, then print how many bad rows were
        skipped.

        Raises:
            InputError: an input cannot be read.
        """
        from elman.text.stdin_stream import batch_available

        items = (item for document in self.documents() for item in self.read(document))
        for batch in batch_available(items, self.size):
            yield from self.answers(batch)
        skipped = sum(reader.skipped for reader in self.readers.values())
        if skipped:
            say(f"{counted(skipped, 'bad row', 'bad rows')} skipped.")


class ExampleWriter(PredictionWriter[Example]):
    """Writes predictions for texts: the rows of tables, or the lines of a file."""

    @abstractmethod
    def make_reader(self, name: str) -> ExampleReader:
        """A reader for the file of that name; it yields an empty text for a bad row."""

    def read(self, document: Document) -> Iterator[Example]:
        lines = lines_of(document.chunks())
        if self.has_texts:  # never the header of a table
            return (
                Example(text, None, line, document.name) for line, text in enumerate(lines, start=1)
            )
        reader = self.readers[document.name] = self.make_reader(document.name)
        return reader.examples(lines)

    def size(self, item: Example) -> int:
        return len(item.text)


def as_lines(rows: Iterable[str]) -> str:
    """Join rows, each with a newline at its end."""
    return "".join(f"{row}\n" for row in rows)


def _stdin() -> ByteStream:
    """The bytes of stdin as they arrive, unbuffered: a buffer would delay the last lines."""
    stream = stdin_bytes()
    if sys.stdin.isatty():
        say("Reading standard input; Ctrl-D ends it.")
    return getattr(stream, "raw", stream)
