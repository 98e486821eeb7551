"""Time series from CSV tables: the columns of numbers, and the dates if there are any.

Shapes: T steps, S series.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.errors import InputError
from elman.ranges import check_choice
from elman.text.dates import DATE_ORDERS, Calendar, step_of
from elman.text.numbers import DECIMALS, is_number
from elman.text.series_columns import find_dates, shown
from elman.text.series_shapes import months_in_columns, transposed, unstacked
from elman.text.series_table import Table, read_table, series_lines
from elman.text.series_tsf import is_tsf, read_tsf

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from elman.text.date_formats import DateReading
    from elman.text.files import TextSource
    from elman.text.numbers import Decimal
    from elman.text.series_shapes import Shaped


Values = npt.NDArray[np.float64]

IMPUTATIONS = ("linear", "previous", "zero")
"""Replacements for missing numbers: linear interpolation, the previous number, or zero."""
Impute = Literal["linear", "previous", "zero"]

_HOUR, _DAY = 3600, 86400  # seconds
_IMPUTE_HINT = "fill the gaps with --impute linear, previous or zero"


class Series(NamedTuple):
    """One or several time series; the last value of each is in the last row.

    Attributes:
        names: (S,) of the series.
        values: (T, S) finite numbers; NaN before the first value of a series.
        calendar: of the dates; None where there are none.
        dates: (T,) one for each step; empty without dates, or where series end at different ones.
        name: of the file.
        notes: what was joined or left out of the file, for the user.
        starts: (S,) the row of the first value of each series; empty: all begin in the first row.
        ends: (S,) the date of the last value of each series; empty: all end with the calendar.
    """

    names: tuple[str, ...]
    values: Values
    calendar: Calendar | None = None
    dates: tuple[datetime, ...] = ()
    name: str = "the numbers given"
    notes: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    ends: tuple[datetime, ...] = ()

    @property
    def first_rows(self) -> tuple[int, ...]:
        """(S,) the row of the first value of each series."""
        return self.starts or (0,) * len(self.names)

    @property
    def common(self) -> Values:
        """The rows (T, S) in which every series has values, the last ones."""
        return self.values[max(self.first_rows) :]

    def own(self, index: int) -> Values:
        """The values (T,) of one series, from its first."""
        return self.values[self.first_rows[index] :, index]

    def calendars(self) -> list[Calendar | None]:
        """(S,) the calendar of each series, up to its own end."""
        if self.calendar is None or not self.ends:
            return [self.calendar] * len(self.names)
        return [self.calendar._replace(last=end) for end in self.ends]

    def selected(self, columns: Sequence[int]) -> Series:
        """Some of the series, by their indices, in this order."""
        return self._replace(
            names=tuple(self.names[each] for each in columns),
            values=self.values[:, list(columns)],
            starts=tuple(self.starts[each] for each in columns) if self.starts else (),
            ends=tuple(self.ends[each] for each in columns) if self.ends else (),
        )

    def content_hash(self) -> str:
        """SHA-256 in hex of the numbers and the names of the series."""
        content = hashlib.sha256("\n".join(self.names).encode())
        content.update(np.ascontiguousarray(self.values).tobytes())
        return content.hexdigest()


class SeriesSource:
    """The series of a table, which can be read any number of times.

    The delimiter is a comma, a semicolon, a tab or a bar; cells may be quoted. The first row is a
    header unless it holds numbers (the numbers 0, 1, 2 ... in order are a header). Blank lines,
    comments and lines of description above the header are skipped. Every column of numbers is a
    series; or every row, where the other columns are numbered or dated; or every value of a column
    of identifiers, where the dates recur for each: such series have spans of their own, and so have
    those of the Monash format (.tsf). Rows from the last date to the first are reversed. For the
    dates see `find_dates`, for the numbers
    `read_numbers`.

    Args:
        source: one file.
        columns: the names of the series to read; None: all columns of numbers.
        impute: the replacement for missing numbers, one of IMPUTATIONS; None: a missing number is
            an error.
        date_order: the order of day, month and year, one of DATE_ORDERS; None: the one in which
            the dates rise in a regular step.
        decimal: the decimal mark, 'point' or 'comma'; None: the one that fits each column.
        known: names of series that a table may have below one another, in a few rows too, as new
            values of a model's series are; default: none.

    Raises:
        SettingError: `impute`, `date_order` or `decimal` is none of its choices.
    """

    def __init__(
        self,
        source: TextSource,
        *,
        columns: Sequence[str] | None = None,
        impute: Impute | None = None,
        date_order: str | None = None,
        decimal: Decimal | None = None,
        known: Collection[str] = (),
    ) -> None:
        if impute is not None:
            check_choice("impute", impute, IMPUTATIONS)
        if date_order is not None:
            check_choice("date-order", date_order, DATE_ORDERS)
        if decimal is not None:
            check_choice("decimal", decimal, DECIMALS)
        self.name = source.name
        self._source = source
        self._columns = columns
        self._impute = impute
        self._date_order = date_order
        self._decimal = decimal
        self._known = frozenset(known)

    def read(self) -> Series:
        """The series, with missing numbers replaced.

        Raises:
            EmptyTextError: there are no rows.
            InputError: a cell is not a number, a row has another length, the dates do not rise, a
                column is missing, there are several files, or no numbers.
        """
        series, table, columns = self._read()
        for index, column in enumerate(columns):
            filled = _filled(series.own(index), table, column, self._impute)
            series.values[len(series.values) - len(filled) :, index] = filled
        return series

    def with_gaps(self) -> tuple[Series, list[str]]:
        """The series with NaN for each missing number, and the location of each step.

        Raises:
            EmptyTextError, InputError: as `read`; missing numbers are not an error.
        """
        series, table, _ = self._read()
        return series, [table.location(step) for step in range(len(table.rows))]

    def _read(self) -> tuple[Series, Table, list[int]]:
        """The series with gaps, the table whose columns they are, and these columns."""
        name, lines = series_lines(self._source)
        if is_tsf(lines):
            return _of_shaped(read_tsf(lines, name, self._columns), ())
        table = read_table(lines, name, self._decimal)
        shaped = transposed(table, self._columns)
        if shaped is not None:
            return _of_shaped(shaped, table.notes)
        shaped = months_in_columns(table) if self._columns is None else None
        if shaped is not None:
            return _of_shaped(shaped, table.notes)
        dates = find_dates(table, self._date_order)
        notes = (*table.notes, *dates.notes)
        if dates.reading is None:
            columns = self._requested(table, dates.ignored)
            return _series(table, columns, None, notes), table, columns
        reading = dates.reading
        if len(reading.dates) > 1 and all(b < a for a, b in pairwise(reading.dates)):
            table, reading = table.reversed(), reading._replace(dates=reading.dates[::-1])
            notes = (*notes, "the rows run from the last date to the first and are read in reverse")
        others = [each for each in range(len(table.names)) if each not in dates.columns]
        rise = all(after > before for before, after in pairwise(reading.dates))
        shaped = unstacked(table, reading, others, self._columns, self._known, only_known=rise)
        if shaped is not None:
            return _of_shaped(shaped, notes)
        if not rise:
            _check_rising(table, sorted(dates.columns), reading)
        columns = self._requested(table, dates.columns | dates.ignored)
        return _series(table, columns, reading, notes), table, columns

    def _requested(self, table: Table, excluded: Collection[int]) -> list[int]:
        """The indices of the columns to read as numbers.

        Args:
            excluded: the indices of dates and counters, which are read on request only.
        """
        names = [name for index, name in enumerate(table.names) if index not in excluded]
        listed = ", ".join(names)
        if self._columns is None:
            columns = [
                index
                for index in range(len(table.names))
                if index not in excluded and any(map(is_number, table.column(index)))
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


def _of_shaped(shaped: Shaped, notes: Sequence[str]) -> tuple[Series, Table, list[int]]:
    """The series that are the columns of a table, with gaps; the table, and all its columns."""
    columns = list(range(len(shaped.table.names)))
    series = _series(shaped.table, columns, None, (*notes, *shaped.notes))
    series = series._replace(
        calendar=shaped.calendar, dates=shaped.dates, starts=shaped.starts, ends=shaped.ends
    )
    return series, shaped.table, columns


def _series(
    table: Table, columns: Sequence[int], dates: DateReading | None, notes: tuple[str, ...]
) -> Series:
    """Columns of a table as series, with NaN for missing numbers."""
    readings = [table.numbers(column) for column in columns]
    values = np.array([reading.values for reading in readings], dtype=np.float64).T.copy()
    commas = [
        table.names[column]
        for column, reading in zip(columns, readings, strict=True)
        if reading.decimal == "comma" and any("." in cell for cell in table.column(column))
    ]
    if commas:
        notes = (*notes, f"a point separates thousands in {', '.join(commas)}")
    names = tuple(table.names[column] for column in columns)
    if dates is None:
        return Series(names, values, name=table.name, notes=notes)
    calendar = None
    if len(dates.dates) > 1:
        calendar = Calendar(dates.dates[0], dates.dates[-1], step_of(dates.dates), dates.form)
    return Series(names, values, calendar, tuple(dates.dates), table.name, notes)


def _check_rising(table: Table, columns: Sequence[int], reading: DateReading) -> None:
    """Check that dates rise.

    Raises:
        InputError: they do not; where a clock was put back an hour, the message says so.
    """
    dates = reading.dates
    seconds = Counter((after - before).total_seconds() for before, after in pairwise(dates))
    step = seconds.most_common(1)[0][0]
    for row, (before, after) in enumerate(pairwise(dates), start=1):
        if after > before:
            continue
        earlier, later = (" ".join(table.rows[each][c] for c in columns) for each in (row - 1, row))
        hint = "Sort the rows by date, one row per date; put several series in separate columns"
        cause = f"the date {later} does not come after {earlier}"
        if 0 < step < _DAY and (after - before).total_seconds() == step - _HOUR:
            cause += ": the hour is there twice, as where daylight saving time ends"
            hint = f"Write times with their offset from UTC, such as {after:%Y-%m-%dT%H:%M}+01:00"
        raise InputError(cause, location=table.location(row), hint=hint)


def _filled(values: Values, table: Table, column: int, impute: Impute | None) -> Values:
    """The end of a column, (T,), as finite numbers.

    Raises:
        InputError: a number is missing and `impute` is None, or all numbers are missing.
    """
    missing = np.flatnonzero(np.isnan(values)).tolist()
    if not missing:
        return values
    if impute is None:
        row = len(table.rows) - len(values) + missing[0]
        cell = table.rows[row][column]
        raise InputError(
            f"{shown(cell)} in column {table.names[column]} is not a number"
            if cell
            else f"the number in column {table.names[column]} is missing",
            location=table.location(row),
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
