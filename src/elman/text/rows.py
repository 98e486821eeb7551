"""One row of each layout -> its text and its label, or what is wrong with it."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

from elman.text.byte_decoding import without_surrogates
from elman.text.lines import LONGEST_LINE
from elman.text.tables import FASTTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from elman.text.lines import LineReader
    from elman.text.tables import TableLayout


LONGEST_TEXT = 10_000_000
"""In characters."""

LONGEST_SIDE = 10_000
"""In characters, of a pair's source, its target, or a vector's description: what is written token
by token, each with a look at all of the source, is no whole book."""

_TOO_LONG = f"the text has more than {LONGEST_TEXT // 1_000_000} million characters"
_CUT_IT = "Cut it into several"

_WHOLLY_QUOTED = re.compile('"([^"]*(?:""[^"]*)*)"')

Cell = object
"""What stands in a row: a str, or what JSON has besides; None where there is nothing."""


class BadRowError(Exception):
    """A row that cannot be read.

    Args:
        cause: what is wrong, without a full stop at its end.
        remedy: what to do with the row, an imperative without a full stop.
        name: of the file it is in, where that is not the one that is read.
    """

    def __init__(self, cause: str, remedy: str = "Mend it", name: str | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.name = name


def read_row(line: str, feed: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:
    """The text and label of the row that begins with a line; if it is longer, the feed has more.

    Raises:
        BadRowError: it is none. All lines but the first are given back, save where all were read as
            they were meant.
    """
    if len(line) > LONGEST_LINE:
        raise BadRowError(_TOO_LONG, _CUT_IT)
    return _READERS[layout.shape](line, feed, layout)


def checked_text(text: Cell, noun: str = "text") -> str:
    """A text that can be read; messages call it by its noun.

    Raises:
        BadRowError: it is no text, blank, or longer than LONGEST_TEXT.
    """
    if not isinstance(text, str):
        raise BadRowError(f"the {noun} is {_kind(text)}, not text")
    if not text or text.isspace():
        raise BadRowError(f"the {noun} is empty")
    if len(text) > LONGEST_TEXT:
        raise BadRowError(_TOO_LONG, _CUT_IT)
    return without_surrogates(text)


def checked_side(text: Cell, noun: str) -> str:
    """A text to be rewritten, or what it is rewritten to; without spaces around it.

    Raises:
        BadRowError: it is no text, blank, or longer than LONGEST_SIDE.
    """
    if text is None:
        raise BadRowError(f"there is no {noun}", "Add it")
    found = checked_text(text, noun).strip()
    if len(found) > LONGEST_SIDE:
        raise BadRowError(
            f"the {noun} has {len(found):,} characters, more than {LONGEST_SIDE:,}",
            "Cut it into sentences",
        )
    return found


def checked_label(label: Cell) -> str:
    """A label, without spaces around it; whole numbers and truth as JSON writes them.

    Raises:
        BadRowError: it is neither of these, or blank.
    """
    if isinstance(label, bool | int):
        return json.dumps(label)
    if label is None:
        raise BadRowError("there is no label", "Add it")
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


def _read_csv(line: str, feed: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:
    fields = _quoted(line, feed, layout) if '"' in line else line.split(layout.delimiter)
    return _columns(fields, layout, f"Quote a text that has {layout.delimiter!r} or quotes in it")


def _read_tsv(line: str, feed: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:
    """Most tab-separated files are written without quoting, so that a text may begin with a lone
    quote; some are quoted as CSV is. A line with as many tabs as the header is a row, and of its
    fields those are unquoted that are wholly quoted; any other line may be a quoted text with tabs
    or newlines in it, if that makes a row of it."""
    fields = line.split("\t")
    if '"' in line:
        if len(fields) == len(layout.names):
            fields = [_unquoted(field) for field in fields]
        else:
            fields = _quoted_or(fields, line, feed, layout)
    return _columns(fields, layout, "Write a tab within a text as a space")


def _quoted_or(fields: list[str], line: str, feed: LineReader, layout: TableLayout) -> list[str]:
    """The row as CSV reads it, if that fits the header, else the fields as they are."""
    taken: list[str] = []
    try:
        quoted = _quoted(line, feed, layout, taken)
    except BadRowError:
        return fields
    if len(quoted) == len(layout.names):
        return quoted
    feed.give_back(taken)
    return fields


def _unquoted(field: str) -> str:
    whole = _WHOLLY_QUOTED.fullmatch(field)
    return whole[1].replace('""', '"') if whole else field


def _quoted(
    line: str, feed: LineReader, layout: TableLayout, taken: list[str] | None = None
) -> list[str]:
    """The fields of a row with quotes, which may go on in the lines that follow; these are noted
    in `taken`.

    Raises:
        BadRowError: a quote is not closed, or not where it should be; what was taken is given back.
    """
    taken = [] if taken is None else taken

    def lines() -> Iterator[str]:
        yield line + "\n"
        size = len(line)
        while size <= LONGEST_LINE and (more := feed.take()) is not None:
            taken.append(more)
            size += len(more)
            yield more + "\n"

    # The limit is one for the whole process and at first 131,072: raised here, never lowered.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_TEXT + 1))
    try:
        return next(csv.reader(lines(), delimiter=layout.delimiter, strict=True))
    except csv.Error as error:
        ended, last = "unexpected end" in str(error), feed.number
        feed.give_back(taken)
        if "field limit" in str(error):
            raise BadRowError(f"{_TOO_LONG}, or its quote is not closed", _CUT_IT) from error
        if ended:
            raise BadRowError("a quote is opened and never closed", "Close it") from error
        cause = "a quote within a quoted text"
        if taken:
            cause = f"a quote is opened, and in line {last} closed in the midst of a field"
        raise BadRowError(cause, 'Write a quote within a quoted text twice, ""') from error


def _columns(fields: list[str], layout: TableLayout, remedy: str) -> tuple[Cell, Cell]:
    names = layout.names
    if len(fields) != len(names):
        columns = f"{len(names)} column{'' if len(names) == 1 else 's'} ({','.join(names)})"
        raise BadRowError(f"expected {columns}, found {len(fields)}", remedy)
    label = None if layout.label is None else fields[names.index(layout.label)]
    return fields[names.index(layout.text)], label


def _read_json(line: str, feed: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:  # noqa: ARG001
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadRowError(f"broken JSON at column {error.colno}: {error.msg.lower()}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, deep nesting
        raise BadRowError("JSON beyond all measure") from error
    if not isinstance(row, dict):
        raise BadRowError(f"{_kind(row)}, not an object")
    if layout.text not in row:
        raise BadRowError(f"the object has no {layout.text!r}")
    return row[layout.text], row.get(layout.label)


def _read_fasttext(line: str, feed: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:  # noqa: ARG001
    first, *rest = line.split(maxsplit=1)
    if not first.startswith(FASTTEXT):
        return line, None
    text = rest[0] if rest else ""
    if FASTTEXT in text and any(word.startswith(FASTTEXT) for word in text.split()):
        raise BadRowError("several labels, where one a row is read", "Keep one")
    return text, first.removeprefix(FASTTEXT)


def _read_line(line: str, feed: LineReader, layout: TableLayout) -> tuple[Cell, Cell]:  # noqa: ARG001
    return line, None


_READERS: dict[str, Callable[[str, LineReader, TableLayout], tuple[Cell, Cell]]] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "jsonl": _read_json,
    "fasttext": _read_fasttext,
    "lines": _read_line,
}
