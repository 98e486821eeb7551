"""One column of tables as running text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

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

    def documents(self, read: Callable[[int], None] | None = None) -> Iterator[Document]:
        """The documents, one per table; opening one raises InputError where it has no such column
        or a bad row."""
        for document in super().documents(read):
            yield Document(document.name, partial(_texts_of, document, self._column))


def _texts_of(document: Document, column: str) -> Iterator[str]:
    reader = ExampleReader(document.name, text_column=column, labels_needed=False)
    examples = reader.examples(lines_of(document.chunks()))
    return cut_in_chunks((f"{' '.join(each.text.split())}\n" for each in examples), CHUNK)
