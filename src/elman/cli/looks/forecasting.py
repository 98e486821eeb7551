"""How a first look at series of numbers is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.cli.looks.notes import LISTED, cut, print_notes
from elman.cli.terminal import counted, print_list, print_table

if TYPE_CHECKING:
    from elman.text import PeekSeries
    from elman.text.peek_series import Range


def print_series(found: PeekSeries, looks: str) -> None:
    """Numbers in step."""
    dates = "none"
    if found.first is not None:
        step = "in steps without a name" if found.step == "unknown" else found.step
        dates = f"{found.first} to {found.last}, {step}"
    rows = [("steps", f"{found.steps:,}"), ("dates", dates)]
    if found.season is not None and found.horizon is not None:
        season = counted(found.season, "step", "steps") if found.season > 1 else "none was found"
        rows += [("season", season), ("horizon", counted(found.horizon, "step", "steps"))]
    print_list([*rows, ("missing numbers", f"{found.gaps:,}")])
    print()
    print_table(
        [["series", "least", "mean", "greatest", "missing"], *map(_row, found.series[:LISTED])]
    )
    if len(found.series) > LISTED:
        print(f"and {len(found.series) - LISTED:,} more")
    notes = []
    if found.off_step:
        dates = counted(found.off_step, "date does", "dates do")
        notes.append(f"{dates} not come one step after the date before; rows are taken as steps.")
    if found.gaps:
        filled = "--fill says what is to stand there"
        notes.append(f"the first row without a number is {found.first_gap}; {filled}.")
    if found.too_short:
        notes.append(f"{found.too_short}.")
    print_notes(notes)
    kind = "numbers in step" if len(found.series) == 1 else f"{len(found.series):,} series"
    print(f"\n{looks} {kind}, to be foretold: a forecaster.")


def _row(series: Range) -> list[str]:
    numbers = (series.least, series.mean, series.greatest)
    told = ["-" if each is None else f"{each:,.6g}" for each in numbers]
    return [cut(series.name), *told, f"{series.gaps:,}"]
