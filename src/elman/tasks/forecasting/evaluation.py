"""The evaluation of a forecaster over rolling origins, and its baseline.

Shapes: M origins, H the horizon, S series.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.errors import EmptyTextError
from elman.metrics.forecasting import coverage, scaled_errors
from elman.metrics.intervals import bootstrap_difference
from elman.metrics.report import Evaluation

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]


class Backtest(NamedTuple):
    """Forecasts from M origins, and the actual values.

    Attributes:
        low_95, low_80, median, high_80, high_95: (M, H) quantiles.
        actual: (M, H) the values that were forecast.
        baselines: (M, H) forecasts from the same origins, by name.
        parts: (M, H) medians of each part of the forecaster alone, by name; empty of one part.
        scale: (M,) divisor of the errors, `naive_error` of the series.
        series: (M,) index of the series, sorted; origins of a series ascend.
        names: (S,) of the series.
        overlapping: number of adjacent origins that forecast some of the same values.
    """

    low_95: Values
    low_80: Values
    median: Values
    high_80: Values
    high_95: Values
    actual: Values
    baselines: Mapping[str, Values]
    parts: Mapping[str, Values]
    scale: Values
    series: npt.NDArray[np.int64]
    names: tuple[str, ...]
    overlapping: int


def evaluate_forecasts(backtest: Backtest, warnings: tuple[str, ...] = ()) -> Evaluation:
    """MASE of the medians, coverage of the intervals, and MASE of the best baseline.

    The baseline is the best on these very values, the hardest choice for the forecaster. The
    bootstrap for the interval of the difference resamples blocks of origins that forecast some of
    the same values.

    Raises:
        EmptyTextError: there are no origins.
    """
    if not len(backtest.actual):
        raise EmptyTextError("no origin to forecast from")
    ours = scaled_errors(backtest.median, backtest.actual, backtest.scale)
    others = {
        name: scaled_errors(each, backtest.actual, backtest.scale)
        for name, each in backtest.baselines.items()
    }
    best = min(others, key=lambda name: float(others[name].mean()))
    theirs = others[best]
    scores = {
        "mase": float(ours.mean()),
        "coverage": coverage(backtest.low_95, backtest.high_95, backtest.actual),
        "coverage_80": coverage(backtest.low_80, backtest.high_80, backtest.actual),
    }
    # With a single block, all samples would be the same.
    block = max(1, min(backtest.overlapping, len(ours) // 2))
    difference = bootstrap_difference(ours, theirs, block=block)
    baseline = {"name": best, "mase": float(theirs.mean())}
    scored = set(backtest.series.tolist())
    unscored = [name for number, name in enumerate(backtest.names) if number not in scored]
    if unscored:
        more = f" and {len(unscored) - 1:,} more" if len(unscored) > 1 else ""
        warnings = (*warnings, f"Too few new values to score {unscored[0]}{more}.")
    rows = [
        {
            "series": name,
            "mase": float(ours[backtest.series == number].mean()),
            "baseline_mase": float(theirs[backtest.series == number].mean()),
        }
        for number, name in enumerate(backtest.names)
        if number in scored
    ]
    details = {
        "origins": len(ours),
        "horizon": backtest.actual.shape[1],
        "series": rows,
        "mase_by_step": _by_step(backtest),
        "baselines": {name: float(each.mean()) for name, each in others.items()},
    }
    if backtest.parts:
        details["alone"] = _alone(backtest, ours, block)
    interval = {"mase": (difference.low, difference.high)}
    return Evaluation(
        "forecast", backtest.actual.size, scores, baseline, interval, warnings, details
    )


def _alone(backtest: Backtest, ours: Values, block: int) -> dict[str, Any]:
    """MASE of each part alone, and the interval of how much less that of both is."""
    alone = {}
    for name, medians in backtest.parts.items():
        errors = scaled_errors(medians, backtest.actual, backtest.scale)
        gain = bootstrap_difference(errors, ours, block=block)
        alone[name] = {"MASE": float(errors.mean()), "gain": [gain.low, gain.high]}
    return alone


def _by_step(backtest: Backtest) -> list[float]:
    """The scaled error of each step of the horizon (H,)."""
    errors = np.abs(backtest.median - backtest.actual) / backtest.scale[:, None]
    return [float(each) for each in errors.mean(0)]
