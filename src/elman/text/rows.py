"""Parse one row of each table layout into its text and label."""

from __future__ import annotations

import csv
import json
import re
from itertools import chain
from typing import TYPE_CHECKING

from elman.text.byte_decoding import without_surrogates
from elman.text.json_rows import MISSING, value_at
from elman.text.lines import MAX_LINE_LENGTH, csv_rows
from elman.text.pronunciations import entry_of
from elman.text.tables import FASTTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from elman.text.lines import LineReader
    from elman.text.tables import TableLayout


MAX_TEXT_LENGTH = 10_000_000
"""The longest text, in characters."""

MAX_SIDE_LENGTH = 10_000
"""The longest source, target or description, in characters. A decoder attends to the whole source
at each token, so the cost grows with the product of both lengths."""

_TOO_LONG = f"the text has more than {MAX_TEXT_LENGTH // 1_000_000} million characters"
_SEVERAL = "several labels, but only one per row is supported"
# Several labels in a cell: of Label Studio's tables, and lists as Python writes them.
_LISTED = re.compile(r"""\{"choices":|\[(['"]).*\1, *(['"]).*\2\]$""", re.DOTALL)
_SPLIT_HINT = "Split it into several texts"

_WHOLLY_QUOTED = re.compile('"([^"]*(?:""[^"]*)*)"')

_MAX_ROW_LINES = 100  # of a quoted row, after its first

_FASTTEXT_LABEL = re.compile(rf"(?:^|(?<=\s)){FASTTEXT}(\S*)\s*")

Cell = object
"""A value of a row: a str, or another JSON value; None where it is missing."""


