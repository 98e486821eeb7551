"""Detect the layout of a table of two columns from the first line that is not blank."""

from __future__ import annotations

import csv
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, NamedTuple

from elman.errors import EmptyTextError, InputError
from elman.text.columns import LABELLED
from elman.text.formats.row_file import delimiter_of
from elman.text.json_array import begins_array, object_lines
from elman.text.json_rows import column_names, is_json_object, json_object
from elman.text.lines import csv_rows, separator_line
from elman.text.requested_columns import (
    RepeatedColumnError,
    RequestedColumns,
    find_columns,
    is_word,
    shortened,
)
from elman.text.sniff_columns import (
    MAX_ROWS,
    is_header_cell,
    labelled_columns,
    paired_columns,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elman.text.lines import LineReader


Shape = Literal["csv", "tsv", "jsonl", "fasttext", "dictionary", "lines"]
"""The format of a file; 'lines' is one text per line, without labels."""

FASTTEXT = "__label__"

_IN_WORDS: dict[Shape, str] = {
    "csv": "CSV",
    "tsv": "TSV",
    "jsonl": "JSON lines",
    "fasttext": "fastText lines",
    "dictionary": "a pronouncing dictionary, an alternate such as a(2) as a pair of its own",
    "lines": "one text per line",
}
DELIMITERS = ("\t", ";", "|", ",")
"""Of tables, the least likely within a text first."""
TABLE_SUFFIXES = ("csv", "tsv", "xlsx", "xlsm")
JSON_SUFFIXES = ("jsonl", "json", "ndjson")
_FASTTEXT_LINES = 20  # after the first, one of which shows the format
_MAX_BROKEN = 100  # lines of broken JSON before the first valid one


class TableLayout(NamedTuple):
    """The layout of the rows of a file.

    Attributes:
        shape: the format.
        names: of all columns, in the order of the file; for JSON lines, of the first object.
        text, label: the names of the two columns to read; None where the format has no columns,
            or the file no labels.
        delimiter: of CSV and TSV.
        converted: the format in words of a file that was converted to these rows; empty for others.
        has_header: whether the first row of CSV or TSV names the columns; else their names are
            their numbers, from 1.
        has_quoting: whether quotes around a whole field of TSV are not part of it.
    """

    shape: Shape
    names: tuple[str, ...] = ()
    text: str | None = None
    label: str | None = None
    delimiter: str = ""
    has_header: bool = True
    has_quoting: bool = True
    converted: str = ""

    @property
    def shape_in_words(self) -> str:
        """The format in words, such as 'CSV'."""
        return self.converted or _IN_WORDS[self.shape]

    def in_words(self) -> str:
        """The layout in words, such as 'CSV, text in column sentence, label in column class'."""
        parts = [self.shape_in_words + ("" if self.has_header else " without a header")]
        if self.text is not None:
            parts.append(f"text in column {self.text}")
        if self.label is not None:
            parts.append(f"label in column {self.label}")
        return ", ".join(parts)


def layout_of(lines: LineReader, name: str, requested: RequestedColumns) -> TableLayout:
    """Detect the layout of a file; takes the header from the lines, but not the first row.

    Args:
        lines: of the file, from the beginning.
        name: of the file; its suffix helps to detect the format.
        requested: the columns to read.

    Raises:
        EmptyTextError: there are only blank lines.
        InputError: the columns cannot be identified, or a requested one is missing.
    """
    line = lines.take_filled()
    if line is None:
        raise EmptyTextError("holds no rows", location=name, hint="Name a file with text")
    suffix = suffix_of(name)
    if begins_array(line) and (suffix in (*JSON_SUFFIXES, "") or requested.labels_needed):
        lines.give_back([line])
        lines.convert(object_lines)
        return _json_lines(lines, name, requested)
    if suffix in JSON_SUFFIXES or is_json_object(line):
        lines.give_back([line])
        return _json_lines(lines, name, requested)
    if requested.columns is LABELLED and line.lstrip().startswith(FASTTEXT):
        return _fasttext(line, lines, name, requested)
    delimiter = delimiter_of(suffix) or separator_line(line)
    if suffix in TABLE_SUFFIXES or delimiter is not None:
        above = ""
        while line is not None and (separator_line(line) is not None or line.startswith("#")):
            above, line = line, lines.take_filled()
        if line is None:
            raise EmptyTextError("holds no rows", location=name, hint="Name a file with text")
        above = above.lstrip("#") if above.startswith("#") else ""
        if _is_header_above(above, line, suffix, requested, delimiter):
            lines.give_back([line])
            line = above
    result = _table(line, suffix, f"{name}:{lines.number}", requested, delimiter)
    if isinstance(result, TableLayout):
        return result
    if isinstance(result, RepeatedColumnError):
        raise result
    guess = _by_cells(line, lines, suffix, requested, delimiter)
    if guess is not None:
        return guess
    # Who only predicts gets an answer before the next line, so no line is waited for.
    following = lines.peek(_FASTTEXT_LINES) if requested.labels_needed else []
    if requested.columns is LABELLED and _are_fasttext(line, following):
        return _fasttext(line, lines, name, requested)
    if requested.labels_needed or requested.text is not None or suffix in TABLE_SUFFIXES:
        raise result
    lines.give_back([line])
    return TableLayout("lines")


def _is_header_above(
    comment: str, line: str, suffix: str, requested: RequestedColumns, delimiter: str | None
) -> bool:
    """Whether a comment above a line, without its #, is the header, as in `#id,text,label`: it has
    as many cells, each one word or all of known names, and the line is no header."""
    by_name = requested._replace(columns=requested.columns._replace(by_order=False))
    if isinstance(_table(line, suffix, "", by_name, delimiter), TableLayout):
        return False
    used = delimiter or next((each for each in DELIMITERS if each in comment), None)
    if used is None or len(names := _names(comment, used)) != len(_names(line, used)):
        return False
    known = isinstance(_table(comment, suffix, "", by_name, delimiter), TableLayout)
    return known or all(map(is_word, names))


def _fasttext(line: str, lines: LineReader, name: str, requested: RequestedColumns) -> TableLayout:
    lines.give_back([line])
    if requested.text is not None or requested.label is not None:
        raise InputError(
            "fastText lines have no named columns",
            location=f"{name}:{lines.number + 1}",
            hint=f"Leave out {LABELLED.text_option} and {LABELLED.label_option}",
        )
    return TableLayout("fasttext")


def _are_fasttext(line: str, following: Sequence[str]) -> bool:
    """Whether a first line, or most of the lines after it, have a label of fastText."""
    marked = sum(FASTTEXT in each for each in following)
    return FASTTEXT in line or 2 * marked > len(following) > 0


def _by_cells(
    line: str, lines: LineReader, suffix: str, requested: RequestedColumns, delimiter: str | None
) -> TableLayout | None:
    """The layout of a table whose columns have numbers or are identified by their cells; None
    where it is none. Gives the first line back where it is no header."""
    columns = requested.columns
    asked = [each for each in (requested.text, requested.label) if each is not None]
    looks_ahead = requested.labels_needed or suffix in TABLE_SUFFIXES  # a file, no stream
    if not all(each.isdecimal() for each in asked) or not (asked or looks_ahead):
        return None
    following = lines.peek(MAX_ROWS if looks_ahead else 0)
    usual = DELIMITERS if suffix in TABLE_SUFFIXES or asked else DELIMITERS[:1]
    for each in [delimiter] if delimiter else usual:
        if each not in line:
            continue
        names = _names(line, each)
        rows = rows_of([line, *following], each)
        guess = labelled_columns(rows) if columns is LABELLED else paired_columns(rows)
        wanted = [int(number) - 1 for number in asked]
        if any(not 0 <= column < len(names) for column in wanted):
            continue
        text, label = guess.text if guess else None, guess.label if guess else None
        text = text if requested.text is None else int(requested.text) - 1
        label = label if requested.label is None else int(requested.label) - 1
        if label is not None and label == text:
            label = 1 - label if len(names) == 2 else None
        if text is None or (label is None and requested.labels_needed):
            continue
        has_header = bool(rows) and label is not None and is_header_cell(rows, label, guess)
        if has_header and len({*names}) < len([each for each in names if each]):
            has_header = False
        if not has_header:
            names = tuple(str(number + 1) for number in range(len(names)))
            lines.give_back([line])
        shape: Shape = "tsv" if each == "\t" else "csv"
        named = None if label is None else names[label]
        return TableLayout(shape, names, names[text], named, each, has_header)
    return None


def _table(
    line: str, suffix: str, location: str, requested: RequestedColumns, delimiter: str | None
) -> TableLayout | InputError:
    """The layout of a table with this header, or the error if it is not one.

    Args:
        delimiter: that a line above the header named; None: any.
    """
    columns = requested.columns
    delimiters = [each for each in DELIMITERS if each in line]
    if delimiter is not None:
        delimiters = [delimiter]
    elif suffix not in TABLE_SUFFIXES:
        # The line may be a text: a space follows a comma in a sentence, but rarely in a header.
        tight = [each for each in delimiters if f"{each} " not in line]
        if not requested.labels_needed or tight != delimiters:
            requested = requested._replace(columns=columns._replace(by_order=False))
        if not requested.labels_needed:
            delimiters = tight
    if not delimiters and (suffix in TABLE_SUFFIXES or requested.text is not None):
        delimiters = ["\t" if suffix == "tsv" else ","]  # a table of one column
    errors: list[tuple[int, InputError]] = []
    for delimiter in delimiters:
        names = _names(line, delimiter)
        try:
            text, label = find_columns(names, location, requested)
        except InputError as error:
            errors.append((len(names), error))
        else:
            return TableLayout("tsv" if delimiter == "\t" else "csv", names, text, label, delimiter)
    if errors:
        return max(errors, key=lambda each: each[0])[1]
    return InputError(
        f"expected rows of a {columns.text} and its {columns.label}, but the first line is "
        f"{shortened(line)!r}",
        location=location,
        hint=f"Begin a table with a header such as {columns.text},{columns.label}, "
        f"{columns.other_formats}",
    )


def _names(header: str, delimiter: str) -> tuple[str, ...]:
    try:
        fields = next(csv_rows([header], delimiter))
    except csv.Error:  # not a header but a text with a lone quote, or a very long line
        fields = header.split(delimiter)
    return tuple(field.strip() for field in fields)


def _json_lines(lines: LineReader, name: str, requested: RequestedColumns) -> TableLayout:
    taken: list[str] = []
    layout: TableLayout | None = None
    while layout is None and len(taken) < _MAX_BROKEN and (line := lines.take()) is not None:
        taken.append(line)
        row = json_object(line)
        if row is not None:
            names = tuple(column_names(row))
            text, label = _json_columns(names, f"{name}:{lines.number}", requested)
            layout = TableLayout("jsonl", names, text, label)
    first = lines.number - len(taken) + 1
    lines.give_back(taken)
    if layout is None:
        raise InputError(
            "not JSON lines: none of the first lines is a complete object",
            location=f"{name}:{first}",
            hint="Write one object per line: "
            f'{{"{requested.columns.text}": "...", "{requested.columns.label}": "..."}}',
        )
    return layout


def _json_columns(
    names: Sequence[str], location: str, requested: RequestedColumns
) -> tuple[str, str | None]:
    """See `find_columns`; a column within an object is also known by the last part of its name."""
    try:
        return find_columns(names, location, requested)
    except InputError:
        leaves = {name.rpartition(".")[2]: name for name in names}
        if len(leaves) < len(names) or requested.text is not None or requested.label is not None:
            raise
        text, label = find_columns(list(leaves), location, requested)
        return leaves[text], None if label is None else leaves[label]


def suffix_of(name: str) -> str:
    """The suffix of a file name without .gz, in lower case and without its dot."""
    path = PurePath(name)
    path = path.with_suffix("") if path.suffix == ".gz" else path
    return path.suffix.lower().removeprefix(".")
