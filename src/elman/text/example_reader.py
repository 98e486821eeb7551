"""The rows of one file, or of lists -> examples; the bad ones named, or left out and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from elman.errors import EmptyTextError, InputError
from elman.ranges import listed
from elman.text.columns import LABELLED
from elman.text.lines import LineReader
from elman.text.rows import BadRowError, Cell, checked_label, checked_text, read_row
from elman.text.tables import RequestedColumns, TableLayout, layout_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from elman.text.columns import Columns


Row = tuple[int, tuple[Cell, Cell] | BadRowError | None]
"""The line where a row begins, and its text and label, or what is wrong with it; None: blank."""

_SHOWN = 10  # labels in a message


class Example(NamedTuple):
    """A text and its label.

    Attributes:
        text: empty only where a reader keeps places.
        label: None where none is needed and there is none.
        line: where the row begins, from 1; of texts in memory, which of them it is.
        name: of the file.
    """

    text: str
    label: str | None
    line: int
    name: str

    @property
    def place(self) -> str:
        """Such as reviews.csv:17."""
        return f"{self.name}:{self.line}"


class ExampleReader:
    """Reads the rows of one file.

    Args:
        name: of the file, for messages; its suffix helps to tell the layout.
        text_column, label_column: their names; None: the likeliest.
        skip_bad_rows: leave them out and count them.
        labels_needed: whether a row without a label is bad. If not, lines that are no table are
            texts, one a line.
        labels: the only ones allowed; None: any.
        keep_places: whether a bad row that is left out, and a blank line among texts one a line,
            still comes as an example, whose text is empty: so that answers can stand in the same
            lines as what they answer.
        columns: the kind of row.

    Attributes:
        layout: None before the first line has been read, and for rows in memory.
        skipped: bad rows so far.

    Raises:
        SettingError: one column cannot be both.
    """

    def __init__(
        self,
        name: str,
        *,
        text_column: str | None = None,
        label_column: str | None = None,
        skip_bad_rows: bool = False,
        labels_needed: bool = True,
        labels: Collection[str] | None = None,
        keep_places: bool = False,
        columns: Columns = LABELLED,
    ) -> None:
        self.name = name
        self.layout: TableLayout | None = None
        self.skipped = 0
        self._wanted = RequestedColumns(text_column, label_column, labels_needed, columns).checked()
        self._skip_bad_rows = skip_bad_rows
        self._labels = labels
        self._keep_places = keep_places

    def look(self, lines: Iterable[str]) -> TableLayout:
        """The layout, from no more lines than it takes.

        Raises:
            EmptyTextError: there are only blank lines.
            InputError: the columns cannot be told, or one that was asked for is not there.
        """
        return layout_of(LineReader(lines), self.name, self._wanted)

    def examples(self, lines: Iterable[str]) -> Iterator[Example]:
        """The rows, each as soon as its last line has come; blank lines are passed over.

        Raises:
            EmptyTextError: there is no row, or no good one.
            InputError: the columns cannot be told; a bad row, unless these are left out.
        """
        feed = LineReader(lines)
        self.layout = layout_of(feed, self.name, self._wanted)
        every_line = self._keep_places and self.layout.shape == "lines"
        return self.examples_of(_rows_in(feed, self.layout, every_line=every_line))

    def examples_of(self, rows: Iterable[Row]) -> Iterator[Example]:
        """The same of rows that are numbered and parted already."""
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
                if self._keep_places:
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
        found = checked_text(text)
        try:
            known = checked_label(label)
        except BadRowError:
            if self._wanted.labels_needed:
                raise
            return found, None
        if self._labels is not None and known not in self._labels:
            raise BadRowError(f"the label {known!r} is not among those learned ({self._known()})")
        return found, known

    def _known(self) -> str:
        names = sorted(self._labels or ())
        return f"{len(names)} labels" if len(names) > _SHOWN else listed(names)

    def _error(self, bad: BadRowError, line: int) -> InputError:
        hint = f"{bad.remedy}, or leave such rows out: --skip-bad-rows"
        if self.layout is None:
            hint = bad.remedy
        return InputError(bad.cause, location=f"{bad.name or self.name}:{line}", hint=hint)

    def _no_rows(self) -> EmptyTextError:
        if self.skipped:
            return EmptyTextError(
                f"every one of its {self.skipped:,} rows is bad",
                location=self.name,
                hint="Without --skip-bad-rows the first is named",
            )
        if self.layout is None:
            return EmptyTextError("there are none", location=self.name, hint="Give a text or more")
        if not self.layout.names:
            return EmptyTextError("holds no rows", location=self.name, hint="Name a file with text")
        return EmptyTextError(
            f"has a header ({','.join(self.layout.names)}) but no rows",
            location=self.name,
            hint="Check where it should have come from",
        )


def _rows_in(feed: LineReader, layout: TableLayout, *, every_line: bool) -> Iterator[Row]:
    if every_line:
        yield from ((number, None) for number in range(1, feed.number + 1))
    while (line := feed.take() if every_line else feed.take_filled()) is not None:
        begins = feed.number
        if not line or line.isspace():
            yield begins, None
            continue
        try:
            cells = read_row(line, feed, layout)
        except BadRowError as bad:
            yield begins, bad
        else:
            yield begins, cells
