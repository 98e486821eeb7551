"""Series that are not columns: one in each row, or below one another with an identifier."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from elman.errors import InputError
from elman.text.date_formats import date_readings, format_date, is_date
from elman.text.dates import Calendar, DateStep, step_of
from elman.text.numbers import MISSING, is_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from elman.text.date_formats import DateReading
    from elman.text.series_table import Table


_NUMBERED = re.compile(r"(.*?)(\d+)")
_YEAR = re.compile(r"[12]\d{3}")
_MONTHS = "january february march april may june july august september october november december"
_MONTHS_OF_A_YEAR = (
    _MONTHS.split(),
    [name[:3] for name in _MONTHS.split()],
    [str(month) for month in range(1, 13)],
)
_MIN_DATES, _MIN_NUMBERED = 3, 8  # columns of values in a table with a series in each row
_MAX_IDENTIFIERS = 6  # columns that are tried as identifiers
_MAX_SHOWN = 20  # names of series in a message

Cells = TypeVar("Cells")


class OwnSpan(NamedTuple):
    """A series with a start and an end of its own.

    Attributes:
        cells: (N,) its values, empty where one is missing.
        dates: (N,) of the values; empty: none.
    """

    cells: list[str]
    dates: Sequence[datetime]


class Shaped(NamedTuple):
    """A table whose columns are the series, all with their last value in the last row.

    Attributes:
        table: T rows; without line numbers where a row of it is not one of the file.
        notes: how it was read, for the user.
        calendar: of the dates; None where there are none.
        dates: (T,) of the rows; empty where there are none, or each series has its own.
        starts: (S,) the first row of each series; empty: 0.
        ends: (S,) the last date of each series; empty: that of the calendar.
    """

    table: Table
    notes: tuple[str, ...]
    calendar: Calendar | None = None
    dates: tuple[datetime, ...] = ()
    starts: tuple[int, ...] = ()
    ends: tuple[datetime, ...] = ()


def transposed(table: Table, requested: Sequence[str] | None) -> Shaped | None:
    """The series in the rows of a table as columns; None where the columns are the series.

    The first columns are text, the first of them a different one in each row, or all together; the
    other columns are numbered (V2, V3, ...) or dates, with other numbers before the first date left
    out, such as latitudes. Series may begin late and end early.

    Args:
        table: with rows of equal length.
        requested: the names of the series to read; None: all.

    Raises:
        InputError: a requested series is missing.
    """
    first = next(
        (
            column
            for column in range(len(table.names))
            if all(is_number(cell) or cell.lower() in MISSING for cell in table.column(column))
            and any(map(is_number, table.column(column)))
        ),
        0,
    )
    identifiers = table.column(0)
    if not first or all(map(is_date, identifiers)):
        return None
    if len(set(identifiers)) < len(identifiers):
        identifiers = [" ".join(filter(None, row[:first])) for row in table.rows]
        if len(set(identifiers)) < len(identifiers):
            return None
    names = list(table.names[first:])
    readings = date_readings(names)
    note = "each row is a series"
    before = next((place for place, name in enumerate(names) if is_date(name)), 0)
    if not readings and before:
        readings = date_readings(names[before:])
        note += f"; {', '.join(names[:before])} left out"
        first, names = first + before, names[before:]
    if len(names) < (_MIN_DATES if readings else _MIN_NUMBERED) or not (
        readings or _are_numbered(names)
    ):
        return None
    dates = readings[0].dates if readings else []
    series = {
        name: OwnSpan(row[first:], dates) for name, row in zip(identifiers, table.rows, strict=True)
    }
    form = readings[0].form if readings else ""
    series = chosen(series, requested, table.name)
    return shaped_of_spans(table, series, form, None, note)


def months_in_columns(table: Table) -> Shaped | None:
    """The monthly series of a table with a year in each row and a month in each column; None where
    it is none. Years may fall; columns after December, such as the year's mean, are left out.

    Args:
        table: with rows of equal length.
    """
    months = [name.casefold().rstrip(".") for name in table.names[1:13]]
    years = table.column(0)
    if months not in _MONTHS_OF_A_YEAR or not all(map(_YEAR.fullmatch, years)):
        return None
    rows = table.rows if len(years) < 2 or years[0] < years[1] else table.rows[::-1]
    numbers = [int(row[0]) for row in rows]
    if any(b - a != 1 for a, b in pairwise(numbers)):
        return None
    dates = [datetime(year, month, 1) for year in numbers for month in range(1, 13)]
    span = OwnSpan([cell for row in rows for cell in row[1:13]], dates)
    note = "each row is a year, each column a month"
    if table.names[13:]:
        note += f"; {', '.join(table.names[13:])} left out"
    return shaped_of_spans(table, {"value": span}, "%Y-%m", None, note)


def _are_numbered(names: Sequence[str]) -> bool:
    matches = [_NUMBERED.fullmatch(name) for name in names]
    parts = [(match[1], int(match[2])) for match in matches if match is not None]
    return len(parts) == len(names) and all(
        a == c and b + 1 == d for (a, b), (c, d) in pairwise(parts)
    )


def unstacked(
    table: Table,
    dates: DateReading,
    others: Sequence[int],
    requested: Sequence[str] | None,
    known: Collection[str] = (),
    *,
    only_known: bool = False,
) -> Shaped | None:
    """The series below one another in a table as columns; None where no column tells them apart.

    Args:
        table: with rows of equal length, whose dates recur.
        dates: of the rows.
        others: the indices of the other columns, in order.
        requested: the names of the series to read; None: all.
        known: names that series may have in a few rows too.
        only_known: whether only these tell series apart, as where the dates rise without a break.

    Raises:
        InputError: a series lacks a date inside its span, or a requested one is missing.
    """
    found = None
    for columns, groups in _groupings(table, others, known, only_known=only_known):
        rows_of_each = list(groups.values())
        several = any(len(rows) > 1 for rows in rows_of_each)
        falls = several and all(_rise(dates.dates, rows[::-1]) for rows in rows_of_each)
        if falls:
            groups = {name: rows[::-1] for name, rows in groups.items()}
        if all(_rise(dates.dates, rows) for rows in groups.values()):
            found = columns, groups
            break
    if found is None:
        return None
    columns, groups = found
    values = [
        column
        for column in others
        if column not in columns and any(map(is_number, table.column(column)))
    ]
    if not values:
        return None
    series = {
        name if len(values) == 1 else f"{name} {table.names[column]}": (rows, column)
        for name, rows in groups.items()
        for column in values
    }
    series = chosen(series, requested, table.name)
    named = " and ".join(table.names[column] for column in columns)
    note = f"column {named} names the series of each row"
    if falls:
        note += ", from the last date to the first"
    orders = [rows for rows, _ in series.values()]
    if len({tuple(dates.dates[row] for row in rows) for rows in orders}) > 1:
        spans = {
            name: OwnSpan(
                [table.rows[row][column] for row in rows], [dates.dates[row] for row in rows]
            )
            for name, (rows, column) in series.items()
        }
        _check_complete(spans, dates.form, table.name)
        return shaped_of_spans(table, spans, dates.form, None, note)
    first = orders[0]
    steps = [
        [table.rows[rows[step]][column] for rows, column in series.values()]
        for step in range(len(first))
    ]
    shaped = table.of_rows(steps, list(series), [table.line_numbers[row] for row in first])
    common = tuple(dates.dates[row] for row in first)
    return Shaped(shaped, (note,), _calendar(common, dates.form, None), common)


def _groupings(
    table: Table, others: Sequence[int], known: Collection[str], *, only_known: bool
) -> Iterator[tuple[tuple[int, ...], dict[str, list[int]]]]:
    """Columns that may name the series of each row, and the rows of each name."""
    # Of several columns of values each makes a series, whose name follows that of the rows.
    beginnings = {name[: space.start()] for name in known for space in re.finditer(" |$", name)}
    if beginnings and beginnings.isdisjoint(table.names):
        for columns in _one_or_two(others[:_MAX_IDENTIFIERS]):
            groups = _groups(table, columns)
            if groups.keys() <= beginnings:
                yield columns, groups
    if only_known:
        return
    half = len(table.rows) // 2
    candidates = [column for column in others if len(set(table.column(column))) <= half]
    for columns in _one_or_two(candidates[:_MAX_IDENTIFIERS]):
        groups = _groups(table, columns)
        if len(groups) > 1:
            yield columns, groups


def _one_or_two(columns: Sequence[int]) -> Iterator[tuple[int, ...]]:
    yield from ((column,) for column in columns)
    yield from combinations(columns, 2)


def _groups(table: Table, columns: Sequence[int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for row, cells in enumerate(table.rows):
        groups.setdefault(" ".join(cells[column] for column in columns), []).append(row)
    return groups


def shaped_of_spans(
    table: Table, series: dict[str, OwnSpan], form: str, step: DateStep | None, note: str
) -> Shaped:
    """Series as columns, each ending in the last row. Missing values at either end are left out of
    a series.

    Args:
        table: whose settings the new one has.
        series: by name.
        form: of the dates, see `date_formats`.
        step: from one date to the next; None: the most frequent one of the longest series.
        note: how the file was read, for the user.
    """
    notes = [note]
    empty = [name for name, span in series.items() if not any(map(_is_there, span.cells))]
    if empty and len(empty) < len(series):
        more = f" and {len(empty) - 1:,} more" if len(empty) > 1 else ""
        notes.append(f"{empty[0]}{more} without numbers, left out")
        series = {name: span for name, span in series.items() if name not in empty}
    spans = {name: _without_ends(span) for name, span in series.items()}
    longest = max(spans.values(), key=lambda span: len(span.cells))
    length = len(longest.cells)
    starts = tuple(length - len(span.cells) for span in spans.values())
    columns = [[""] * (length - len(span.cells)) + span.cells for span in spans.values()]
    rows = [list(row) for row in zip(*columns, strict=True)]
    shaped = table.of_rows(rows, list(spans))
    if any(starts):
        shortest = length - max(starts)
        notes.append(f"the series have lengths of their own, {shortest:,} to {length:,}")
    elif len({span.dates[-1] for span in spans.values() if span.dates}) > 1:
        notes.append("the series end at dates of their own")
    found = Shaped(shaped, tuple(notes), starts=starts if any(starts) else ())
    if not all(span.dates for span in spans.values()):
        return found
    ends = tuple(span.dates[-1] for span in spans.values())
    common = len(set(ends)) == 1 and all(
        span.dates[0] == longest.dates[start]
        for span, start in zip(spans.values(), starts, strict=True)
    )
    calendar = _calendar(longest.dates, form, step)
    if common:
        return found._replace(calendar=calendar, dates=tuple(longest.dates))
    if calendar is not None:
        calendar = calendar._replace(
            first=min(span.dates[0] for span in spans.values()), last=max(ends)
        )
    return found._replace(calendar=calendar, ends=ends)


def _without_ends(span: OwnSpan) -> OwnSpan:
    """A series from its first number to its last; all of it where there is none."""
    there = [index for index, cell in enumerate(span.cells) if _is_there(cell)]
    if not there:
        return span
    first, last = there[0], there[-1] + 1
    return OwnSpan(span.cells[first:last], span.dates[first:last])


def _is_there(cell: str) -> bool:
    return cell.lower() not in MISSING


def _calendar(dates: Sequence[datetime], form: str, step: DateStep | None) -> Calendar | None:
    if len(dates) < 2:
        return None
    return Calendar(dates[0], dates[-1], step or step_of(dates), form)


def _check_complete(spans: dict[str, OwnSpan], form: str, name: str) -> None:
    """Check that no series lacks a date between its first and its last that others have.

    Raises:
        InputError: one does, and its dates do not come in one regular step.
    """
    union = sorted({date for span in spans.values() for date in span.dates})
    for series, span in spans.items():
        own = span.dates
        missing = next(
            (date for date in union if own[0] < date < own[-1] and date not in set(own)), None
        )
        if missing is None:
            continue
        step = step_of(own)
        if any(step.after(before, 1) != after for before, after in pairwise(own)):
            raise InputError(
                f"series {series!r} lacks the date {format_date(missing, form)}, which others have",
                location=name,
                hint="Add the row, with an empty number, and fill it: --impute linear",
            )


def _rise(dates: Sequence[datetime], rows: Sequence[int]) -> bool:
    return all(dates[before] < dates[after] for before, after in pairwise(rows))


def chosen(
    series: dict[str, Cells], requested: Sequence[str] | None, name: str
) -> dict[str, Cells]:
    """The requested series, in the order of the request."""
    for each in requested or ():
        if each not in series:
            few = ", ".join(list(series)[:_MAX_SHOWN])
            more = ", ..." if len(series) > _MAX_SHOWN else ""
            raise InputError(
                f"no series is called {each!r}: there is {few}{more}",
                location=name,
                hint="Name one of these with --series",
            )
    return series if requested is None else {each: series[each] for each in requested}
