"""A forecaster's report over rolling origins, and the seasonal naive forecast's beside it.

Shapes: M origins, H the horizon, S series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from elman.errors import EmptyTextError
from elman.metrics.forecasting import coverage, scaled_errors
from elman.metrics.intervals import bootstrap_difference
from elman.metrics.report import Evaluation

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]


BASELINE = "seasonal naive"


class Backtest(NamedTuple):
    """Forecasts from M origins, and what came. All are (M, H) but these:

    Attributes:
        naive: the seasonal naive forecasts from the same origins.
        scale: (M,) what the errors are scaled by: `naive_error` of the series of each.
        series: (M,) which series each is of, in order; the origins of a series rise.
        names: (S,) of the series.
        overlapping: how many neighbouring origins forecast some of the same values.
    """

    low_95: Values
    low_80: Values
    median: Values
    high_80: Values
    high_95: Values
    came: Values
    naive: Values
    scale: Values
    series: npt.NDArray[np.int64]
    names: tuple[str, ...]
    overlapping: int


def evaluate_forecasts(tested: Backtest, warnings: tuple[str, ...] = ()) -> Evaluation:
    """MASE of the medians and coverage of the intervals, and the baseline's MASE.

    The interval of the difference is a bootstrap of origins, in blocks of those that forecast
    some of the same values.

    Raises:
        EmptyTextError: no origin.
    """
    if not len(tested.came):
        raise EmptyTextError("no origin to forecast from")
    ours = scaled_errors(tested.median, tested.came, tested.scale)
    theirs = scaled_errors(tested.naive, tested.came, tested.scale)
    scores = {
        "mase": float(ours.mean()),
        "coverage": coverage(tested.low_95, tested.high_95, tested.came),
        "coverage_80": coverage(tested.low_80, tested.high_80, tested.came),
    }
    # One block would be the whole of them, and every draw the same.
    block = max(1, min(tested.overlapping, len(ours) // 2))
    found = bootstrap_difference(ours, theirs, block=block)
    baseline = {"name": BASELINE, "mase": float(theirs.mean())}
    rows = [
        {
            "series": name,
            "mase": float(ours[tested.series == number].mean()),
            "baseline_mase": float(theirs[tested.series == number].mean()),
        }
        for number, name in enumerate(tested.names)
    ]
    details = {
        "origins": len(ours),
        "horizon": tested.came.shape[1],
        "series": rows,
        "mase_by_step": _by_step(tested),
    }
    interval = {"mase": (found.low, found.high)}
    return Evaluation("forecast", tested.came.size, scores, baseline, interval, warnings, details)


def _by_step(tested: Backtest) -> list[float]:
    """(H,) the scaled error of each step ahead."""
    errors = np.abs(tested.median - tested.came) / tested.scale[:, None]
    return [float(each) for each in errors.mean(0)]
