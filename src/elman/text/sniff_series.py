"""Tables of numbers, with or without dates: told by their first lines."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

from elman.text.dates import parse_dates
from elman.text.tables import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Sequence


_FEWEST_ROWS = 2
_MOST = 0.9
"""The share of rows that have to agree on the columns, and of a column's cells that have to be
numbers."""
_GAPS = frozenset({"", "na", "n/a", "nan", "null", "none"})


def numbers_in(lines: Sequence[str]) -> str | None:
    """What shows that these lines, the first of a file, are a table of numbers, a row each and
    perhaps a header above; None where it is none, or has a column of text."""
    filled = [line for line in lines if line.strip()]
    if len(filled) <= _FEWEST_ROWS:
        return None
    delimiter = next((each for each in DELIMITERS if each in filled[0]), ",")
    rows = _parted(filled, delimiter)
    width = len(rows[0])
    whole = [row for row in rows[1:] if len(row) == width]  # the first may be a header
    if len(whole) < max(_FEWEST_ROWS, _MOST * len(rows[1:])):
        return None
    numbers = 0
    for column in zip(*whole, strict=True):
        cells = [cell.strip() for cell in column if cell.strip().casefold() not in _GAPS]
        if sum(map(_is_number, cells)) >= _MOST * max(1, len(cells)):
            numbers += 1
        elif not _are_dates(cells):
            return None
    if not numbers:
        return None
    kind = "one column" if width == 1 else f"{width} columns"
    return f"a table of numbers, {kind}"


def _parted(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:  # a cell beyond all measure
        return [line.split(delimiter) for line in lines]


def _is_number(cell: str) -> bool:
    """Such as -1.5, 1e3 or 1,5."""
    try:
        return "_" not in cell and math.isfinite(float(cell.replace(",", ".")))
    except ValueError:
        return False


def _are_dates(cells: Sequence[str]) -> bool:
    """Whether these are dates, or look like them: digits with something between."""
    digits = sum(cell[0].isdigit() and not any(map(str.isalpha, cell)) for cell in cells)
    return digits >= _MOST * len(cells) or parse_dates(cells) is not None
