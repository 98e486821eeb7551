"""Rows of a text and its label, as people have them: CSV, TSV, JSON lines, fastText lines."""

from __future__ import annotations

from copy import copy
from functools import cached_property, partial
from typing import TYPE_CHECKING, Self

from elman.errors import InputError
from elman.text.example_reader import Example, ExampleReader
from elman.text.files import TextSource
from elman.text.lines import lines_of
from elman.text.tables import Shape, TableLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


class LabelledSource:
    """Rows of one or several files, which can be read again and again, never all at once.

    Args:
        source: the files. Each has its own layout and header.
        text_column, label_column: their names; None: the likeliest.
        skip_bad_rows: leave them out and count them.
        labels_needed: whether a row without a label is bad. If not, a file that is no table is
            read as one text a line.

    Attributes:
        name: of the source.

    Raises:
        SettingError: one column cannot be both.
    """

    def __init__(
        self,
        source: TextSource,
        *,
        text_column: str | None = None,
        label_column: str | None = None,
        skip_bad_rows: bool = False,
        labels_needed: bool = True,
    ) -> None:
        self.name = source.name
        self._source = source
        self._make_reader = partial(
            ExampleReader,
            text_column=text_column,
            label_column=label_column,
            skip_bad_rows=skip_bad_rows,
            labels_needed=labels_needed,
        )
        self._make_reader(self.name)
        self._readers: list[ExampleReader] = []

    def limited_to(self, labels: Collection[str]) -> Self:
        """The same rows, of which those with any other label are bad: for rows to be scored by
        what was learned from others."""
        limited = copy(self)
        limited._make_reader = partial(self._make_reader, labels=frozenset(labels))
        limited._readers = []
        return limited

    def examples(self, read: Callable[[int], None] | None = None) -> Iterator[Example]:
        """The rows from the beginning; `read` hears of bytes as they are consumed.

        Raises:
            EmptyTextError: a file has no row, or no good one.
            InputError: the columns cannot be told; a bad row, unless these are left out.
        """
        self._readers = []
        for document in self._source.documents(read):
            yield from self._reader(document.name).examples(lines_of(document.chunks()))

    def _reader(self, name: str) -> ExampleReader:
        self._readers.append(self._make_reader(name))
        return self._readers[-1]

    @property
    def skipped(self) -> int:
        """Bad rows that the last reading left out."""
        return sum(reader.skipped for reader in self._readers)

    @cached_property
    def layout(self) -> TableLayout:
        """How the rows of the first file are written; reads only its first lines.

        Raises:
            EmptyTextError: there are only blank lines.
            InputError: the columns cannot be told, or one that was asked for is not there.
        """
        document = next(iter(self._source.documents()))
        return self._make_reader(document.name).look(lines_of(document.chunks()))

    @property
    def shape(self) -> Shape:
        """Of the first file."""
        return self.layout.shape

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the first file's columns, in its order; none where they have no names."""
        return self.layout.names

    @property
    def size(self) -> int:
        """The bytes there are to read, as `examples` reports them."""
        return self._source.size


def check_classes(labels: Collection[str], location: str) -> None:
    """Whether there is something to tell apart.

    Args:
        labels: the different ones.

    Raises:
        InputError: there is one only, or none.
    """
    if len(labels) < 2:
        raise InputError(
            "; ".join(f"every row has the label {label!r}" for label in labels) or "no labels",
            location=location,
            hint="Rows of two labels or more are needed; --label-column names another column",
        )
