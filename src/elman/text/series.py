"""Time series from CSV tables: the columns of numbers, and the dates if there are any.

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
from elman.ranges import check_choice
from elman.text.dates import DATE_NAMES, Calendar, parse_dates, step_of
from elman.text.series_table import Table, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from elman.text.files import TextSource


Values = npt.NDArray[np.float64]

IMPUTATIONS = ("linear", "previous", "zero")
"""Replacements for missing numbers: linear interpolation, the previous number, or zero."""
Impute = Literal["linear", "previous", "zero"]

_MAX_SHOWN = 40  # characters of a cell in a message
_IMPUTE_HINT = "fill the gaps with --impute linear, previous or zero"


class Series(NamedTuple):
    """One or several time series with common steps.

    Attributes:
        names: (S,) of the series.
        values: (T, S) finite numbers.
        calendar: of the dates; None where there are none.
        dates: (T,) one for each step, or empty.
        name: of the file.
    """

    names: tuple[str, ...]
    values: Values
    calendar: Calendar | None = None
    dates: tuple[datetime, ...] = ()
    name: str = "the numbers given"

    def content_hash(self) -> str:
        """SHA-256 in hex of the numbers and the names of the series."""
        content = hashlib.sha256("\n".join(self.names).encode())
        content.update(np.ascontiguousarray(self.values).tobytes())
        return content.hexdigest()


class SeriesSource:
    """The series of a table, which can be read any number of times.

    The delimiter is a comma, a semicolon or a tab; cells may be quoted. The first row is a header
    unless it holds numbers (the numbers 0, 1, 2 ... in order are a header). Blank lines are
    skipped. Every column of numbers is a series. The date column is the first one with the name of
    a date, or with text that can be parsed as dates.

    Args:
        source: one file.
        columns: the names of the series to read; None: all columns of numbers.
        impute: the replacement for missing numbers, one of IMPUTATIONS; None: a missing number is
            an error.

    Raises:
        SettingError: `impute` is not in IMPUTATIONS.
    """

    def __init__(
        self,
        source: TextSource,
        *,
        columns: Sequence[str] | None = None,
        impute: Impute | None = None,
    ) -> None:
        if impute is not None:
            check_choice("impute", impute, IMPUTATIONS)
        self.name = source.name
        self._source = source
        self._columns = columns
        self._impute = impute

    def read(self) -> Series:
        """The series, with missing numbers replaced.

        Raises:
            EmptyTextError: there are no rows.
            InputError: a cell is not a number, a row has another length, the dates do not rise, a
                column is missing, there are several files, or no numbers.
        """
        table = read_table(self._source)
        return self._series(table, lambda column: _imputed_numbers(table, column, self._impute))

    def with_gaps(self) -> tuple[Series, list[str]]:
        """The series with NaN for each missing number, and the location of each row.

        Raises:
            EmptyTextError, InputError: as `read`; missing numbers are not an error.
        """
        table = read_table(self._source)
        series = self._series(table, lambda column: _numbers(table, column))
        return series, [table.location(row) for row in range(len(table.rows))]

    def _series(self, table: Table, numbers: Callable[[int], Values]) -> Series:
        """The requested columns, each parsed by `numbers`, and their dates."""
        date_column = _date_column(table)
        columns = self._requested(table, None if date_column is None else date_column[0])
        values = np.stack([numbers(column) for column in columns], axis=1)
        names = tuple(table.names[column] for column in columns)
        if date_column is None:
            return Series(names, values, name=table.name)
        column, dates, form = date_column
        _check_rising(table, column, dates)
        calendar = None
        if len(dates) > 1:
            calendar = Calendar(dates[0], dates[-1], step_of(dates), form)
        return Series(names, values, calendar, tuple(dates), table.name)

    def _requested(self, table: Table, dates: int | None) -> list[int]:
        """The indices of the columns to read as numbers."""
        listed = ", ".join(name for index, name in enumerate(table.names) if index != dates)
        if self._columns is None:
            columns = [
                index
                for index in range(len(table.names))
                if index != dates
                and any(table.number(cell) is not None for cell in table.column(index))
            ]
            if not columns:
                raise InputError(
                    f"no column of numbers: there is {listed or 'only the column of dates'}",
                    location=table.name,
                    hint="Name a CSV file with a number in each row",
                )
            return columns
        unknown = [name for name in self._columns if name not in table.names]
        if unknown:
            raise InputError(
                f"no column is called {unknown[0]!r}: there is {listed}",
                location=table.name,
                hint="Name one of these with --series",
            )
        return [table.names.index(name) for name in self._columns]


def _date_column(table: Table) -> tuple[int, list[datetime], str] | None:
    """The first column of dates: its index, the dates and their format."""
    for column, name in enumerate(table.names):
        texts = table.column(column)
        named = name.casefold() in DATE_NAMES
        if not named and any(table.number(text) is not None for text in texts[:100]):
            continue
        parsed = parse_dates(texts)
        if parsed is not None:
            return column, *parsed
        if named and any(parse_dates([text]) is not None for text in texts[:1]):
            for row, text in enumerate(texts):
                if parse_dates([texts[0], text]) is None:
                    raise InputError(
                        f"{_cut(text)!r} in column {name} is not a date such as {texts[0]!r}",
                        location=table.location(row),
                        hint="Write all dates in one format, best as 2001-12-31",
                    )
    return None


def _check_rising(table: Table, column: int, dates: Sequence[datetime]) -> None:
    for row, (before, after) in enumerate(pairwise(dates), start=1):
        if after <= before:
            raise InputError(
                f"the date {table.rows[row][column]} does not come after "
                f"{table.rows[row - 1][column]}",
                location=table.location(row),
                hint="Sort the rows by date, one row per date; put several series in separate "
                "columns",
            )


def _numbers(table: Table, column: int) -> Values:
    """(T,) a column as finite numbers, with NaN for missing ones."""
    numbers = (table.number(cell) for cell in table.column(column))
    return np.array([math.nan if number is None else number for number in numbers])


def _imputed_numbers(table: Table, column: int, impute: Impute | None) -> Values:
    """(T,) a column as finite numbers.

    Raises:
        InputError: a number is missing and `impute` is None, or all numbers are missing.
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
            else f"the number in column {table.names[column]} is missing",
            location=table.location(missing[0]),
            hint=f"{len(missing):,} of {len(values):,} rows lack this number; {_IMPUTE_HINT}",
        )
    if len(missing) == len(values):
        raise InputError(
            f"no row has a number in column {table.names[column]}",
            location=table.name,
            hint="Name other columns with --series",
        )
    return imputed(values, impute)


def imputed(values: Values, impute: Impute) -> Values:
    """A copy of a series (T,) with each NaN replaced.

    Args:
        values: (T,) with at least one number that is not NaN.
        impute: the replacement, one of IMPUTATIONS.
    """
    known = np.flatnonzero(~np.isnan(values))
    gaps = np.flatnonzero(np.isnan(values))
    complete = values.copy()
    if impute == "zero":
        complete[gaps] = 0.0
    elif impute == "previous":
        # A gap at the beginning has no previous number: use the first one.
        complete[gaps] = values[known[np.maximum(np.searchsorted(known, gaps) - 1, 0)]]
    else:
        complete[gaps] = np.interp(gaps, known, values[known])
    return complete


def _cut(cell: str) -> str:
    return cell if len(cell) <= _MAX_SHOWN else f"{cell[:_MAX_SHOWN]}..."
