"""Numbers as people write them: decimal points or commas, thousands separators, currencies."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


DECIMALS = ("point", "comma")
"""The decimal marks."""
Decimal = Literal["point", "comma"]

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", ".", "..", "?"})
"""Cells without a number, in lower case."""

_CURRENCY = r"[$€£¥₹]|USD|EUR|GBP|CHF|JPY"
_AROUND = re.compile(rf"(?:{_CURRENCY}) ?|(?: ?(?:{_CURRENCY}|%))$")
_SPACES = re.compile("(?<=[0-9])[ \u00a0\u2009\u202f'’](?=[0-9]{3}(?![0-9]))")
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_INDIAN = re.compile(r"[-+]?[1-9]\d?(,\d{2})+,\d{3}(\.\d*)?")  # lakhs: 1,23,456
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")  # with either mark, a decimal or a thousand
_SWAPPED = str.maketrans(".,", ",.")


class AmbiguousNumbersError(ValueError):
    """Numbers that can be read with either decimal mark.

    Args:
        cell: one of them.
        readings: of it, by decimal mark.
    """

    def __init__(self, cell: str, readings: dict[Decimal, float]) -> None:
        super().__init__(cell)
        self.cell = cell
        self.readings = readings


class NumberReading(NamedTuple):
    """A column of cells read as numbers with one decimal mark.

    Attributes:
        values: one for each cell; None where it has no finite number.
        decimal: the mark.
    """

    values: list[float | None]
    decimal: Decimal


def read_numbers(
    cells: Sequence[str], *, usual: Decimal = "point", decimal: Decimal | None = None
) -> NumberReading:
    """Read a column with the decimal mark that fits its cells.

    If both fit and differ, as in '1.105', the point of a decimal fraction is the usual mark of a
    file; otherwise a mark that stands in every number from 1,000 on and in none below separates
    thousands.

    Args:
        cells: of one column.
        usual: the decimal mark of files that programs write in this format.
        decimal: the mark; None: determine it.

    Raises:
        AmbiguousNumbersError: both marks fit, and give different numbers.
    """
    filled = [cell for cell in cells if cell.casefold() not in MISSING]
    if decimal is None:
        decimal = _decimal_of(filled, usual)
    return NumberReading([number_of(cell, decimal) for cell in cells], decimal)


def number_of(cell: str, decimal: Decimal = "point") -> float | None:
    """The finite number in a cell; None where it has none.

    Args:
        cell: such as '-1.5', '1e3', '1,234.5', '$100', '(12)' or '5 %'.
        decimal: its decimal mark.
    """
    # Most cells are plain numbers.
    if decimal == "point" and _PLAIN.fullmatch(cell):
        number = float(cell)
        return number if math.isfinite(number) else None
    text = cell.replace("\u2212", "-").strip()
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    sign = text[:1] if text[:1] in "+-" else ""
    text = sign + _AROUND.sub("", text[len(sign) :])
    text = _SPACES.sub("", text)
    if decimal == "comma":
        text = text.translate(_SWAPPED)
    if _GROUPED.fullmatch(text) or (decimal == "point" and _INDIAN.fullmatch(text)):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def is_number(cell: str) -> bool:
    """Whether a cell holds a finite number with either decimal mark."""
    return number_of(cell) is not None or number_of(cell, "comma") is not None


def _decimal_of(cells: Sequence[str], usual: Decimal) -> Decimal:
    """The decimal mark of cells, none of them missing."""
    marked = [cell for cell in cells if "." in cell or "," in cell]
    if not marked:
        return usual
    points = [number_of(cell) for cell in marked]
    commas = [number_of(cell, "comma") for cell in marked]
    fits = [sum(value is not None for value in values) for values in (points, commas)]
    if fits[0] != fits[1]:
        return "point" if fits[0] > fits[1] else "comma"
    if points == commas or not fits[0]:
        return usual
    differ = [row for row, (a, b) in enumerate(zip(points, commas, strict=True)) if a != b]
    # All of these have one mark and three digits after it: a fraction, or thousands.
    mark = "." if "." in marked[differ[0]] else ","
    fraction: Decimal = "point" if mark == "." else "comma"
    thousands: Decimal = "comma" if mark == "." else "point"
    without = [number_of(cell) for cell in cells if "." not in cell and "," not in cell]
    below = [value for value in without if value is not None]
    are_below = bool(below) and max(map(abs, below)) < 1000 and min(map(abs, below)) >= 1
    if are_below and (usual == thousands or len(below) > 3):
        return thousands
    if fraction == usual:
        return fraction
    row = differ[0]
    readings = {mark: values[row] for mark, values in zip(DECIMALS, (points, commas), strict=True)}
    raise AmbiguousNumbersError(marked[row], readings)  # type: ignore[arg-type]
