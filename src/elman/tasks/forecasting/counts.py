"""The counts of a forecaster: linear forecasts, and how much each says beside the network.

Shapes: T steps, S series, M origins, R window, H horizon.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.counts.forecasts import MOST_CELLS, PARTS, fit_forecasts, smoothing_loss, window_of
from elman.errors import EmptyTextError, ModelFileError
from elman.metrics.forecasting import scaled_errors
from elman.nn.config import ForecasterConfig
from elman.tasks.forecasting.config import LONGEST_HORIZON, ForecasterSettings, typed_seasons
from elman.tasks.forecasting.seasonality import companion
from elman.text.series import Series

if TYPE_CHECKING:
    from elman.nn.forecaster import ForecastNetwork, LinearForecast
    from elman.tasks.forecasting.windows import Origins, Values

NETWORK = "network"

_TEMPERATURE = 0.6  # of one horizon: an error so much above the best has 1 / e of its share
_NETWORK_PRIOR = 0.5  # times that of another part
_MOST_SEASONS = 2


class CountsPlan(NamedTuple):
    """What the linear forecasts are fitted with.

    Attributes:
        seasons: seasonal periods in steps.
        window: R.
    """

    seasons: tuple[int, ...]
    window: int


def plan_of(
    settings: ForecasterSettings, series: Series, config: ForecasterConfig, end: int
) -> CountsPlan | None:
    """Seasons and window; None without counts, or where the series is too short for them.

    Where no season was typed, the other season of half-hourly, hourly or daily values joins the
    first if exponential smoothing with both forecasts better before the values held out.

    Args:
        end: where the values held out begin. Of series of different lengths the last rows, which
            all have, count.

    Raises:
        EmptyTextError: the series is too short for the second season that was typed.
    """
    if not settings.has_counts:
        return None
    typed = typed_seasons(settings.season)
    first = (config.season,)
    seasons = typed or first
    first_row = max(series.first_rows)
    length = end - first_row
    window = window_of(length, seasons, config.horizon)
    if not window and len(seasons) > 1:
        raise EmptyTextError(
            f"{len(series.common):,} values are too few for a season of {max(seasons):,}",
            location=series.name,
            hint="Give more of them, or one --season",
        )
    other = companion(config.season) if typed is None else None
    if other is not None:
        both = tuple(sorted((*first, other)))
        wide = window_of(length, both, config.horizon)
        values = in_units(series.values[first_row:end], config)
        if wide and (
            smoothing_loss(values, both, config.horizon, wide)
            < smoothing_loss(values, first, config.horizon, wide)
        ):
            seasons, window = both, wide
    return CountsPlan(seasons, window) if window else None


def in_units(values: Values, config: ForecasterConfig) -> Values:
    """The values as they are forecast: logarithms, or themselves."""
    return np.log(values) if config.logarithm else values


def fit(plan: CountsPlan, values: Values, config: ForecasterConfig) -> dict[str, Values]:
    """The matrices (H, R) of `fit_forecasts`, by name.

    Args:
        values: (T, S).
    """
    return fit_forecasts(in_units(values, config), plan.seasons, config.horizon, plan.window)


def medians(
    matrices: Mapping[str, Values], values: Values, origins: Origins, config: ForecasterConfig
) -> dict[str, Values]:
    """What each part forecasts at origins, (M, H) in the units of the series.

    Args:
        matrices: of `fit`.
        values: (T, S).
        origins: (M, 2).
    """
    found = {}
    for name, matrix in matrices.items():
        steps = origins[:, :1] + np.arange(-matrix.shape[1], 0)
        forecast = in_units(values[steps, origins[:, 1:]], config) @ matrix.T
        found[name] = np.exp(forecast) if config.logarithm else forecast
    return found


def shares_of(
    medians: Mapping[str, Values], actual: Values, scale: Values, horizons: float
) -> dict[str, float]:
    """How much each part says in the mean, by name; they sum to 1.

    Exponential weighting by the mean scaled error at held-out origins. The temperature falls with
    the square root of the amount of held-out data, as the noise of a mean does: the fewer
    independent forecasts there are, the more equal the shares. The network begins with half of
    what another part has, because its weights were chosen by the same origins.

    Args:
        medians: (M, H) by part.
        actual: (M, H) values.
        scale: (M,) divisor of the errors.
        horizons: that the forecast values fill one after another, in all series together.
    """
    errors = [float(scaled_errors(each, actual, scale).mean()) for each in medians.values()]
    unit = _TEMPERATURE / math.sqrt(horizons) * min(errors) + float(np.finfo(np.float32).eps)
    weights = [
        math.exp((min(errors) - each) / unit) * (_NETWORK_PRIOR if name == NETWORK else 1)
        for name, each in zip(medians, errors, strict=True)
    ]
    return {name: each / sum(weights) for name, each in zip(medians, weights, strict=True)}


def linear_forecast(
    matrices: Mapping[str, Values], shares: Mapping[str, float]
) -> LinearForecast | None:
    """The mean of the linear forecasts; None where the network has all of the share."""
    import torch

    from elman.nn.forecaster import LinearForecast

    known = [name for name in matrices if shares.get(name)]
    total = sum(shares[name] for name in known)
    if not known or total == 0:
        return None
    mean = sum(shares[name] / total * matrices[name] for name in known)
    horizon, window = np.shape(mean)
    linear = LinearForecast(horizon, window, 1 - shares[NETWORK])
    linear.matrix.copy_(torch.as_tensor(np.ravel(mean)))
    return linear


def checked(stored: Any, config: ForecasterConfig) -> dict[str, Any] | None:
    """The description of counts in a model file; None for none.

    Raises:
        ModelFileError: it is not such a description.
    """
    match stored:
        case None:
            return None
        case {"window": int(window), "seasons": list(seasons), "shares": dict(shares)} if (
            len(stored) == 3
            and type(window) is int
            and 1 <= window <= MOST_CELLS // config.horizon
            and 1 <= len(seasons) <= _MOST_SEASONS
            and all(type(each) is int and 1 <= each <= LONGEST_HORIZON for each in seasons)
            and shares.keys() <= {NETWORK, *PARTS}
            and NETWORK in shares
            and all(type(each) is float and 0 <= each <= 1 for each in shares.values())
            and abs(sum(shares.values()) - 1) < 1e-6
        ):
            return dict(stored)
    raise ModelFileError("its counts are malformed")


def history_length(config: ForecasterConfig, about: dict[str, Any] | None) -> int:
    """The values before the origin that a forecast uses, of all parts."""
    return max(config.context_length, stored_window(about))


def stored_window(about: dict[str, Any] | None) -> int:
    """The values that a linear forecast depends on; 0 without one."""
    return 0 if about is None else int(about["window"])


def stored_share(about: dict[str, Any] | None) -> float:
    """The share of a linear forecast in the mean with the network's median; 0 without one."""
    return 0.0 if about is None else 1 - float(about["shares"][NETWORK])


def built(config: ForecasterConfig, about: dict[str, Any] | None) -> ForecastNetwork:
    """A new network, with an empty linear forecast if the model has one."""
    from elman.nn.forecaster import ForecastNetwork

    network = ForecastNetwork(config)
    network.counts = empty_forecast(about, config)
    return network


def empty_forecast(about: dict[str, Any] | None, config: ForecasterConfig) -> LinearForecast | None:
    """A linear forecast for the matrix of a model file.

    Args:
        about: of `checked`.
    """
    from elman.nn.forecaster import LinearForecast

    if about is None:
        return None
    return LinearForecast(config.horizon, stored_window(about), stored_share(about))
