"""Forecasts at origins: the windows before them, the values after, their intervals and scores.

Shapes: T steps, S series, M origins, R values read, H the horizon, Q levels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from elman.nn.config import MEDIAN, ForecasterConfig
from elman.tasks.forecasting.baseline import baseline_forecasts
from elman.tasks.forecasting.evaluation import Backtest

MAX_ORIGINS = 48  # of a series in a backtest

Origins = npt.NDArray[np.int64]
"""(M, 2): of each, the number of values before it, and which series."""

Values = npt.NDArray[np.float64]

_TOGETHER = 512  # windows of a batch


def origins_in(firsts: Sequence[int], end: int) -> Origins:
    """Every step before `end`, from the first (S,) of each series on."""
    origins = [(step, each) for each, first in enumerate(firsts) for step in range(first, end)]
    return np.array(origins, dtype=np.int64).reshape(-1, 2)


def spread_origins(firsts: Sequence[int], length: int, horizon: int) -> Origins:
    """Evenly spaced origins (M, 2) with a whole horizon of values after each.

    Args:
        firsts: (S,) the first origin in each series, which has at most MAX_ORIGINS, or none if it
            is too short.
        length: T.
        horizon: H.
    """
    found = [np.zeros((0, 2), dtype=np.int64)]
    for number, first in enumerate(firsts):
        count = max(0, length - horizon - first + 1)
        steps = np.linspace(first, first + count - 1, min(count, MAX_ORIGINS)).round()
        steps = steps.astype(np.int64)
        found.append(np.stack([steps, np.full_like(steps, number)], 1))
    return np.concatenate(found)


def forecasts_at(
    forecast: Callable[[Values], Values], length: int, values: Values, origins: Origins
) -> Values:
    """The forecasts (M, ...) at origins, each from the values before it alone, some windows at a
    time.

    Args:
        forecast: from windows (B, R) to forecasts (B, ...).
        length: R.
        values: (T, S).
        origins: (M, 2), at least one.
    """
    chosen = (origins[start : start + _TOGETHER] for start in range(0, len(origins), _TOGETHER))
    return np.concatenate([forecast(windows_at(values, each, -length, 0)) for each in chosen])


def medians_at(
    by_network: Callable[[Values], Values],
    by_counts: Callable[[Values], Values],
    length: int,
    values: Values,
    origins: Origins,
) -> dict[str, Values]:
    """The forecasts (M, H) of both parts alone, under these names.

    Args:
        by_network: from windows (B, R) to quantiles (B, H, Q).
        by_counts: to forecasts (B, H).
        length, values, origins: as in `forecasts_at`.
    """
    return {
        "network": forecasts_at(by_network, length, values, origins)[..., MEDIAN],
        "counts": forecasts_at(by_counts, length, values, origins),
    }


def values_after(values: Values, origins: Origins, horizon: int) -> Values:
    """What came after each origin: (M, H)."""
    return windows_at(values, origins, 0, horizon)


def windows_at(values: Values, origins: Origins, first: int, last: int) -> Values:
    """The values of each origin's series from so many steps after it to others: (M, R)."""
    steps = origins[:, :1] + np.arange(first, last)
    found: Values = values[steps, origins[:, 1:]]
    return found


def scale_intervals(quantiles: Values, widths: tuple[float, float]) -> Values:
    """Quantiles (..., Q) with both intervals scaled around the median, sorted."""
    inner, outer = widths
    middle = quantiles[..., MEDIAN : MEDIAN + 1]
    scaled = middle + (quantiles - middle) * np.array([outer, inner, 1.0, inner, outer])
    return np.sort(scaled, axis=-1)


def seasons_of(config: ForecasterConfig, counted: Sequence[int] | None) -> tuple[int, ...]:
    """The season of a network, then those that only its counts know."""
    return (config.season, *(each for each in counted or () if each != config.season))


def backtest_of(
    quantiles: Values,
    values: Values,
    origins: Origins,
    parts: dict[str, Values],
    scale: Values,
    names: tuple[str, ...],
    seasons: tuple[int, ...],
) -> Backtest:
    """Collect forecasts and actual values, with the forecasts of baselines and parts.

    Args:
        quantiles: (M, H, Q) forecasts.
        values: (T, S) of the series.
        origins: (M, 2) of the forecasts.
        parts: (M, H) the forecasts of each part alone, by name; empty of one part.
        scale: (S,) divisor of the errors of each series.
        names: (S,) of the series.
        seasons: that the baselines know; the first is the network's.
    """
    horizon = quantiles.shape[1]
    steps = np.diff(origins[:, 0])[np.diff(origins[:, 1]) == 0]
    stride = int(steps.min()) if len(steps) else 1
    low_95, low_80, median, high_80, high_95 = np.moveaxis(quantiles, 2, 0)
    return Backtest(
        low_95=low_95,
        low_80=low_80,
        median=median,
        high_80=high_80,
        high_95=high_95,
        actual=values_after(values, origins, horizon),
        baselines=baseline_forecasts(values, origins, horizon, seasons),
        parts=parts,
        scale=scale[origins[:, 1]],
        series=origins[:, 1],
        names=names,
        overlapping=-(-horizon // stride),
    )
