"""The baselines of a forecaster: seasonal naive, and statsforecast's models where it is installed.

Shapes: T steps, S series, M origins, H horizon.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.extras import require
from elman.metrics.forecasting import seasonal_naive

Values = npt.NDArray[np.float64]

SEASONAL_NAIVE = "seasonal naive"
EXTRA = "forecast"
CLASSICAL = ("AutoETS", "AutoTheta", "MSTL")
"""Models of the extra `forecast`, by their names in statsforecast."""

MOST_VALUES = 2000
"""The last values before an origin that a classical model gets, for its time."""

SECONDS = 10.0
"""For all forecasts of a classical model; one that takes longer is left out."""

_LONGEST_ETS = 24  # season; the ETS of R's forecast package has the same limit


def baseline_forecasts(
    values: Values, origins: npt.NDArray[np.int64], horizon: int, seasons: Sequence[int]
) -> dict[str, Values]:
    """Forecasts (M, H) of each baseline, by its name.

    A classical model is fitted once a series, to the values before its first origin, as the
    forecaster is; at the later ones its state is updated with the values since.

    Args:
        values: (T, S), NaN before the first value of a series.
        origins: (M, 2) steps and series, by series, ascending.
        horizon: H.
        seasons: the first is that of the seasonal naive forecast.
    """
    naive = [seasonal_naive(values[:step, each], seasons[0], horizon) for step, each in origins]
    found = {SEASONAL_NAIVE: np.stack(naive)}
    if find_spec("statsforecast") is None:
        return found
    for name in CLASSICAL:
        forecasts = _classical(name, values, origins, horizon, seasons)
        if forecasts is not None:
            found[name] = forecasts
    return found


def left_out(names: Sequence[str]) -> tuple[str, ...]:
    """A line about the classical models that are missing among baselines; empty where none is."""
    missing = [name for name in CLASSICAL if name not in names]
    if not missing:
        return ()
    listed = ", ".join(missing)
    if find_spec("statsforecast") is None:
        return (f"More baselines ({listed}): pip install 'elman[{EXTRA}]'",)
    return (f"Baselines left out (no such season, too few values or too slow): {listed}",)


def _classical(
    name: str,
    values: Values,
    origins: npt.NDArray[np.int64],
    horizon: int,
    seasons: Sequence[int],
) -> Values | None:
    """Forecasts (M, H); None where the model does not suit the series, or is too slow."""
    seasonal = [season for season in seasons if season > 1]
    if (name == "AutoETS" and seasons[0] > _LONGEST_ETS) or (name == "MSTL" and not seasonal):
        return None
    make: Any = getattr(require("statsforecast.models", EXTRA), name)
    model = make(season_length=seasonal if name == "MSTL" else seasons[0])
    begun, fitted, found = time.monotonic(), -1, []
    for step, each in origins:
        history = values[max(0, step - MOST_VALUES) : step, each]
        history = history[~np.isnan(history)]  # before the first value of a series
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if each != fitted:
                    model, fitted = model.new().fit(history), each
                forecast = model.forward(history, h=horizon)["mean"]
            except Exception:  # each model fails in its own way on values that it cannot fit
                return None
        found.append(forecast)
        if time.monotonic() - begun > SECONDS:
            return None
    forecasts = np.asarray(found, dtype=np.float64)
    return forecasts if np.isfinite(forecasts).all() else None
