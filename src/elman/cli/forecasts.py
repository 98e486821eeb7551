"""What `elman predict` prints of a forecaster: the values to come, as CSV or JSON."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.cli.terminal import print_json

if TYPE_CHECKING:
    from pathlib import Path

    from elman.cli.jobs import Files
    from elman.models.forecaster import Forecast, Forecaster

_DIGITS = 7  # that a number is printed with, at most
_COLUMNS = {
    "median": "median",
    "low_80": "low80",
    "high_80": "high80",
    "low_95": "low95",
    "high_95": "high95",
}


def answer(
    model: Forecaster, files: Files | None, horizon: int | None, plot: Path | None, *, json: bool
) -> None:
    """Print the values to come, and draw them where that is asked for.

    Args:
        files: the history to go on from; None: what the model has learned from.

    Raises:
        SettingError: for a horizon or a picture that cannot be; InputError: for such a history;
        OutputError: where the picture cannot be written.
    """
    from elman.cli.jobs.forecast import series_source
    from elman.cli.plots import check_plot, draw

    if plot is not None:
        check_plot(plot)
    given = None if files is None else series_source(files.data, files).read()
    past = model.history(given)
    forecast = model.predict(horizon, history=given)
    if plot is not None:
        draw(forecast, past, plot)
    print_forecast(forecast, json=json)


def print_forecast(forecast: Forecast, *, json: bool) -> None:
    """A row for each step ahead of each series, or one JSON object."""
    if json:
        print_json(_as_json(forecast))
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["date" if forecast.dates else "step", "series", *_COLUMNS.values()])
    for place, name in enumerate(forecast.names):
        for step in range(len(forecast.median)):
            values = (getattr(forecast, column)[step, place] for column in _COLUMNS)
            when = forecast.dates[step] if forecast.dates else step + 1
            writer.writerow([when, name, *map(plain, values)])


def plain(value: float) -> str:
    """A number as people write it, without an exponent: 12.34568, 1234568."""
    return np.format_float_positional(value, _DIGITS, unique=False, fractional=False, trim="-")


def _as_json(forecast: Forecast) -> dict[str, Any]:
    series = [
        {"series": name}
        | {said: getattr(forecast, column)[:, place].tolist() for column, said in _COLUMNS.items()}
        for place, name in enumerate(forecast.names)
    ]
    return {"dates": list(forecast.dates) or None, "forecasts": series}
