"""Rows of one file or of two parallel ones -> pairs of a source and its target."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from elman.text.alignment import check_alignment
from elman.text.columns import PAIRED
from elman.text.example_reader import ExampleReader
from elman.text.lines import lines_of
from elman.text.rows import BadRowError, checked_side
from elman.text.tables import TableLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elman.text.example_reader import Example, Row
    from elman.text.files import Document
    from elman.text.rows import Cell


class Pair(NamedTuple):
    """A source and its target, without spaces around them.

    Attributes:
        line: where the row begins, from 1; of texts in memory, which of them it is.
        name: of the file; of two parallel ones, the source's.
    """

    source: str
    target: str
    line: int
    name: str

    @property
    def place(self) -> str:
        """Such as train.tsv:17."""
        return f"{self.name}:{self.line}"


class PairReader(ExampleReader):
    """Reads one table of sources and targets, as examples whose text is the source and whose label
    is the target.

    Args:
        name: of the file, for messages; its suffix helps to tell the layout.
        source_column, target_column: their names; None: the likeliest.
        skip_bad_rows: leave them out and count them.
        targets_needed: if not, they are not looked at, and lines that are no table are sources, one
            a line.
        keep_places: see `ExampleReader`.

    Raises:
        SettingError: one column cannot be both.
    """

    def __init__(
        self,
        name: str,
        *,
        source_column: str | None = None,
        target_column: str | None = None,
        skip_bad_rows: bool = False,
        targets_needed: bool = True,
        keep_places: bool = False,
    ) -> None:
        super().__init__(
            name,
            text_column=source_column,
            label_column=target_column,
            skip_bad_rows=skip_bad_rows,
            labels_needed=targets_needed,
            keep_places=keep_places,
            columns=PAIRED,
        )

    def parallel(self, sources: Document, targets: Document) -> Iterator[Example]:
        """The same of two files, of which each line of one belongs to the same line of the other.

        Raises:
            EmptyTextError: there is no row, or no good one.
            InputError: one has more lines, or cannot be read; a bad row, unless these are left out.
        """
        self.layout = TableLayout("lines")
        return self.examples_of(_parallel_rows(sources, targets))

    def _checked(self, cells: tuple[Cell, Cell] | BadRowError) -> tuple[str, str | None]:
        if isinstance(cells, BadRowError):
            raise cells
        source = checked_side(cells[0], "source")
        if not self._wanted.labels_needed:
            return source, None
        return source, checked_side(cells[1], "target")


def pair_of(example: Example) -> Pair:
    """The pair that a `PairReader` gave as an example."""
    assert example.label is not None
    return Pair(example.text, example.label, example.line, example.name)


def _parallel_rows(sources: Document, targets: Document) -> Iterator[Row]:
    """Lines that are blank in both are passed over. Where one alone is blank, that row is bad; but
    first it is made sure that this is not because the files lie askew."""
    was_checked = False
    lines = zip_longest(lines_of(sources.chunks()), lines_of(targets.chunks()))
    for number, (source, target) in enumerate(lines, start=1):
        blanks = [line is None or not line or line.isspace() for line in (source, target)]
        if all(blanks):
            continue
        if any(blanks) and not was_checked:
            check_alignment(sources, targets)
            was_checked = True
        try:
            checked_side(target, "target")
        except BadRowError as bad:
            bad.name = targets.name
            yield number, bad
        else:
            yield number, (source, target)
