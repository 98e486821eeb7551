"""Tables of numbers -> series: a CSV's columns of numbers, and its dates if it has some.

Shapes: T steps, S series.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.errors import EmptyTextError, InputError
from elman.ranges import among
from elman.text.dates import DATE_NAMES, Calendar, parse_dates, step_of
from elman.text.files import TextSource
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

Values = npt.NDArray[np.float64]

FILLS = ("linear", "previous", "zero")
"""What may stand in for a number that is not there: what lies on a straight line between its
neighbours, the number before it, or nothing at all."""
Fill = Literal["linear", "previous", "zero"]

_DELIMITERS = ("\t", ";", ",")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_GAPS = frozenset({"", "na", "n/a", "nan", "null", "none", "-", ".", "?"})
_SHOWN = 40  # characters of a cell in a message
_FILL = "--fill linear, previous or zero says what is to stand there"


class Series(NamedTuple):
    """Numbers in step.

    Attributes:
        names: (S,) of the series.
        values: (T, S) finite numbers.
        calendar: of the dates beside them, if there are any.
        dates: (T,) of each step, or none.
        name: of the file.
    """

    names: tuple[str, ...]
    values: Values
    calendar: Calendar | None = None
    dates: tuple[datetime, ...] = ()
    name: str = "the numbers given"

    def content_hash(self) -> str:
        """sha256 in hex of the numbers and their names."""
        content = hashlib.sha256("\n".join(self.names).encode())
        content.update(np.ascontiguousarray(self.values).tobytes())
        return content.hexdigest()

    def until_step(self, end: int) -> Series:
        """What comes before that step, counted from 0."""
        calendar, dates = self.calendar, self.dates[:end]
        if calendar is not None:
            calendar = calendar._replace(last=dates[-1])
        return self._replace(values=self.values[:end], calendar=calendar, dates=dates)


class SeriesSource:
    """The series of a table, which can be read again and again.

    The table is separated by commas, semicolons or tabs, quoted or not; its first row is a header
    unless it holds numbers (but 0, 1, 2 ... in order are a header). Blank lines are passed over.
    Every column of numbers is a series. A column is of dates where its name says so, or where it
    holds text that can be read as dates.

    Args:
        source: one file.
        columns: the names of the series to read; None: of all columns of numbers.
        fill: what stands in for a number that is missing; None: that is an error.

    Raises:
        SettingError: for a `fill` that is none of FILLS.
    """

    def __init__(
        self, source: TextSource, *, columns: Sequence[str] | None = None, fill: Fill | None = None
    ) -> None:
        if fill is not None:
            among("fill", fill, FILLS)
        self.name = source.name
        self._source = source
        self._columns = columns
        self._fill = fill

    def read(self) -> Series:
        """The series.

        Raises:
            EmptyTextError: there are no rows.
            InputError: a number that is none, a row of another length, dates that do not rise, no
                such column, several files, or no numbers at all.
        """
        table = _table_of(self._source)
        found = _date_column(table)
        wanted = self._wanted(table, None if found is None else found[0])
        values = np.stack([_numbers(table, column, self._fill) for column in wanted], axis=1)
        names = tuple(table.names[column] for column in wanted)
        if found is None:
            return Series(names, values, name=table.name)
        column, dates, form = found
        _check_rising(table, column, dates)
        calendar = None
        if len(dates) > 1:
            calendar = Calendar(dates[0], dates[-1], step_of(dates), form)
        return Series(names, values, calendar, tuple(dates), table.name)

    def _wanted(self, table: _Table, dates: int | None) -> list[int]:
        """The columns to be read as numbers."""
        listed = ", ".join(name for place, name in enumerate(table.names) if place != dates)
        if self._columns is None:
            found = [
                place
                for place in range(len(table.names))
                if place != dates and any(_number(row[place], table) is not None for row in table)
            ]
            if not found:
                raise InputError(
                    f"no column of numbers: there is {listed or 'none but the dates'}",
                    place=table.name,
                    advice="Name a CSV file with a number a row",
                )
            return found
        unknown = [name for name in self._columns if name not in table.names]
        if unknown:
            raise InputError(
                f"no column is called {unknown[0]!r}: there is {listed}",
                place=f"{table.name}:{table.numbers[0]}",
                advice="Name one of these with --series",
            )
        return [table.names.index(name) for name in self._columns]


class _Table:
    """Rows of as many fields as the header has, each with its line's number."""

    def __init__(
        self, name: str, names: Sequence[str], rows: list[list[str]], numbers: list[int]
    ) -> None:
        self.name = name
        self.names = names
        self.rows = rows
        self.numbers = numbers
        self.decimal_comma = False

    def __iter__(self) -> Iterator[list[str]]:
        return iter(self.rows)


