"""Find the dates of a table of numbers, and the columns that only count its rows."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from elman.errors import InputError
from elman.text.date_formats import date_readings, is_date, order_of
from elman.text.dates import DATE_NAMES, AmbiguousDatesError, parse_dates
from elman.text.numbers import is_number, number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from elman.text.date_formats import DateReading
    from elman.text.series_table import Table


_INDEX_NAMES = frozenset(
    {"", "index", "idx", "id", "no", "nr", "row", "#", "obs", "rownames", "unnamed: 0"}
)
_YEARS = frozenset({"year", "yr", "yyyy", "jahr"})
_MONTHS = frozenset({"month", "mon", "mo", "mm", "monat"})
_DAYS = frozenset({"day", "dd", "mday", "tag", "day_of_month"})
_HOURS = frozenset({"hour", "hr", "hh", "stunde"})
_QUARTERS = frozenset({"quarter", "qtr", "quartal"})
_WEEKS = frozenset({"week", "isoweek", "weeknum", "woche"})
_CLOCKS = frozenset({"time", "clock", "uhrzeit", "zeit", "heure", "hora"})
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}([:.]\d{2}(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?")
_SAMPLE = 100  # cells that show what a column holds
_MIN_AGREEMENT = 0.9
_MAX_SHOWN = 40  # characters of a cell in a message
_DATE_HINT = "Write all dates in one format, best as 2001-12-31"


class DateColumns(NamedTuple):
    """The dates of a table.

    Attributes:
        reading: the dates; None where there are none.
        columns: the indices of their columns.
        ignored: the indices of columns that only count the rows.
        notes: what was joined or left out, for the user.
    """

    reading: DateReading | None
    columns: frozenset[int]
    ignored: frozenset[int]
    notes: tuple[str, ...]


def find_dates(table: Table, order: str | None = None) -> DateColumns:
    """Find the column of dates, or the columns that are dates together.

    It is the first column with the name of a date or with text that can be read as dates. A date
    and a time in two columns are joined, likewise a year with a month, a quarter or a week.

    Args:
        table: with rows of equal length.
        order: of day, month and year, one of DATE_ORDERS; None: determine it.

    Raises:
        InputError: a cell of a column of dates is not a date, or the order of day and month is not
            determined.
    """
    ignored, notes = _counters(table)
    found = _joined_fields(table, order) or _single_column(table, order, ignored)
    if found is None:
        _check_unread(table, ignored)
        return DateColumns(None, frozenset(), frozenset(ignored), tuple(notes))
    reading, columns = found
    if len(columns) > 1:
        named = " and ".join(table.names[column] for column in columns)
        notes.append(f"columns {named} are read together as dates")
    if reading.of_ranges:
        notes.append("each date is the start of its range")
    if reading.is_utc:
        notes.append("offsets from UTC differ; the dates are in UTC")
    return DateColumns(reading, frozenset(columns), frozenset(ignored), tuple(notes))


def shown(cell: str) -> str:
    """A cell in a message, cut."""
    return repr(cell if len(cell) <= _MAX_SHOWN else f"{cell[:_MAX_SHOWN]}...")


def _counters(table: Table) -> tuple[set[int], list[str]]:
    """Columns that number the rows, and columns of times that are mere counts of steps."""
    ignored: set[int] = set()
    notes = []
    for column, name in enumerate(table.names):
        cells = table.column(column)
        folded = name.casefold()
        is_index = folded in _INDEX_NAMES and _count_rows(cells)
        is_clock = folded in DATE_NAMES and not date_readings(cells) and _are_steps(cells)
        if len(table.names) > 1 and (is_index or is_clock):
            ignored.add(column)
            called = f"column {name}" if name else f"column {column + 1}, without a name,"
            notes.append(f"{called} only counts the rows and is left out")
    return ignored, notes


def _count_rows(cells: Sequence[str]) -> bool:
    return any(cells == [str(start + row) for row in range(len(cells))] for start in (0, 1))


def _are_steps(cells: Sequence[str]) -> bool:
    """Whether these are numbers with a constant difference, apart from rounding."""
    numbers = [number_of(cell) for cell in cells]
    known = [number for number in numbers if number is not None]
    if len(known) < len(cells) or len(cells) < 3:
        return False
    step = (known[-1] - known[0]) / (len(known) - 1)
    return step > 0 and all(abs(b - a - step) < 0.02 * step for a, b in pairwise(known))


def _single_column(
    table: Table, order: str | None, ignored: set[int]
) -> tuple[DateReading, list[int]] | None:
    for column, name in enumerate(table.names):
        cells = table.column(column)
        named = name.casefold() in DATE_NAMES
        if column in ignored or (not named and any(map(is_number, cells[:_SAMPLE]))):
            continue
        clock = _clock_of(table, column)
        if clock is not None and is_date(cells[0]):
            joined = [
                f"{date} {time}" for date, time in zip(cells, _times(table, clock), strict=True)
            ]
            reading = _read(table, column, joined, order)
            if reading is not None:
                return reading, [column, clock]
        reading = _read(table, column, cells, order)
        if reading is not None:
            return reading, [column]
    return None


def _clock_of(table: Table, date: int) -> int | None:
    """The column of times that completes a column of days, which recur; None where none does."""
    cells = table.column(date)
    if len(set(cells)) == len(cells) or any(":" in cell for cell in cells[:1]):
        return None
    for column, name in enumerate(table.names):
        if column == date:
            continue
        times = table.column(column)
        folded = name.casefold()
        is_hour = folded in _HOURS and all(_between(cell, 0, 24) for cell in times)
        if is_hour or (folded in _CLOCKS | _HOURS and all(map(_CLOCK.fullmatch, times))):
            return column
    return None


def _times(table: Table, column: int) -> Iterator[str]:
    """The cells of a column of times or of whole hours, as times."""
    for cell in table.column(column):
        yield f"{int(cell):02}:00" if cell.isdigit() else cell


def _joined_fields(table: Table, order: str | None) -> tuple[DateReading, list[int]] | None:
    """A year with a month, a quarter or a week, and what else is in columns of its own."""
    year = _field(table, _YEARS, lambda cell: _between(cell, 1000, 2999))
    if year is None:
        return None
    years = table.column(year)
    quarter = _field(table, _QUARTERS, lambda cell: _between(cell.lstrip("qQ"), 1, 4))
    if quarter is not None:
        cells = (cell.lstrip("qQ") for cell in table.column(quarter))
        texts = [f"{a}Q{b}" for a, b in zip(years, cells, strict=True)]
        return _joined(table, [year, quarter], texts, order)
    month = _field(table, _MONTHS, lambda cell: _between(cell, 1, 12) or is_date(f"{cell} 2000"))
    if month is None:
        week = _field(table, _WEEKS, lambda cell: _between(cell, 1, 53))
        if week is None:
            return None
        cells = (f"{int(cell):02}" for cell in table.column(week))
        texts = [f"{a}-W{b}" for a, b in zip(years, cells, strict=True)]
        return _joined(table, [year, week], texts, order)
    months = [cell.zfill(2) if cell.isdigit() else cell for cell in table.column(month)]
    day = _field(table, _DAYS, lambda cell: _between(cell, 1, 31))
    if day is None:
        texts = [f"{a}-{b}" for a, b in zip(years, months, strict=True)]
        return _joined(table, [year, month], texts, order)
    days = (f"{int(cell):02}" for cell in table.column(day))
    texts = [f"{a}-{b}-{c}" for a, b, c in zip(years, months, days, strict=True)]
    hour = _field(table, _HOURS, lambda cell: _between(cell, 0, 24))
    if hour is None:
        return _joined(table, [year, month, day], texts, order)
    texts = [f"{a} {b}" for a, b in zip(texts, _times(table, hour), strict=True)]
    return _joined(table, [year, month, day, hour], texts, order)


def _joined(
    table: Table, columns: list[int], texts: Sequence[str], order: str | None
) -> tuple[DateReading, list[int]] | None:
    reading = _read(table, columns[0], texts, order)
    return None if reading is None else (reading, columns)


def _field(table: Table, names: frozenset[str], holds: Callable[[str], bool]) -> int | None:
    """The column with one of these names, if every cell of it is of the kind."""
    for column, name in enumerate(table.names):
        if name.casefold() in names:
            return column if all(map(holds, table.column(column))) else None
    return None


def _between(cell: str, least: int, most: int) -> bool:
    return cell.isdecimal() and least <= int(cell) <= most


def _read(table: Table, column: int, texts: Sequence[str], order: str | None) -> DateReading | None:
    try:
        return parse_dates(texts, order)
    except AmbiguousDatesError as error:
        one, other = error.readings
        row = next(row for row in range(len(texts)) if one.dates[row] != other.dates[row])
        options = " or ".join(f"--date-order {order_of(each.form)}" for each in error.readings)
        raise InputError(
            f"{shown(texts[row])} in column {table.names[column]} can be "
            f"{one.dates[row].date()} or {other.dates[row].date()}",
            location=table.location(row),
            hint=f"Name the order of day, month and year: {options}",
        ) from error


def _check_unread(table: Table, ignored: set[int]) -> None:
    """Check that no column looks like dates, of which some cannot be read.

    Raises:
        InputError: one does.
    """
    for column, name in enumerate(table.names):
        cells = table.column(column)
        named = name.casefold() in DATE_NAMES
        sample = cells[:_SAMPLE]
        if column in ignored or any(map(is_number, sample)):
            continue
        dates = sum(map(is_date, sample))
        has_digits = any(map(str.isdigit, "".join(sample)))
        if dates < _MIN_AGREEMENT * len(sample) and not (named and has_digits):
            continue
        first = next((cell for cell in cells if is_date(cell)), None)
        for row, cell in enumerate(cells):
            if first is None or not date_readings([first, cell]):
                such = "" if first is None else f" such as {shown(first)}"
                raise InputError(
                    f"{shown(cell)} in column {name} is not a date{such}",
                    location=table.location(row),
                    hint=_DATE_HINT,
                )
