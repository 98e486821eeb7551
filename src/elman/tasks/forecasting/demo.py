"""The demo's forecast: the sunspots of the years to come."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from elman.tasks.demo_part import DemoPart

if TYPE_CHECKING:
    from elman.tasks.forecasting.model import Forecaster


CYCLE = 11  # years from one maximum to the next, about (R. Wolf, 1852)
BAR = 40  # columns for the largest value


def demo_parts(folder: Path) -> Iterator[DemoPart]:
    """The mean number of sunspots, year by year.

    Raises:
        InputError: they are in a package that is not installed.
    """
    from elman.examples import sunspots

    found = sunspots()
    table = folder / "sunspots.csv"
    rows = (f"{year},{value}" for year, value in zip(found.years, found.values, strict=True))
    table.write_text("\n".join(["year,sunspots", *rows]) + "\n", encoding="utf-8")
    tell = partial(_tell_forecast, picture=folder / "sunspots.svg")
    title = f"sunspots after {found.years[-1]}"
    settings = {"season": CYCLE, "horizon": CYCLE}
    yield DemoPart(title, "forecast", [table], "sunspots.safetensors", tell, settings=settings)


def _tell_forecast(model: Forecaster, picture: Path) -> None:
    from elman.tasks.forecasting.plots import draw

    forecast = model.predict()
    steps = forecast.dates or tuple(str(step + 1) for step in range(len(forecast.median)))
    middle, low, high = (
        values[:, 0] for values in (forecast.median, forecast.low_80, forecast.high_80)
    )
    most = max(1.0, float(middle.max()))
    print("The years to come, and where 80 % of what comes should lie:\n")
    for step, value, least, largest in zip(steps, middle, low, high, strict=True):
        ends = f"{least:.0f} to {largest:.0f}"
        bar = "#" * round(BAR * max(0.0, float(value)) / most)
        print(f"  {step}  {value:4.0f}  {ends:>11}  {bar}".rstrip())
    draw(forecast, model.history(), picture)
    print(f"\nThe same as a picture: {picture}")