class BadRowError(Exception):
    """A row that cannot be read.

    Args:
        cause: what is wrong, without a full stop at its end.
        remedy: what to do with the row, an imperative without a full stop.
        name: of its file, if not the file being read.
    """

    def __init__(self, cause: str, remedy: str = "Fix it", name: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.name = name


def read_row(line: str, lines: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:
    """The text and the label of one row.

    Args:
        line: the first line of the row.
        lines: the lines after it; a quoted row may take more of them.
        layout: of the table.

    Raises:
        BadRowError: the row is malformed. The lines after its first are given back, unless they
            form one row with another number of columns.
    """
    if len(line) > MAX_LINE_LENGTH:
        raise BadRowError(_TOO_LONG, _SPLIT_HINT)
    return _READERS[layout.shape](line, lines, layout)


def checked_text(text: Cell, noun: str = "text") -> str:
    """The text, without lone surrogates.

    Args:
        noun: its name in messages.

    Raises:
        BadRowError: it is not a string, is blank, or is longer than MAX_TEXT_LENGTH.
    """
    if not isinstance(text, str):
        raise BadRowError(f"the {noun} is {_kind(text)}, not text")
    if not text or text.isspace():
        raise BadRowError(f"the {noun} is empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise BadRowError(_TOO_LONG, _SPLIT_HINT)
    return without_surrogates(text)


def checked_side(text: Cell, noun: str) -> str:
    """The source or the target of a pair, without spaces around it.

    Args:
        noun: its name in messages.

    Raises:
        BadRowError: it is not a string, is blank, or is longer than MAX_SIDE_LENGTH.
    """
    if text is None:
        raise BadRowError(f"there is no {noun}", "Add it")
    side = checked_text(text, noun).strip()
    if len(side) > MAX_SIDE_LENGTH:
        raise BadRowError(
            f"the {noun} has {len(side):,} characters, more than {MAX_SIDE_LENGTH:,}",
            "Split it into sentences",
        )
    return side


def checked_label(label: Cell) -> str:
    """A label without spaces around it; whole numbers and booleans as JSON writes them.

    Raises:
        BadRowError: it is not a string, a whole number or a boolean, or it is blank.
    """
    # pandas writes 1.0 for a class 1 where another row has none.
    if isinstance(label, bool | int) or (isinstance(label, float) and label.is_integer()):
        return json.dumps(label)
    if label is None:
        raise BadRowError("there is no label", "Add it")
    in_list = isinstance(label, list) and len(label) > 1
    if in_list or (isinstance(label, str) and _LISTED.match(label)):
        raise BadRowError(_SEVERAL, "Keep one")
    if not isinstance(label, str):
        raise BadRowError(f"the label is {_kind(label)}, not a name or a whole number")
    label = without_surrogates(label.strip())
    if not label:
        raise BadRowError("the label is empty")
    return label


def _kind(value: Cell) -> str:
    if isinstance(value, str):
        return "a string"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return "a list" if isinstance(value, list) else "an object"


def _read_csv(line: str, lines: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:
    fields = _quoted(line, lines, layout) if '"' in line else line.split(layout.delimiter)
    return _columns(fields, layout, f"Quote a text that has {layout.delimiter!r} or quotes in it")


def _read_tsv(line: str, lines: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:
    """Most TSV files have no quoting, so a text may begin with a lone quote; some are quoted like
    CSV. A line with as many tabs as the header is a row, and its fully quoted fields are unquoted
    unless the layout says that the file quotes nothing. Any other line is parsed as CSV, whose
    quoted texts may hold tabs and newlines, and taken so if the result fits the header."""
    fields = line.split("\t")
    if '"' in line and layout.has_quoting:
        if len(fields) == len(layout.names):
            fields = [_unquoted(field) for field in fields]
        else:
            fields = _quoted_or(fields, line, lines, layout)
    return _columns(fields, layout, "Write a tab within a text as a space")


def quotes_belong_to_texts(lines: Sequence[str], width: int) -> bool:
    """Whether these lines of TSV show that the file quotes nothing: one of them is a whole row with
    a field that begins with a quote and is not enclosed by quotes. Rows of several lines, as CSV
    writes them, are passed over.

    Args:
        lines: rows, without newlines.
        width: the number of fields of a row.
    """
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if '"' not in line:
            continue
        fields = line.split("\t")
        if len(fields) == width:
            quoted = [field for field in fields if field.startswith('"')]
            if not all(map(_WHOLLY_QUOTED.fullmatch, quoted)):
                return True
            continue
        after = iter(lines[index : index + _MAX_ROW_LINES])
        try:
            row = next(csv_rows((f"{each}\n" for each in chain([line], after)), "\t"))
        except csv.Error:
            continue
        if len(row) == width:
            index = min(index + _MAX_ROW_LINES, len(lines)) - sum(1 for _ in after)
    return False


def _quoted_or(fields: list[str], line: str, lines: LineReader, layout: TableLayout) -> list[str]:
    """The row as CSV parses it, if that fits the header; otherwise the given fields."""
    taken: list[str] = []
    try:
        quoted = _quoted(line, lines, layout, taken)
    except BadRowError:
        return fields
    if len(quoted) == len(layout.names):
        return quoted
    lines.give_back(taken)
    return fields


def _unquoted(field: str) -> str:
    whole = _WHOLLY_QUOTED.fullmatch(field)
    return whole[1].replace('""', '"') if whole else field


def _quoted(
    line: str, lines: LineReader, layout: TableLayout, taken: list[str] | None = None
) -> list[str]:
    """The fields of a row with quotes, which may continue in the next lines; appends these to
    `taken`.

    Raises:
        BadRowError: a quote is not closed, or is closed within a field; the lines taken are given
            back.
    """
    taken = [] if taken is None else taken

    def row_lines() -> Iterator[str]:
        yield line + "\n"
        size = len(line)
        while size <= MAX_LINE_LENGTH and (more := lines.take()) is not None:
            taken.append(more)
            size += len(more)
            yield more + "\n"

    # The limit is global to the process and 131,072 by default: only raise it, never lower it.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_TEXT_LENGTH + 1))
    try:
        return next(csv_rows(row_lines(), layout.delimiter))
    except csv.Error as error:
        ended, last = "unexpected end" in str(error), lines.number
        lines.give_back(taken)
        if "field limit" in str(error):
            raise BadRowError(f"{_TOO_LONG}, or its quote is not closed", _SPLIT_HINT) from error
        if ended:
            raise BadRowError("a quote is opened and never closed", "Close it") from error
        cause = "a quote within a quoted text"
        if taken:
            cause = f"a quote is opened, and closed in the middle of a field in line {last}"
        raise BadRowError(cause, 'Write a quote within a quoted text twice, ""') from error


def _columns(fields: list[str], layout: TableLayout, remedy: str) -> tuple[Cell, Cell]:
    names = layout.names
    if len(fields) != len(names):
        columns = f"{len(names)} column{'' if len(names) == 1 else 's'} ({','.join(names)})"
        raise BadRowError(f"expected {columns}, found {len(fields)}", remedy)
    label = None if layout.label is None else fields[names.index(layout.label)]
    return fields[names.index(layout.text)], label


def _read_json(line: str, lines: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:  # noqa: ARG001
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadRowError(f"broken JSON at column {error.colno}: {error.msg.lower()}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, deep nesting
        raise BadRowError("JSON nested too deeply, or a number too long") from error
    if not isinstance(row, dict):
        raise BadRowError(f"{_kind(row)}, not an object")
    assert layout.text is not None
    text = value_at(row, layout.text)
    if text is MISSING:
        raise BadRowError(f"the object has no {layout.text!r}")
    label = MISSING if layout.label is None else value_at(row, layout.label)
    return text, None if label is MISSING else label


def _read_fasttext(line: str, lines: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:  # noqa: ARG001
    labels = _FASTTEXT_LABEL.findall(line)
    if not labels:
        return line, None
    if len(set(labels)) > 1:
        raise BadRowError(_SEVERAL, "Keep one")
    return _FASTTEXT_LABEL.sub("", line).strip(), labels[0]


def _read_pronunciation(line: str, lines: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:  # noqa: ARG001
    entry = entry_of(line)
    return (line, None) if entry is None else (entry.word, " ".join(entry.phones))


def _read_line(line: str, lines: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:  # noqa: ARG001
    return line, None


_READERS: dict[str, Callable[[str, LineReader, TableLayout], tuple[Cell, Cell]]] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "jsonl": _read_json,
    "fasttext": _read_fasttext,
    "dictionary": _read_pronunciation,
    "lines": _read_line,
}
