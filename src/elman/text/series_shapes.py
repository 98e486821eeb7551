"""Series that are not columns: one in each row, or below one another with an identifier."""

from __future__ import annotations

import re
import shlex
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from elman.errors import InputError
from elman.text.date_formats import date_readings, format_date, is_date
from elman.text.numbers import MISSING, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from elman.text.date_formats import DateReading
    from elman.text.series_table import Table


_NUMBERED = re.compile(r"(.*?)(\d+)")
_MIN_DATES, _MIN_NUMBERED = 3, 8  # columns of values in a table with a series in each row
_MAX_IDENTIFIERS = 6  # columns that are tried as identifiers
_MAX_SHOWN = 20  # names of series in a message

Cells = TypeVar("Cells")


class Shaped(NamedTuple):
    """A table whose columns are the series.

    Attributes:
        table: T rows; without line numbers where a row of it is not one of the file.
        dates: of the rows; None where there are none.
        note: how it was read, for the user.
    """

    table: Table
    dates: DateReading | None
    note: str


def transposed(table: Table, requested: Sequence[str] | None) -> Shaped | None:
    """The series in the rows of a table as columns; None where the columns are the series.

    The first columns are text, the first of them a different one in each row; the other columns are
    numbered (V2, V3, ...) or dates. Series may begin late and end early.

    Args:
        table: with rows of equal length.
        requested: the names of the series to read; None: all.

    Raises:
        InputError: the series begin or end at different steps, or one of them is missing.
    """
    first = next(
        (
            column
            for column in range(len(table.names))
            if all(is_number(cell) or cell.lower() in MISSING for cell in table.column(column))
        ),
        0,
    )
    names = list(table.names[first:])
    identifiers = table.column(0)
    if not first or len(set(identifiers)) < len(identifiers) or all(map(is_date, identifiers)):
        return None
    readings = date_readings(names)
    if len(names) < (_MIN_DATES if readings else _MIN_NUMBERED) or not (
        readings or _are_numbered(names)
    ):
        return None
    cells = {name: row[first:] for name, row in zip(identifiers, table.rows, strict=True)}
    cells = _chosen(cells, requested, table.name)
    filled = {
        name: [step for step, cell in enumerate(row) if cell.lower() not in MISSING]
        for name, row in cells.items()
    }
    spans = {name: (steps[0], steps[-1]) for name, steps in filled.items() if steps}
    _check_same_span({name: (names[a], names[b]) for name, (a, b) in spans.items()}, table.name)
    start, end = next(iter(spans.values()), (0, -1))
    rows = [[row[step] for row in cells.values()] for step in range(start, end + 1)]
    dates = readings[0]._replace(dates=readings[0].dates[start : end + 1]) if readings else None
    shaped = table.of_rows(rows, list(cells))
    return Shaped(shaped, dates, "each row is a series")


def _are_numbered(names: Sequence[str]) -> bool:
    matches = [_NUMBERED.fullmatch(name) for name in names]
    parts = [(match[1], int(match[2])) for match in matches if match is not None]
    return len(parts) == len(names) and all(
        a == c and b + 1 == d for (a, b), (c, d) in pairwise(parts)
    )


def unstacked(
    table: Table, dates: DateReading, others: Sequence[int], requested: Sequence[str] | None
) -> Shaped | None:
    """The series below one another in a table as columns; None where no column tells them apart.

    Args:
        table: with rows of equal length, whose dates recur.
        dates: of the rows.
        others: the indices of the other columns, in order.
        requested: the names of the series to read; None: all.

    Raises:
        InputError: the series have different dates, or one of them is missing.
    """
    candidates = [
        column for column in others if len(set(table.column(column))) <= len(table.rows) // 2
    ]
    candidates = candidates[:_MAX_IDENTIFIERS]
    for columns in [(column,) for column in candidates] + list(combinations(candidates, 2)):
        groups: dict[str, list[int]] = {}
        for row, cells in enumerate(table.rows):
            groups.setdefault(" ".join(cells[column] for column in columns), []).append(row)
        if len(groups) > 1 and all(_rise(dates.dates, rows) for rows in groups.values()):
            break
    else:
        return None
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
    series = _chosen(series, requested, table.name)
    spans = {
        name: (format_date(dates.dates[rows[0]], dates.form), _last(dates, rows))
        for name, (rows, _) in series.items()
    }
    _check_same_span(spans, table.name)
    first = next(iter(series.values()))[0]
    for name, (rows, _) in series.items():
        missing = {dates.dates[row] for row in first} ^ {dates.dates[row] for row in rows}
        if missing:
            raise InputError(
                f"series {name!r} and {next(iter(series))!r} do not both have the date "
                f"{format_date(min(missing), dates.form)}",
                location=table.name,
                hint=f"Add the row, with an empty number, or read one series: --series {name!r}",
            )
    values_of_steps = [
        [table.rows[rows[step]][column] for rows, column in series.values()]
        for step in range(len(first))
    ]
    shaped = table.of_rows(
        values_of_steps, list(series), [table.line_numbers[row] for row in first]
    )
    named = " and ".join(table.names[column] for column in columns)
    return Shaped(
        shaped,
        dates._replace(dates=[dates.dates[row] for row in first]),
        f"column {named} names the series of each row",
    )


def _rise(dates: Sequence[datetime], rows: Sequence[int]) -> bool:
    return all(dates[before] < dates[after] for before, after in pairwise(rows))


def _last(dates: DateReading, rows: Sequence[int]) -> str:
    return format_date(dates.dates[rows[-1]], dates.form)


def _chosen(
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


def _check_same_span(spans: dict[str, tuple[str, str]], name: str) -> None:
    """Check that series begin and end together.

    Args:
        spans: the first and last date or step of each series, by its name.
        name: of the file.

    Raises:
        InputError: they do not.
    """
    one = next(iter(spans), "")
    for other, span in spans.items():
        if span != spans[one]:
            raise InputError(
                f"series of different spans: {one} from {spans[one][0]} to {spans[one][1]}, "
                f"{other} from {span[0]} to {span[1]}",
                location=name,
                hint=f"Name those of one span, such as --series {shlex.quote(one)}",
            )
