"""One column of tables as running text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.text.byte_decoding import cut_in_chunks
from elman.text.example_reader import ExampleReader
from elman.text.files import CHUNK, Document, TextSource
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
        or a bad row."""
        for document in super().documents(read):
            yield Document(document.name, partial(_texts_of, document, self._column))


def check_running_text(source: TextSource) -> None:
    """Check that a source is running text, or one column of a table.

    Raises:
        InputError: it is a table of which no column was named.
    """
    if source.row_format is not None:
        raise InputError(
            f"it is a table ({source.row_format}), not running text",
            location=source.name,
            hint="Name the column of the text: --text-column NAME",
        )


def _texts_of(document: Document, column: str) -> Iterator[str]:
    reader = ExampleReader(document.name, text_column=column, labels_needed=False)
    examples = reader.examples(lines_of(document.chunks()))
    return cut_in_chunks((f"{' '.join(each.text.split())}\n" for each in examples), CHUNK)
