"""Convert the inputs of a forecaster to series.

Shapes: T steps, S series.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.errors import EmptyTextError, InputError
from elman.text.dates import AmbiguousDatesError, Calendar, parse_dates, step_of
from elman.text.files import TextSource
from elman.text.series import Series, SeriesSource, Values

SeriesInput = (
    str
    | os.PathLike[str]
    | SeriesSource
    | Series
    | npt.NDArray[Any]
    | Sequence[float]
    | Sequence[Sequence[float]]
)
"""A CSV file, by its path or as a source; series; a table or column of pandas, whose index or
column of dates gives the dates; or an array or list, (T,) or (T, S)."""

_HINT = "Give a CSV file, or an array of numbers: (steps,) or (steps, series)"


def read_series(given: SeriesInput, known: Sequence[str] = ()) -> Series:
    """Read or convert series.

    Args:
        given: a file, a source, series, a table or an array.
        known: names of series that a file may have below one another in a few rows; default: none.

    Raises:
        InputError: they cannot be read, or contain a value that is not a finite number.
    """
    if isinstance(given, Series):
        return given
    if isinstance(given, str | os.PathLike):
        given = SeriesSource(TextSource([Path(given)]), known=known)
    if isinstance(given, SeriesSource):
        return given.read()
    location = "the numbers given"
    names, dates = _labels_of(given)
    table: Any = given
    if hasattr(table, "columns") and names:
        table = table[list(names)]
    try:
        values = np.array(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("these are not numbers", location=location, hint=_HINT) from error
    if values.ndim not in (1, 2) or 0 in values.shape[1:]:
        raise InputError(f"numbers of shape {values.shape}", location=location, hint=_HINT)
    if not len(values):
        raise EmptyTextError("there are none", location=location, hint=_HINT)
    values = values.reshape(len(values), -1)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        step, series = bad[0]
        raise InputError(
            f"{values[step, series]} at step {step} of series {series + 1} is not a finite number",
            location=location,
            hint="Impute or leave out what is missing",
        )
    if len(names) != values.shape[1]:
        names = tuple(str(number + 1) for number in range(values.shape[1]))
    return Series(tuple(map(str, names)), values, _calendar(dates, location), tuple(dates))


def training_ends(series: Series, last: Values) -> list[int | None]:
    """(S,) the row after the end of the training series in each series; None where it is not found.

    Args:
        series: in the order of the model.
        last: (R, S) the last training values.
    """
    whole = _end_in(series.values, last)
    if whole is not None or not (series.starts or series.ends):
        return [whole] * len(series.names)
    columns = range(len(series.names))
    return [_end_in(series.values[:, [each]], last[:, [each]]) for each in columns]


def _end_in(values: Values, last: Values) -> int | None:
    ends = np.flatnonzero((values == last[-1]).all(1)) + 1
    for end in ends[::-1]:
        if end >= len(last) and np.array_equal(values[end - len(last) : end], last):
            return int(end)
    return None


def _labels_of(given: Any) -> tuple[tuple[Any, ...], list[datetime]]:
    """The names of the series in a table or column of pandas, and the dates of its rows; both empty
    for others.

    Dates are its index, or else its first column of dates, which is no series.
    """
    if not hasattr(given, "index") or not hasattr(given, "to_numpy"):
        return (), []
    dates = _dates_in(given.index)
    if not hasattr(given, "columns"):
        return () if given.name is None else (given.name,), dates
    names = []
    for name in given.columns:
        found = _dates_in(given[name])
        if not found:
            names.append(name)
        elif not dates:
            dates = found
    return tuple(names), dates


def _dates_in(column: Any) -> list[datetime]:
    """The dates in a column of pandas; empty where it has none."""
    values = np.asarray(column)
    if values.dtype.kind == "M":
        return [each.item() for each in values.astype("datetime64[us]")]
    if values.dtype.kind in "OUT" and all(isinstance(each, str) for each in values.tolist()):
        try:
            reading = parse_dates(values.tolist()) if len(values) else None
        except AmbiguousDatesError as error:
            raise InputError(
                f"{error.text!r} can be read with the day or the month first",
                location="the dates given",
                hint="Convert them: pandas.to_datetime(dates, dayfirst=True)",
            ) from error
        return [] if reading is None else reading.dates
    return []


def _calendar(dates: Sequence[datetime], location: str) -> Calendar | None:
    """The calendar of dates; None for fewer than two.

    Raises:
        InputError: they do not rise.
    """
    if len(dates) < 2:
        return None
    for before, after in pairwise(dates):
        if not after > before:
            raise InputError(
                f"the date {after} does not come after {before}",
                location=location,
                hint="Sort the rows by date, one row per date",
            )
    is_daily = all(date.time() == time() for date in dates)
    form = "%Y-%m-%d" if is_daily else "%Y-%m-%d %H:%M:%S"
    return Calendar(dates[0], dates[-1], step_of(dates), form)
