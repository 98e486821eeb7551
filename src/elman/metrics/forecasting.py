"""Metrics of forecasts: the scaled error, and how often an interval holds what comes.

Shapes: T steps, M forecasts, H the horizon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]


def seasonal_naive(history: Values, season: int, horizon: int) -> Values:
    """The last season again and again: history (..., T) -> (..., H)."""
    return history[..., -season:][..., np.arange(horizon) % season]


def naive_error(values: Values, season: int) -> Values:
    """The mean absolute error, in sample, of the seasonal naive forecast one season ahead: what
    a scaled error is scaled by. values (T, ...) -> (...)."""
    found: Values = np.abs(values[season:] - values[:-season]).mean(0)
    # A series that repeats itself exactly has no such error, and any other error would be beyond
    # measure: there are no smaller ones than those of rounding.
    rounding = np.finfo(np.float32)
    least: Values = rounding.eps * np.abs(values).mean(0) + rounding.tiny
    return np.maximum(found, least)


def scaled_errors(forecasts: Values, came: Values, scale: Values) -> Values:
    """The mean absolute scaled error of each forecast (R. Hyndman, A. Koehler, 'Another look at
    measures of forecast accuracy', 2006, section 2.4; with a season, as in section 3.2 of the
    M4 competition).

    Args:
        forecasts, came: (M, H); scale: (M,) of the series that each is of, from `naive_error`.

    Returns:
        (M,); 1 is the error that the seasonal naive forecast had in sample.
    """
    found: Values = np.abs(forecasts - came).mean(1) / scale
    return found


def coverage(low: Values, high: Values, came: Values) -> float:
    """The share of values that came between the ends of their interval, ends included."""
    return float(((low <= came) & (came <= high)).mean())


def fitted_width(
    low: Values, middle: Values, high: Values, came: Values, level: float, count: int
) -> float:
    """By how much an interval is to be stretched from its middle to hold that share of values.

    The conformal quantile, ceil((n + 1) level) / n, of each value's distance from the middle in
    units of its side of the interval (Y. Romano et al., 'Conformalized Quantile Regression', 2019,
    equation 8, as a factor rather than a sum: what is uncertain is stretched more).

    Args:
        count: n, how many different values came; overlapping forecasts have the same ones.
    """
    side = np.where(came < middle, middle - low, high - middle)
    distance: npt.NDArray[Any] = np.abs(came - middle) / np.maximum(side, np.finfo(float).tiny)
    share = min(1.0, np.ceil((count + 1) * level) / count)
    rank = int(np.ceil(share * distance.size - 1e-9))  # a share of 31 / 60 is meant to be exact
    return float(np.sort(distance, axis=None)[max(rank, 1) - 1])
