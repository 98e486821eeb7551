"""One column of tables as running text, or as lines to score."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.text.byte_decoding import cut_in_chunks
from elman.text.example_reader import Example, ExampleReader
from elman.text.files import CHUNK, Document, TextSource
from elman.text.formats.row_file import row_format_of
from elman.text.lines import lines_of
from elman.text.tables import JSON_SUFFIXES, suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from elman.text.rows import BadRowError, Cell


_HEAD = 100  # lines that show the columns of a table
_TABLES = frozenset({"csv", "tsv", *JSON_SUFFIXES})  # suffixes of files that are tables


class ColumnTexts(TextSource):
    """The texts in a column of tables, each on a line of its own.

    Args:
        source: tables: CSV, TSV or JSON.
        column: its name, or its number from 1 in a table without a header.
    """

    def __init__(self, source: TextSource, column: str) -> None:
        self.__dict__.update(source.__dict__)
        self._column = column

    @property
    def row_format(self) -> str | None:
        """None: the column is running text."""
        return None

    def documents(self, read: Callable[[int], None] | None = None) -> Iterator[Document]:
        """The documents, one per table; opening one raises InputError where it has no such column
        or a bad row. A row without text is left out and counted."""
        for document in super().documents(read):
            notes = self._notes.setdefault(f"{document.name}, column", [])
            yield Document(document.name, partial(_texts_of, document, self._column, notes))


def check_running_text(source: TextSource) -> None:
    """Check that a source is running text, or one column of a table.

    Raises:
        InputError: it is a table of which no column was named.
    """
    if source.row_format is not None:
        raise _is_table(source.row_format, source.name)


def _is_table(row_format: str, name: str) -> InputError:
    return InputError(
        f"it is a table ({row_format}), not running text",
        location=name,
        hint="Name the column of the text: --text-column NAME",
    )


def usual_column(source: TextSource, column: str | None) -> str | None:
    """The column that a model was trained on, if the first file is a table that has it; None where
    it is running text.

    Args:
        source: running text or tables.
        column: its name; None: it was trained on running text.

    Raises:
        InputError: the file is a table without this column.
    """
    document = next(iter(source.documents()), None)
    if document is None or column is None:
        return None
    reader = _ColumnReader(document.name, usual_text=column, labels_needed=False)
    head = islice(lines_of(document.chunks()), _HEAD)
    return column if _has_column(reader, list(head), column, document.name) else None


def lines_or_column(document: Document, column: str | None, usual: str | None) -> Iterator[Example]:
    """The lines of a document, or the texts in a column of a table, each without line ends.

    A blank line, and a row without text, has an empty text.

    Args:
        document: running text, or a table.
        column: its name, or its number from 1 in a table without a header; None: the usual one
            where the table has it, else lines.
        usual: the column that the model was trained on; None: it was trained on running text.

    Raises:
        InputError: there is no such column, nor the usual one; a row is bad; the table is not text,
            and no column is known.
    """
    lines = list(lines_of(document.chunks()))
    reader = _ColumnReader(document.name, text_column=column, usual_text=usual, labels_needed=False)
    if column is None and not _has_column(reader, lines, usual, document.name):
        row_format = row_format_of(document.name)
        if row_format is not None:
            raise _is_table(row_format.words, document.name)
        for number, line in enumerate(lines, start=1):
            yield Example(line, None, number, document.name)
        return
    for example in reader.examples(lines):
        yield example._replace(text=" ".join(example.text.split()))


def _has_column(reader: ExampleReader, lines: Sequence[str], column: str | None, name: str) -> bool:
    """Whether lines are those of a table with a column; False without one.

    Raises:
        InputError: they are those of a table without this column.
    """
    if column is None:
        return False
    with suppress(InputError):
        if reader.detect_layout(lines).text == column:
            return True
    if suffix_of(name) in _TABLES:
        raise InputError(
            f"no column is called {column!r}, as the one that the model was trained on",
            location=name,
            hint="Name the column of the text: --text-column NAME",
        )
    return False


class _ColumnReader(ExampleReader):
    """Reads rows whose text may be empty."""

    def _checked(self, cells: tuple[Cell, Cell] | BadRowError) -> tuple[str, str | None]:
        if isinstance(cells, tuple) and (cells[0] is None or cells[0] == ""):
            return "", None
        return super()._checked(cells)


def _texts_of(document: Document, column: str, notes: list[str]) -> Iterator[str]:
    reader = _ColumnReader(document.name, text_column=column, labels_needed=False)
    examples = reader.examples(lines_of(document.chunks()))
    return cut_in_chunks(_lines(examples, notes), CHUNK)


def _lines(examples: Iterator[Example], notes: list[str]) -> Iterator[str]:
    empty = 0
    for example in examples:
        if example.text:
            yield f"{' '.join(example.text.split())}\n"
        else:
            empty += 1
    if empty:
        notes[:] = [f"rows left out: {empty:,} without text"]
