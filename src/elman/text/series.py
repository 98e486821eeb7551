"""Tables of numbers -> series: a CSV's columns of numbers, and its dates if it has some.

Shapes: T steps, S series.
"""

from __future__ import annotations

import hashlib
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.errors import InputError
from elman.ranges import among
from elman.text.dates import DATE_NAMES, Calendar, parse_dates, step_of
from elman.text.series_table import Table, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from elman.text.files import TextSource


Values = npt.NDArray[np.float64]

IMPUTATIONS = ("linear", "previous", "zero")
"""What may stand in for a number that is not there: what lies on a straight line between its
neighbours, the number before it, or nothing at all."""
Impute = Literal["linear", "previous", "zero"]

_SHOWN = 40  # characters of a cell in a message
_FILL = "--impute linear, previous or zero says what is to stand there"


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


class SeriesSource:
    """The series of a table, which can be read again and again.

    The table is separated by commas, semicolons or tabs, quoted or not; its first row is a header
    unless it holds numbers (but 0, 1, 2 ... in order are a header). Blank lines are passed over.
    Every column of numbers is a series. A column is of dates where its name says so, or where it
    holds text that can be read as dates.

    Args:
        source: one file.
        columns: the names of the series to read; None: of all columns of numbers.
        impute: what stands in for a number that is missing; None: that is an error.

    Raises:
        SettingError: for a `impute` that is none of IMPUTATIONS.
    """

    def __init__(
        self,
        source: TextSource,
        *,
        columns: Sequence[str] | None = None,
        impute: Impute | None = None,
    ) -> None:
        if impute is not None:
            among("impute", impute, IMPUTATIONS)
        self.name = source.name
        self._source = source
        self._columns = columns
        self._fill = impute

    def read(self) -> Series:
        """The series.

        Raises:
            EmptyTextError: there are no rows.
            InputError: a number that is none, a row of another length, dates that do not rise, no
                such column, several files, or no numbers at all.
        """
        table = read_table(self._source)
        return self._series(table, lambda column: _filled_numbers(table, column, self._fill))

    def with_gaps(self) -> tuple[Series, list[str]]:
        """The series with NaN wherever a number is missing, and the place of each row.

        Raises:
            EmptyTextError, InputError: as `read`, but for numbers that are none.
        """
        table = read_table(self._source)
        series = self._series(table, lambda column: _numbers(table, column))
        return series, [table.place(row) for row in range(len(table.rows))]

    def _series(self, table: Table, numbers: Callable[[int], Values]) -> Series:
        """The columns that are wanted, each as `numbers` reads it, and their dates."""
        found = _date_column(table)
        wanted = self._wanted(table, None if found is None else found[0])
        values = np.stack([numbers(column) for column in wanted], axis=1)
        names = tuple(table.names[column] for column in wanted)
        if found is None:
            return Series(names, values, name=table.name)
        column, dates, form = found
        _check_rising(table, column, dates)
        calendar = None
        if len(dates) > 1:
            calendar = Calendar(dates[0], dates[-1], step_of(dates), form)
        return Series(names, values, calendar, tuple(dates), table.name)

    def _wanted(self, table: Table, dates: int | None) -> list[int]:
        """The columns to be read as numbers."""
        listed = ", ".join(name for place, name in enumerate(table.names) if place != dates)
        if self._columns is None:
            found = [
                place
                for place in range(len(table.names))
                if place != dates
                and any(table.number(cell) is not None for cell in table.column(place))
            ]
            if not found:
                raise InputError(
                    f"no column of numbers: there is {listed or 'none but the dates'}",
                    location=table.name,
                    hint="Name a CSV file with a number a row",
                )
            return found
        unknown = [name for name in self._columns if name not in table.names]
        if unknown:
            raise InputError(
                f"no column is called {unknown[0]!r}: there is {listed}",
                location=table.name,
                hint="Name one of these with --series",
            )
        return [table.names.index(name) for name in self._columns]


def _date_column(table: Table) -> tuple[int, list[datetime], str] | None:
    """The first column of dates: its place, the dates, and how they are written."""
    for place, name in enumerate(table.names):
        texts = table.column(place)
        named = name.casefold() in DATE_NAMES
        if not named and any(table.number(text) is not None for text in texts[:100]):
            continue
        found = parse_dates(texts)
        if found is not None:
            return place, *found
        if named and any(parse_dates([text]) is not None for text in texts[:1]):
            for row, text in enumerate(texts):
                if parse_dates([texts[0], text]) is None:
                    raise InputError(
                        f"{_cut(text)!r} in column {name} is no date such as {texts[0]!r}",
                        location=table.place(row),
                        hint="Write all dates in one way, best as 2001-12-31",
                    )
    return None


def _check_rising(table: Table, column: int, dates: Sequence[datetime]) -> None:
    for place, (before, after) in enumerate(pairwise(dates), start=1):
        if after <= before:
            raise InputError(
                f"the date {table.rows[place][column]} does not come after "
                f"{table.rows[place - 1][column]}",
                location=table.place(place),
                hint="Sort the rows by date, one row a date; series that share dates stand in "
                "columns of their own",
            )


def _numbers(table: Table, column: int) -> Values:
    """A column as finite numbers, and NaN where there is none."""
    found = (table.number(cell) for cell in table.column(column))
    return np.array([math.nan if number is None else number for number in found])


def _filled_numbers(table: Table, column: int, impute: Impute | None) -> Values:
    """A column as finite numbers.

    Raises:
        InputError: one is missing, and nothing was said to stand in for it, or all are.
    """
    values = _numbers(table, column)
    missing = np.flatnonzero(np.isnan(values)).tolist()
    if not missing:
        return values
    if impute is None:
        cell = table.rows[missing[0]][column]
        raise InputError(
            f"{_cut(cell)!r} in column {table.names[column]} is not a number"
            if cell
            else f"there is not a number in column {table.names[column]}",
            location=table.place(missing[0]),
            hint=f"So it is in {len(missing):,} of its {len(values):,} rows; {_FILL}",
        )
    if len(missing) == len(values):
        raise InputError(
            f"no row has a number in column {table.names[column]}",
            location=table.name,
            hint="Name other columns with --series",
        )
    return filled(values, impute)


def filled(values: Values, impute: Impute) -> Values:
    """(T,) numbers, NaN among them, with something in place of every NaN."""
    there = np.flatnonzero(~np.isnan(values))
    gaps = np.flatnonzero(np.isnan(values))
    whole = values.copy()
    if impute == "zero":
        whole[gaps] = 0.0
    elif impute == "previous":
        # A gap at the beginning has nothing before it, and takes the first number there is.
        whole[gaps] = values[there[np.maximum(np.searchsorted(there, gaps) - 1, 0)]]
    else:
        whole[gaps] = np.interp(gaps, there, values[there])
    return whole


def _cut(cell: str) -> str:
    return cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}..."
