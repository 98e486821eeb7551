"""Recognise tables of numbers, with or without dates, by their first lines."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.text.columns import LABELLED
from elman.text.date_formats import is_date
from elman.text.json_array import begins_array, object_lines
from elman.text.json_rows import json_object
from elman.text.numbers import MISSING, is_number
from elman.text.series_columns import find_dates
from elman.text.series_shapes import transposed, unstacked
from elman.text.series_table import parse_table
from elman.text.series_tsf import is_tsf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elman.text.series_table import Table


_MIN_ROWS = 2
_MIN_AGREEMENT = 0.9
"""The fraction of rows with the right number of columns, and of cells that are numbers."""
_MAX_CATEGORIES = 0.2  # distinct cells of a column of text beside dated numbers, by rows
_FEW_CATEGORIES = 10


def numbers_in(lines: Sequence[str], name: str = "") -> str | None:
    """The evidence that these first lines of a file are a table of numbers, with or without a
    header, such as 'a table of numbers, 2 columns'; None where they are not, or where a column
    holds text.

    Beside dates that rise, a column may hold text that recurs, such as the weather of each hour.

    Args:
        lines: of the file.
        name: of the file.
    """
    if is_tsf(lines):
        return "series in the Monash format"
    if begins_array(next((line for line in lines if line.strip()), "")):
        lines = list(object_lines(lines))
        if lines and json_object(lines[-1]) is None:  # cut where the first lines end
            lines = lines[:-1]
    if sum(not line.isspace() and line != "" for line in lines) <= _MIN_ROWS:
        return None
    try:
        table = parse_table(lines, name)
    except InputError:
        return None
    width = len(table.names)
    complete = [row for row, cells in enumerate(table.rows) if len(cells) == width]
    if len(complete) < max(_MIN_ROWS, _MIN_AGREEMENT * len(table.rows)):
        return None
    rows = [table.rows[row] for row in complete]
    table = table.of_rows(rows, table.names, [table.line_numbers[row] for row in complete])
    if transposed(table, None) is not None:
        return "a table of numbers, a series in each row"
    kinds = [_kind(table.column(column)) for column in range(width)]
    if "numbers" not in kinds:
        return None
    if "text" in kinds and not _are_dated_numbers(table, kinds):
        return None
    return f"a table of numbers, {'one column' if width == 1 else f'{width} columns'}"


def _kind(column: Sequence[str]) -> str:
    """What the cells of a column are: 'numbers', 'dates', 'text' or 'nothing'."""
    cells = [cell for cell in column if cell.casefold() not in MISSING]
    if not cells:
        return "nothing"
    most = _MIN_AGREEMENT * len(cells)
    if sum(map(is_number, cells)) >= most:
        return "numbers"
    digits = sum(cell[0].isdigit() and not any(map(str.isalpha, cell)) for cell in cells)
    return "dates" if digits >= most or sum(map(is_date, cells)) >= most else "text"


def _are_dated_numbers(table: Table, kinds: Sequence[str]) -> bool:
    """Whether dates come with numbers, and with text that only recurs.

    The dates rise; or they recur, once for each text of a column.
    """
    names = [name.casefold() for name in table.names]
    has_text = any(name in LABELLED.text_names[:20] for name in names)
    has_label = any(name in LABELLED.label_names for name in names)
    if has_text and has_label:
        return False
    try:
        dates = find_dates(table)
    except InputError:
        return False
    if dates.reading is None:
        return False
    few = max(_FEW_CATEGORIES, _MAX_CATEGORIES * len(table.rows))
    for column, kind in enumerate(kinds):
        if kind != "text" or column in dates.columns:
            continue
        if len(set(table.column(column))) > min(few, len(table.rows) - 1):
            return False
    pairs = list(pairwise(dates.reading.dates))
    if all(before < after for before, after in pairs) or all(a > b for a, b in pairs):
        return True
    others = [column for column in range(len(kinds)) if column not in dates.columns]
    try:
        return unstacked(table, dates.reading, others, None) is not None
    except InputError:  # of series that are not read together
        return True
