"""A first look at series of numbers: how long, how often, between what, with what gaps.

Shapes: T steps, S series.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.errors import EmptyTextError
from elman.text.dates import written
from elman.text.series import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from elman.text.dates import Calendar
    from elman.text.series import Series, SeriesSource


@dataclass(frozen=True)
class Range:
    """Of one series.

    Attributes:
        least, greatest, mean: of its numbers; None where it has none.
        gaps: steps without a number.
    """

    name: str
    least: float | None
    greatest: float | None
    mean: float | None
    gaps: int


@dataclass(frozen=True)
class PeekSeries:
    """What a look at series of numbers found.

    Attributes:
        steps: T.
        first, last: dates, as they are written; None where there are none.
        step: of the dates, such as 'monthly'; 'unknown' where it has no name.
        off_step: dates that do not come one step after the one before.
        series: (S,) each with its range.
        gaps: of all series.
        first_gap: the place of the first row with a gap.
        season, horizon: as a forecaster would choose them; None where it was not asked, or cannot.
        too_short: what it says where it cannot.
    """

    steps: int
    first: str | None
    last: str | None
    step: str | None
    off_step: int
    series: list[Range]
    gaps: int
    first_gap: str | None
    season: int | None = None
    horizon: int | None = None
    too_short: str | None = None

    @property
    def can_be_learned(self) -> bool:
        """Whether a forecaster has said that they are long enough."""
        return self.season is not None

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def peek_series(
    source: SeriesSource, choose: Callable[[Series], tuple[int, int]] | None = None
) -> PeekSeries:
    """Read series and describe them, gaps and all.

    Args:
        choose: series without gaps -> the season and the horizon that a forecaster takes; raises
            EmptyTextError where they are too short.

    Raises:
        EmptyTextError: there are no rows.
        InputError: they cannot be read.
    """
    series, places = source.with_gaps()
    missing = np.isnan(series.values)
    rows = np.flatnonzero(missing.any(axis=1))
    calendar = series.calendar
    return PeekSeries(
        steps=len(series.values),
        first=None if calendar is None else written(calendar.first, calendar.form),
        last=None if calendar is None else written(calendar.last, calendar.form),
        step=None if calendar is None else calendar.step.name,
        off_step=0 if calendar is None else _off_step(calendar, series.dates),
        series=[_range(series, column) for column in range(len(series.names))],
        gaps=int(missing.sum()),
        first_gap=places[rows[0]] if len(rows) else None,
        **({} if choose is None else _chosen(series, choose)),
    )


def _off_step(calendar: Calendar, dates: Sequence[datetime]) -> int:
    return sum(calendar._replace(last=date).next() != after for date, after in pairwise(dates))


def _range(series: Series, column: int) -> Range:
    values = series.values[:, column]
    there = values[~np.isnan(values)]
    found = [float(each) for each in (there.min(), there.max(), there.mean())] if len(there) else []
    least, greatest, mean = found or (None, None, None)
    return Range(series.names[column], least, greatest, mean, len(values) - len(there))


def _chosen(series: Series, choose: Callable[[Series], tuple[int, int]]) -> dict[str, Any]:
    """A series without a single number has nothing to choose by, and is left out."""
    whole = [values for values in series.values.T if not np.isnan(values).all()]
    if not whole:
        return {}
    values = np.stack([filled(each, "linear") for each in whole], axis=1)
    try:
        season, horizon = choose(series._replace(values=values))
    except EmptyTextError as error:
        return {"too_short": error.cause}
    return {"season": season, "horizon": horizon}
