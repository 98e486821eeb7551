"""Recognise tables of numbers, with or without dates, by their first lines."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

from elman.text.dates import parse_dates
from elman.text.tables import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Sequence


_MIN_ROWS = 2
_MIN_AGREEMENT = 0.9
"""The fraction of rows with the right number of columns, and of cells that are numbers."""
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})


def numbers_in(lines: Sequence[str]) -> str | None:
    """The evidence that these first lines of a file are a table of numbers, with or without a
    header, such as 'a table of numbers, 2 columns'; None where they are not, or where a column
    holds text."""
    filled = [line for line in lines if line.strip()]
    if len(filled) <= _MIN_ROWS:
        return None
    delimiter = next((each for each in DELIMITERS if each in filled[0]), ",")
    rows = _parse(filled, delimiter)
    width = len(rows[0])
    complete = [row for row in rows[1:] if len(row) == width]  # the first may be a header
    if len(complete) < max(_MIN_ROWS, _MIN_AGREEMENT * len(rows[1:])):
        return None
    numbers = 0
    for column in zip(*complete, strict=True):
        cells = [cell.strip() for cell in column if cell.strip().casefold() not in _MISSING]
        if sum(map(_is_number, cells)) >= _MIN_AGREEMENT * max(1, len(cells)):
            numbers += 1
        elif not _are_dates(cells):
            return None
    if not numbers:
        return None
    kind = "one column" if width == 1 else f"{width} columns"
    return f"a table of numbers, {kind}"


def _parse(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:  # a cell beyond the field limit of `csv`
        return [line.split(delimiter) for line in lines]


def _is_number(cell: str) -> bool:
    """Whether a cell holds a finite number, such as -1.5, 1e3 or 1,5."""
    try:
        return "_" not in cell and math.isfinite(float(cell.replace(",", ".")))
    except ValueError:
        return False


def _are_dates(cells: Sequence[str]) -> bool:
    """Whether these are dates, or begin with a digit and have no letters."""
    digits = sum(cell[0].isdigit() and not any(map(str.isalpha, cell)) for cell in cells)
    return digits >= _MIN_AGREEMENT * len(cells) or parse_dates(cells) is not None
