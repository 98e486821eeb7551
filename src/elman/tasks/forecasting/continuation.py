"""New values alone, which continue the training series of a forecaster or some of them.

Shapes: R kept training values, S series of the model.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np

from elman.errors import InputError
from elman.text.date_formats import format_date
from elman.text.dates import Calendar
from elman.text.series import Series, Values


class Continued(NamedTuple):
    """The training series with new values after them.

    Attributes:
        series: all those of the model, in its order.
        added: (S,) the number of new values of each.
    """

    series: Series
    added: tuple[int, ...]


class TrainingEnd(NamedTuple):
    """The end of the training series.

    Attributes:
        names: (S,) of the series.
        last: (R, S) their last values.
        calendar: of the dates.
        ends: (S,) the date of the last value of each; empty: all end with the calendar.
    """

    names: tuple[str, ...]
    last: Values
    calendar: Calendar
    ends: tuple[datetime, ...]


def continued(new: Series, end: TrainingEnd) -> Continued | None:
    """The training series, each followed by its new values; None where they do not continue it, as
    a whole history does not.

    Args:
        new: series with dates; those with a name of the model are taken, or else all, if they are
            as many.
        end: of the training series.

    Raises:
        InputError: series are missing, and the values of another leave a gap after the training.
    """
    own_ends = new.ends or (() if not new.dates else (new.dates[-1],) * len(new.names))
    known = [index for index, name in enumerate(new.names) if name in end.names]
    if not own_ends or not (known or len(new.names) == len(end.names)):
        return None
    names = {index: new.names[index] for index in known} or dict(enumerate(end.names))
    ends = dict(zip(end.names, end.ends or (end.calendar.last,) * len(end.names), strict=True))
    added: dict[str, Values] = {}
    for index, name in names.items():
        values = new.own(index)
        first = (
            new.dates[new.first_rows[index]]
            if new.dates
            else _date(end.calendar, own_ends[index], 1 - len(values))
        )
        expected = _date(end.calendar, ends[name], 1)
        if first is None or first != expected:
            if len(names) == len(end.names) or expected is None:
                return None
            form = end.calendar.form
            raise InputError(
                f"the new values of series {name!r} do not begin at {format_date(expected, form)}, "
                "where those of the training end",
                location=new.name,
                hint="Begin them there, or give the whole history of every series",
            )
        added[name], ends[name] = values, own_ends[index]
    columns = [
        np.concatenate([end.last[:, index], added.get(name, np.empty(0))])
        for index, name in enumerate(end.names)
    ]
    length = max(map(len, columns))
    values = np.full((length, len(columns)), np.nan)
    for index, column in enumerate(columns):
        values[length - len(column) :, index] = column
    starts = tuple(length - len(column) for column in columns)
    last_dates = tuple(ends[name] for name in end.names)
    series = Series(
        end.names,
        values,
        end.calendar._replace(last=max(last_dates)),
        name=new.name,
        starts=starts if any(starts) else (),
        ends=last_dates if len(set(last_dates)) > 1 else (),
    )
    return Continued(series, tuple(len(added.get(name, ())) for name in end.names))


def _date(calendar: Calendar, date: datetime, count: int) -> datetime | None:
    """The date some steps later, or earlier; None beyond the years 1 to 9999."""
    try:
        return calendar.step.after(date, count)
    except (OverflowError, ValueError):
        return None
