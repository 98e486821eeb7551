"""Read examples from the rows of one file or of lists; reject bad rows, or skip and count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack

from elman.errors import EmptyTextError, InputError
from elman.text.columns import LABELLED
from elman.text.formats.row_file import format_in_words
from elman.text.lines import LineReader
from elman.text.requested_columns import RequestedColumns
from elman.text.rows import (
    BadRowError,
    Cell,
    checked_label,
    checked_text,
    quotes_belong_to_texts,
    read_row,
)
from elman.text.tables import TableLayout, layout_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from elman.text.columns import Columns


_QUOTED_LINES = 10_000  # of TSV after the first quote, which show whether quotes are of the texts

Row = tuple[int, tuple[Cell, Cell] | BadRowError | None]
"""The line number of a row, and its text and label, or its error; None for a blank line."""


class Example(NamedTuple):
    """A text and its label.

    Attributes:
        text: empty only for a skipped row that the reader keeps (`keep_skipped`).
        label: None where the row has none and none is needed.
        line: the first line of the row, from 1; for texts in memory, the number of the text.
        name: of the file.
    """

    text: str
    label: str | None
    line: int
    name: str

    @property
    def location(self) -> str:
        """File and line, such as reviews.csv:17."""
        return f"{self.name}:{self.line}"


class ExampleOptions(TypedDict, total=False):
    """Which columns are read, and what becomes of bad rows.

    Attributes:
        text_column, label_column: the names of the columns; None, the default: the likeliest.
        skip_bad_rows: whether to skip and count bad rows (default: no); if not, a bad row is an
            error.
        labels_needed: whether a row without a label is bad (default: yes). If not, lines that are
            not a table are texts, one per line.
        usual_text, usual_label: the columns of the training data, which are read where a table has
            them and no others are named; None, the default: unknown.
    """

    text_column: str | None
    label_column: str | None
    skip_bad_rows: bool
    labels_needed: bool
    usual_text: str | None
    usual_label: str | None


class ExampleReader:
    """Reads the rows of one file.

    Args:
        name: of the file, for messages; its suffix helps to detect the layout.
        keep_skipped: whether a skipped row, or a blank line among texts one per line, yields an
            example with an empty text. Predictions then stay aligned with the lines of the input.
        arrives: whether the lines come from a stream, so that none is waited for before a row is
            yielded: whether quotes belong to the texts is then seen in the lines so far.
        columns: the kind of row.
        options: see `ExampleOptions`.

    Attributes:
        layout: None before the first line has been read, and for rows in memory.
        skipped: the number of bad rows skipped so far.

    Raises:
        SettingError: both names are the same.
    """

    def __init__(
        self,
        name: str,
        *,
        keep_skipped: bool = False,
        arrives: bool = False,
        columns: Columns = LABELLED,
        **options: Unpack[ExampleOptions],
    ) -> None:
        self.name = name
        self.layout: TableLayout | None = None
        self.skipped = 0
        requested = RequestedColumns(
            options.get("text_column"),
            options.get("label_column"),
            options.get("labels_needed", True),
            columns,
            options.get("usual_text"),
            options.get("usual_label"),
        )
        self._requested = requested.checked()
        self._skip_bad_rows = options.get("skip_bad_rows", False)
        self._keep_skipped = keep_skipped
        self._arrives = arrives

    def detect_layout(self, lines: Iterable[str]) -> TableLayout:
        """The layout, from as few lines as possible.

        Raises:
            EmptyTextError: there are only blank lines.
            InputError: the columns cannot be identified, or a requested one is missing.
        """
        return self._layout_of(LineReader(lines))

    def _layout_of(self, lines: LineReader) -> TableLayout:
        """`layout_of` the lines; takes the header."""
        layout = layout_of(lines, self.name, self._requested)
        return layout._replace(converted=format_in_words(self.name))

    def examples(self, lines: Iterable[str]) -> Iterator[Example]:
        """The rows, each as soon as its last line has arrived; blank lines are skipped.

        Args:
            lines: of the file, with or without newlines.

        Raises:
            EmptyTextError: there is no row, or no good one.
            InputError: the columns cannot be identified; a row is bad and is not to be skipped.
        """
        reader = LineReader(lines)
        self.layout = self._layout_of(reader)
        every_line = self._keep_skipped and self.layout.shape == "lines"
        ahead = 0 if self._arrives else _QUOTED_LINES
        rows = _rows_in(reader, self.layout, every_line=every_line, ahead=ahead)
        return self.examples_of(rows)

    def examples_of(self, rows: Iterable[Row]) -> Iterator[Example]:
        """The same for rows that are already numbered and split into cells."""
        good = 0
        for line, cells in rows:
            if cells is None:
                yield Example("", None, line, self.name)
                continue
            try:
                text, label = self._checked(cells)
            except BadRowError as bad:
                if not self._skip_bad_rows:
                    raise self._error(bad, line) from bad
                self.skipped += 1
                if self._keep_skipped:
                    yield Example("", None, line, self.name)
            else:
                good += 1
                yield Example(text, label, line, self.name)
        if not good:
            raise self._no_rows()

    def _checked(self, cells: tuple[Cell, Cell] | BadRowError) -> tuple[str, str | None]:
        if isinstance(cells, BadRowError):
            raise cells
        text, label = cells
        text = checked_text(text)
        try:
            label = checked_label(label)
        except BadRowError:
            if self._requested.labels_needed:
                raise
            return text, None
        return text, label

    def _error(self, bad: BadRowError, line: int) -> InputError:
        hint = f"{bad.remedy}, or skip such rows: --skip-bad-rows"
        if self.layout is None:
            hint = bad.remedy
        return InputError(bad.cause, location=f"{bad.name or self.name}:{line}", hint=hint)

    def _no_rows(self) -> EmptyTextError:
        if self.skipped:
            return EmptyTextError(
                f"all {self.skipped:,} rows are bad",
                location=self.name,
                hint="Leave out --skip-bad-rows to see the first error",
            )
        if self.layout is None:
            return EmptyTextError("there are none", location=self.name, hint="Give a text or more")
        if not self.layout.names:
            return EmptyTextError("holds no rows", location=self.name, hint="Name a file with text")
        return EmptyTextError(
            f"has a header ({','.join(self.layout.names)}) but no rows",
            location=self.name,
            hint="Check the program or download that made it",
        )


def _rows_in(
    reader: LineReader, layout: TableLayout, *, every_line: bool, ahead: int
) -> Iterator[Row]:
    """The rows of a file.

    Args:
        every_line: whether blank lines are rows too.
        ahead: the number of lines after a quote in TSV that are waited for, since they show whether
            quotes belong to the texts.
    """
    is_quoted: bool | None = None
    if every_line:
        yield from ((number, None) for number in range(1, reader.number + 1))
    while (line := reader.take() if every_line else reader.take_filled()) is not None:
        first = reader.number
        if not line or line.isspace():
            yield first, None
            continue
        if is_quoted is None and layout.shape == "tsv" and '"' in line:
            if quotes_belong_to_texts([line, *reader.peek(ahead)], len(layout.names)):
                layout = layout._replace(has_quoting=False)
                is_quoted = False
            elif ahead:
                is_quoted = True
        try:
            cells = read_row(line, reader, layout)
        except BadRowError as bad:
            yield first, bad
        else:
            yield first, cells
