"""What `elman predict` prints of a forecaster: the values to come, as CSV or JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.console.terminal import json_line, say
from elman.tasks.options import series_options
from elman.tasks.predictions import PredictionLines
from elman.text.dates import date_order
from elman.text.series import SeriesSource

if TYPE_CHECKING:
    from pathlib import Path

    from elman.tasks.forecasting.forecast import Forecast
    from elman.tasks.forecasting.model import Forecaster
    from elman.tasks.options import series_options
from elman.tasks.predictions import PredictionRequest

_DIGITS = 7  # that a number is printed with, at most
_COLUMNS = {
    "median": "median",
    "low_80": "low80",
    "high_80": "high80",
    "low_95": "low95",
    "high_95": "high95",
}


def write_predictions(model: Forecaster, request: PredictionRequest) -> Iterator[PredictionLines]:
    """The values to come, and a picture of them where that is asked for.

    They follow the series in the files; without files, what the model has learned from.

    Raises:
        SettingError: for a horizon or a picture that cannot be; InputError: for such a history;
        OutputError: where the picture cannot be written.
    """
    from elman.tasks.forecasting.plots import MAX_PANELS, check_plot, draw

    request.check_no_texts()
    plot: Path | None = request.options.get("plot")
    if plot is not None:
        check_plot(plot)
    given = None
    if request.files:
        options = series_options(request.options)
        if options["date_order"] is None and model.calendar_ is not None:
            options["date_order"] = date_order(model.calendar_.form)
        given = SeriesSource(request.source(), known=model.names_, **options).read()
    past = model.history(given)
    forecast = model.predict(request.options.get("horizon"), history=given)
    if plot is not None:
        draw(forecast, past, plot)
        if len(forecast.names) > MAX_PANELS:
            say(f"{plot} shows the first {MAX_PANELS} of {len(forecast.names):,} series.")
    written = f"{json_line(_as_json(forecast))}\n" if request.json else _as_csv(forecast)
    yield PredictionLines(written, len(forecast.names))


def _as_csv(forecast: Forecast) -> str:
    """A row for each step ahead of each series."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["date" if forecast.dates else "step", "series", *_COLUMNS.values()])
    for place, name in enumerate(forecast.names):
        dates = forecast.dates_of(place)
        for step in range(len(forecast.median)):
            values = (getattr(forecast, column)[step, place] for column in _COLUMNS)
            when = dates[step] if dates else step + 1
            writer.writerow([when, name, *map(plain, values)])
    return table.getvalue()


def plain(value: float) -> str:
    """A number as people write it, without an exponent: 12.34568, 1234568."""
    return np.format_float_positional(value, _DIGITS, unique=False, fractional=False, trim="-")


def _as_json(forecast: Forecast) -> dict[str, Any]:
    own = forecast.own_dates
    series = [
        {"series": name}
        | ({"dates": list(own[place])} if own else {})
        | {said: getattr(forecast, column)[:, place].tolist() for column, said in _COLUMNS.items()}
        for place, name in enumerate(forecast.names)
    ]
    common = None if own else list(forecast.dates) or None
    return {"dates": common, "forecasts": series}
