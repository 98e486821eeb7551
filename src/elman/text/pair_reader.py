"""Read pairs of a source and its target from one file or from two parallel files."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack

from elman.text.alignment import check_alignment
from elman.text.columns import PAIRED
from elman.text.example_reader import ExampleReader
from elman.text.lines import lines_of
from elman.text.pronunciations import SAMPLE, is_dictionary, without_comments
from elman.text.rows import BadRowError, checked_side
from elman.text.tables import TableLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elman.text.example_reader import Example, Row
    from elman.text.files import Document
    from elman.text.lines import LineReader
    from elman.text.pronunciations import SAMPLE, is_dictionary, without_comments
from elman.text.rows import Cell


class Pair(NamedTuple):
    """A source and its target.

    Attributes:
        source, target: without spaces around them.
        line: the first line of the row, from 1; for pairs in memory, the number of the pair.
        name: of the file; of two parallel files, the name of the source file.
    """

    source: str
    target: str
    line: int
    name: str

    @property
    def location(self) -> str:
        """File and line, such as train.tsv:17."""
        return f"{self.name}:{self.line}"


class PairOptions(TypedDict, total=False):
    """Which columns are read, and what becomes of bad rows.

    Attributes:
        source_column, target_column: the names of the columns; None, the default: the likeliest.
        skip_bad_rows: whether to skip and count bad rows (default: no); if not, a bad row is an
            error.
    """

    source_column: str | None
    target_column: str | None
    skip_bad_rows: bool


class PairReader(ExampleReader):
    """Reads one table of sources and targets as examples: the text is the source, the label is the
    target.

    Args:
        name: of the file, for messages; its suffix helps to detect the layout.
        targets_needed: if False, targets are ignored, and lines that are not a table are sources,
            one per line.
        keep_skipped, arrives: see `ExampleReader`.
        options: see `PairOptions`.

    Raises:
        SettingError: both names are the same.
    """

    def __init__(
        self,
        name: str,
        *,
        targets_needed: bool = True,
        keep_skipped: bool = False,
        arrives: bool = False,
        **options: Unpack[PairOptions],
    ) -> None:
        super().__init__(
            name,
            text_column=options.get("source_column"),
            label_column=options.get("target_column"),
            skip_bad_rows=options.get("skip_bad_rows", False),
            labels_needed=targets_needed,
            keep_skipped=keep_skipped,
            arrives=arrives,
            columns=PAIRED,
        )

    def parallel(self, sources: Document, targets: Document) -> Iterator[Example]:
        """The same for two files whose lines correspond one to one.

        Raises:
            EmptyTextError: there is no row, or no good one.
            InputError: one file has more lines, or cannot be read; a row is bad and is not to be
                skipped.
        """
        self.layout = TableLayout("lines")
        return self.examples_of(_parallel_rows(sources, targets))

    def _layout_of(self, lines: LineReader) -> TableLayout:
        """As for other examples; or a pronouncing dictionary, whose comments become blank lines."""
        requested = self._requested
        named = requested.text is not None or requested.label is not None
        if requested.labels_needed and not named and is_dictionary(lines.peek(SAMPLE)):
            lines.convert(without_comments)
            return TableLayout("dictionary", ("word", "phones"), "word", "phones")
        return super()._layout_of(lines)

    def _checked(self, cells: tuple[Cell, Cell] | BadRowError) -> tuple[str, str | None]:
        if isinstance(cells, BadRowError):
            raise cells
        source = checked_side(cells[0], "source")
        if not self._requested.labels_needed:
            return source, None
        return source, checked_side(cells[1], "target")


def pair_of(example: Example) -> Pair:
    """The pair of an example that a `PairReader` returned; the example has a label."""
    assert example.label is not None
    return Pair(example.text, example.label, example.line, example.name)


def pairs_in_words(layout: TableLayout) -> str:
    """The layout of sources and targets in words, such as 'TSV, french -> english'."""
    if layout.shape == "dictionary":
        return layout.shape_in_words
    words = f"{layout.shape_in_words}, {layout.text} -> {layout.label}"
    unread = [name for name in layout.names if name not in (layout.text, layout.label)]
    if layout.has_header or not unread:
        return words
    columns = f"column {unread[0]} is" if len(unread) == 1 else f"columns {', '.join(unread)} are"
    return f"{words}; {columns} not read"


def _parallel_rows(sources: Document, targets: Document) -> Iterator[Row]:
    """The lines of both files in step. Lines blank in both are skipped; where one is blank, the
    row is bad, unless a check shows that the whole files are misaligned."""
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
