"""Metrics of forecasts: the scaled error, and the coverage of intervals.

Shapes: T steps, M forecasts, H the horizon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]


def seasonal_naive(history: Values, season: int, horizon: int) -> Values:
    """Repeat the last season: history (..., T) -> (..., H)."""
    return history[..., -season:][..., np.arange(horizon) % season]


def naive_error(values: Values, season: int) -> Values:
    """The in-sample mean absolute error of the seasonal naive forecast, values (T, ...) -> (...).

    It is the denominator of a scaled error.
    """
    error: Values = np.abs(values[season:] - values[:-season]).mean(0)
    # A lower bound of rounding size: a series that repeats exactly has an error of 0.
    rounding = np.finfo(np.float32)
    minimum: Values = rounding.eps * np.abs(values).mean(0) + rounding.tiny
    return np.maximum(error, minimum)


def scaled_errors(forecasts: Values, actual: Values, scale: Values) -> Values:
    """The mean absolute scaled error of each forecast (R. Hyndman, A. Koehler, 'Another look at
    measures of forecast accuracy', 2006, section 2.4; with a season, as in section 3.2 of the
    M4 competition).

    Args:
        forecasts: (M, H).
        actual: (M, H) the values that they predict.
        scale: (M,) the `naive_error` of the series of each.

    Returns:
        (M,); 1 equals the in-sample error of the seasonal naive forecast.
    """
    errors: Values = np.abs(forecasts - actual).mean(1) / scale
    return errors


def coverage(low: Values, high: Values, actual: Values) -> float:
    """The fraction of values within their interval, ends included."""
    return float(((low <= actual) & (actual <= high)).mean())


def fitted_width(
    low: Values, middle: Values, high: Values, actual: Values, level: float, count: int
) -> float:
    """The factor that stretches an interval from its middle to cover a fraction of values.

    The conformal quantile, ceil((n + 1) level) / n, of the distances from the middle in units of
    the interval's side (Y. Romano et al., 'Conformalized Quantile Regression', 2019, equation 8, as
    a factor rather than a sum, so that wide intervals are stretched more).

    Args:
        low, middle, high: the interval of each value and its middle.
        actual: the values, of the same shape.
        level: the fraction to cover, 0 to 1.
        count: n, the number of distinct values; overlapping forecasts share them.
    """
    side = np.where(actual < middle, middle - low, high - middle)
    distance: npt.NDArray[Any] = np.abs(actual - middle) / np.maximum(side, np.finfo(float).tiny)
    fraction = min(1.0, np.ceil((count + 1) * level) / count)
    rank = int(np.ceil(fraction * distance.size - 1e-9))  # rounding: 31 / 60 of 60 is 31
    return float(np.sort(distance, axis=None)[max(rank, 1) - 1])