def _table_of(source: TextSource) -> _Table:
    documents = list(source.documents())
    if len(documents) != 1:
        raise InputError(
            f"{len(documents)} files, and one is read as series",
            place=source.name,
            advice="Name one CSV file; several series stand in columns of their own",
        )
    (document,) = documents
    lines = list(lines_of(document.chunks(), keep_ends=True))
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise EmptyTextError("holds no rows", place=document.name, advice="Name a CSV file")
    delimiter = next((each for each in _DELIMITERS if each in first), ",")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    begins = 1
    try:
        for row in reader:
            if any(field.strip() for field in row) or len(row) > 1:
                rows.append([field.strip() for field in row])
                numbers.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"no row of a table ({error})",
            place=f"{document.name}:{begins}",
            advice="Mend its quotes",
        ) from error
    names = _header(rows[0], delimiter)
    if names is not None:
        rows, numbers = rows[1:], numbers[1:]
    width = len(rows[0]) if names is None and rows else len(names or ())
    for row, number in zip(rows, numbers, strict=True):
        if len(row) != width:
            raise InputError(
                f"expected {width} column{'s' if width > 1 else ''}, found {len(row)}",
                place=f"{document.name}:{number}",
                advice="Give every row the same columns",
            )
    if not rows:
        raise EmptyTextError(
            "holds a header and no rows", place=document.name, advice="Name a CSV file with numbers"
        )
    table = _Table(document.name, names or [str(n + 1) for n in range(width)], rows, numbers)
    table.decimal_comma = delimiter == ";"
    _check_names(table)
    return table


def _header(row: list[str], delimiter: str) -> list[str] | None:
    """The names that a first row holds, or None where it holds numbers."""
    if len(row) > 1 and row == [str(number) for number in range(len(row))]:
        return row
    comma = delimiter == ";"
    others = [field for field in row if not _is_number(field, comma) and field.lower() not in _GAPS]
    if len(others) == len(row):
        return None if parse_dates(row) is not None else row
    return row if any(parse_dates([field]) is None for field in others) else None


def _check_names(table: _Table) -> None:
    twice = [name for place, name in enumerate(table.names) if name in table.names[:place]]
    if twice:
        raise InputError(
            f"two columns are called {twice[0]!r}",
            place=f"{table.name}:1",
            advice="Give each a name of its own",
        )


def _date_column(table: _Table) -> tuple[int, list[datetime], str] | None:
    """The first column of dates: its place, the dates, and how they are written."""
    for place, name in enumerate(table.names):
        texts = [row[place] for row in table]
        named = name.casefold() in DATE_NAMES
        if not named and any(_number(text, table) is not None for text in texts[:100]):
            continue
        found = parse_dates(texts)
        if found is not None:
            return place, *found
        if named and any(parse_dates([text]) is not None for text in texts[:1]):
            for text, number in zip(texts, table.numbers, strict=True):
                if parse_dates([texts[0], text]) is None:
                    raise InputError(
                        f"{_cut(text)!r} in column {name} is no date such as {texts[0]!r}",
                        place=f"{table.name}:{number}",
                        advice="Write all dates in one way, best as 2001-12-31",
                    )
    return None


def _check_rising(table: _Table, column: int, dates: Sequence[datetime]) -> None:
    for place, (before, after) in enumerate(pairwise(dates), start=1):
        if after <= before:
            raise InputError(
                f"the date {table.rows[place][column]} does not come after "
                f"{table.rows[place - 1][column]}",
                place=f"{table.name}:{table.numbers[place]}",
                advice="Sort the rows by date, one row a date; series that share dates stand in "
                "columns of their own",
            )


def _numbers(table: _Table, column: int, fill: Fill | None) -> Values:
    """A column as finite numbers."""
    found = [_number(row[column], table) for row in table]
    missing = [place for place, number in enumerate(found) if number is None]
    values = np.array([math.nan if number is None else number for number in found])
    if not missing:
        return values
    if fill is None:
        cell = table.rows[missing[0]][column]
        raise InputError(
            f"{_cut(cell)!r} in column {table.names[column]} is no number"
            if cell
            else f"there is no number in column {table.names[column]}",
            place=f"{table.name}:{table.numbers[missing[0]]}",
            advice=f"{len(missing):,} of its {len(found):,} rows have none; {_FILL}",
        )
    if len(missing) == len(found):
        raise InputError(
            f"no row has a number in column {table.names[column]}",
            place=table.name,
            advice="Name other columns with --series",
        )
    return filled(values, fill)


def filled(values: Values, fill: Fill) -> Values:
    """(T,) numbers, NaN among them, with something in place of every NaN."""
    there = np.flatnonzero(~np.isnan(values))
    gaps = np.flatnonzero(np.isnan(values))
    whole = values.copy()
    if fill == "zero":
        whole[gaps] = 0.0
    elif fill == "previous":
        # A gap at the beginning has nothing before it, and takes the first number there is.
        whole[gaps] = values[there[np.maximum(np.searchsorted(there, gaps) - 1, 0)]]
    else:
        whole[gaps] = np.interp(gaps, there, values[there])
    return whole


def _is_number(text: str, decimal_comma: bool) -> bool:
    return bool(_NUMBER.fullmatch(text) or (decimal_comma and _DECIMAL_COMMA.fullmatch(text)))


def _number(text: str, table: Any) -> float | None:
    """The finite number that a cell holds, or None."""
    if not _is_number(text, table.decimal_comma):
        return None
    number = float(text.replace(",", "."))
    return number if math.isfinite(number) else None


def _cut(cell: str) -> str:
    return cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}..."
