"""A first look at series of numbers: how long, which gaps, which season."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.console.inspection import LISTED, cut, print_notes
from elman.console.terminal import counted, print_list, print_table
from elman.errors import EmptyTextError
from elman.tasks.inspection import Inspection
from elman.text.date_formats import format_date
from elman.text.series import imputed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from elman.text.dates import Calendar
    from elman.text.series import Series, SeriesSource


def _row(series: SeriesRange) -> list[str]:
    numbers = (series.least, series.mean, series.greatest)
    cells = ["-" if each is None else f"{each:,.6g}" for each in numbers]
    return [cut(series.name), *cells, f"{series.gaps:,}"]


@dataclass(frozen=True)
class SeriesRange:
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
class SeriesInspection(Inspection):
    """What a look at series of numbers found.

    Attributes:
        steps: T, of the longest series.
        first, last: dates in the format of the file; None where there are none.
        step: of the dates, such as 'monthly'; 'unknown' where it has no name.
        off_step: dates that do not come one step after the one before.
        series: (S,) each with its range.
        gaps: of all series.
        first_gap: the place of the first row with a gap.
        season, horizon: as a forecaster would choose them; None where it was not asked, or cannot.
        too_short: what it says where it cannot.
        notes: what was joined or left out of the file.
    """

    steps: int
    first: str | None
    last: str | None
    step: str | None
    off_step: int
    series: list[SeriesRange]
    gaps: int
    first_gap: str | None
    season: int | None = None
    horizon: int | None = None
    too_short: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def can_be_learned(self) -> bool:
        """Whether a forecaster has said that they are long enough."""
        return self.season is not None

    @property
    def suggested_options(self) -> dict[str, str]:
        return {"impute": "linear"} if self.gaps else {}

    def show(self, looks: str) -> None:
        dates = "none"
        if self.first is not None:
            step = "in steps without a name" if self.step == "unknown" else self.step
            dates = f"{self.first} to {self.last}, {step}"
        rows = [("steps", f"{self.steps:,}"), ("dates", dates)]
        if self.season is not None and self.horizon is not None:
            season = counted(self.season, "step", "steps") if self.season > 1 else "none was found"
            rows += [("season", season), ("horizon", counted(self.horizon, "step", "steps"))]
        print_list([*rows, ("missing numbers", f"{self.gaps:,}")])
        print()
        print_table(
            [["series", "least", "mean", "greatest", "missing"], *map(_row, self.series[:LISTED])]
        )
        if len(self.series) > LISTED:
            print(f"and {len(self.series) - LISTED:,} more")
        notes = [f"{note}." for note in self.notes]
        if self.off_step:
            dates = counted(self.off_step, "date does", "dates do")
            notes.append(
                f"{dates} not come one step after the date before; rows are taken as steps."
            )
        if self.gaps:
            filled = "--impute fills it in"
            notes.append(f"the first row without a number is {self.first_gap}; {filled}.")
        if self.too_short:
            notes.append(f"{self.too_short}.")
        print_notes(notes)
        kind = "numbers in step" if len(self.series) == 1 else f"{len(self.series):,} series"
        print(f"\n{looks} {kind}, to be predicted: a forecaster.")


def inspect_source(
    source: SeriesSource, choose: Callable[[Series], tuple[int, int]] | None = None
) -> SeriesInspection:
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
    missing &= np.arange(len(missing))[:, None] >= np.array(series.first_rows)
    rows = np.flatnonzero(missing.any(axis=1))
    calendar = series.calendar
    return SeriesInspection(
        steps=len(series.values),
        first=None if calendar is None else format_date(calendar.first, calendar.form),
        last=None if calendar is None else format_date(calendar.last, calendar.form),
        step=None if calendar is None else calendar.step.name,
        off_step=0 if calendar is None else _off_step(calendar, series.dates),
        series=[_range(series, column) for column in range(len(series.names))],
        gaps=int(missing.sum()),
        first_gap=places[rows[0]] if len(rows) else None,
        notes=list(series.notes),
        **({} if choose is None else _chosen(series, choose)),
    )


def _off_step(calendar: Calendar, dates: Sequence[datetime]) -> int:
    return sum(calendar._replace(last=date).next() != after for date, after in pairwise(dates))


def _range(series: Series, column: int) -> SeriesRange:
    values = series.own(column)
    there = values[~np.isnan(values)]
    found = [float(each) for each in (there.min(), there.max(), there.mean())] if len(there) else []
    least, greatest, mean = found or (None, None, None)
    return SeriesRange(series.names[column], least, greatest, mean, len(values) - len(there))


def _chosen(series: Series, choose: Callable[[Series], tuple[int, int]]) -> dict[str, Any]:
    """A series without a single number has nothing to choose by, and is left out."""
    count = len(series.names)
    whole = [each for each in range(count) if not np.isnan(series.own(each)).all()]
    if not whole:
        return {}
    chosen = series.selected(whole)
    for column in range(len(whole)):
        filled = imputed(chosen.own(column), "linear")
        chosen.values[len(chosen.values) - len(filled) :, column] = filled
    try:
        season, horizon = choose(chosen)
    except EmptyTextError as error:
        return {"too_short": error.cause}
    return {"season": season, "horizon": horizon}
