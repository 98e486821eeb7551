"""How a forecaster learns: first with the end of the series held out, then from all of it.

What is held out says how many steps are enough, how wide the intervals must be, and how good the
forecasts are. But the latest values tell the most of those to come, so the network that is kept
learns from them too.

Shapes: T steps, S series, M origins, H the horizon, Q levels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from elman.metrics.forecasting import fitted_width, naive_error, seasonal_naive
from elman.nn.forecaster import LEVELS, MEDIAN, ForecasterConfig, ForecastNetwork
from elman.tasks.estimator import Run
from elman.tasks.forecasting.config import (
    REHEARSAL,
    ROWS,
    ForecasterSettings,
    forecast_plan,
    held_out,
    scope,
)
from elman.tasks.forecasting.evaluation import Backtest, evaluate_forecasts
from elman.tasks.forecasting.objective import (
    ForecastObjective,
    Origins,
    Values,
    origins_in,
    quantiles_at,
    values_after,
)
from elman.tasks.forecasting.preview import ForecastPreviews
from elman.text.series import Series
from elman.training.checkpoint import identity_of
from elman.training.eval_mode import seeded
from elman.training.events import Event, Finished, Progress, Validated
from elman.training.trainer import train

MAX_ORIGINS = 48  # of a series, that a backtest forecasts from
_MIN_STEPS = 20  # of the second training
_MEASURED = "measured"  # in a checkpoint's identity: what the first training found


class ForecasterTrainer:
    """Both trainings.

    Attributes, once their events are over:
        network: the one that learned from all values, or, where the first training was
            interrupted, from all but the end.
        measured: plain data: `best_step`, `widths` and the report on the end held out.
    """

    network: ForecastNetwork
    measured: dict[str, Any]

    def __init__(
        self, settings: ForecasterSettings, series: Series, forecasting: ForecasterConfig
    ) -> None:
        self.settings = settings
        self.told = forecasting
        self.series = series
        length, count = series.values.shape
        self.end = length - held_out(length, forecasting)
        last = length - forecasting.horizon + 1
        self.all = origins_in(range(forecasting.context_length, last), count)
        self.before = origins_in(
            range(forecasting.context_length, self.end - forecasting.horizon + 1), count
        )
        self.held_out = spread_origins(self.end, length, forecasting.horizon, count)
        self.scale = naive_error(series.values[: self.end], forecasting.season)

    def events(self, run: Run) -> Iterator[Event]:
        """What happens in both, as one training."""
        told = {} if run.checkpoint is None else identity_of(run.checkpoint)
        measured: dict[str, Any] | None = told.get(_MEASURED)
        spent = Finished(0, 0, 0.0, 0.0, 0, interrupted=False)
        for learned, share in ((self.before, REHEARSAL), (self.all, 1 - REHEARSAL)):
            is_last = learned is self.all
            if measured is not None and not is_last:
                continue  # the checkpoint is one of the second training
            self.network = built(self.told, self.settings.seed)
            # What is learned from all values says nothing of how good it is.
            preview = ForecastPreviews(self.network, self.series, self.held_out, self.scale)
            steps = self._steps() if measured is None else measured["best_step"]
            for event in train(
                self._objective(learned),
                forecast_plan(self.settings, share, steps),
                preview=None if is_last else preview,
                checkpoint_at_once=is_last,
                **run.with_identity(**{_MEASURED: measured}).arguments,
            ):
                if isinstance(event, Finished):
                    spent = _added(spent, event)
                    if not is_last:
                        measured = self._measured(event)
                    if is_last or event.interrupted:
                        self.measured = measured or {}
                        yield spent
                else:
                    yield _told(event, spent, is_last)
            if spent.interrupted:
                return

    def _steps(self) -> int:
        """Of the first training, at most."""
        if self.settings.steps is not None:
            return self.settings.steps
        length, count = self.series.values.shape
        return scope(length - self.told.context_length, count).steps

    def _objective(self, learned: Origins) -> ForecastObjective:
        return ForecastObjective(
            self.network,
            self.series.values,
            learned,
            self.held_out,
            self.scale,
            rows=ROWS,
            seed=self.settings.seed,
        )

    def _measured(self, event: Finished) -> dict[str, Any]:
        """What the first network tells of the next, as plain data."""
        values = self.series.values
        found = quantiles_at(self.network, values, self.held_out)
        came = values_after(values, self.held_out, self.told.horizon)
        measured = stretched_by_halves(found, came, self.held_out)
        tested = backtest_of(
            measured, values, self.held_out, self.told, self.scale, self.series.names
        )
        return {
            "best_step": max(_MIN_STEPS, event.best_step),
            "widths": list(fitted_widths(found, came, self.held_out)),
            "report": evaluate_forecasts(tested).to_json(),
        }


def built(told: ForecasterConfig, seed: int) -> ForecastNetwork:
    """A new network, the same for the same seed."""
    with seeded(seed):
        return ForecastNetwork(told)


def spread_origins(first: int, length: int, horizon: int, series: int) -> Origins:
    """Origins from `first` on, MAX_ORIGINS of each series at most, evenly spread, with a whole
    horizon of values after each; none where there is no room."""
    room = length - horizon - first + 1
    if room < 1:
        return np.zeros((0, 2), dtype=np.int64)
    steps = np.linspace(first, first + room - 1, min(room, MAX_ORIGINS)).round().astype(np.int64)
    return np.concatenate([np.stack([steps, np.full_like(steps, n)], 1) for n in range(series)])


def fitted_widths(quantiles: Values, came: Values, origins: Origins) -> tuple[float, float]:
    """By how much the 80 % and the 95 % interval are to be stretched from the median.

    Args:
        quantiles: (M, H, Q); came: (M, H); origins: (M, 2).
    """
    ahead = origins[:, 0, None] + np.arange(came.shape[1])
    count = len({*zip(ahead.ravel().tolist(), origins[:, 1].repeat(ahead.shape[1]), strict=True)})
    inner, outer = (
        fitted_width(
            quantiles[..., MEDIAN - place],
            quantiles[..., MEDIAN],
            quantiles[..., MEDIAN + place],
            came,
            LEVELS[MEDIAN + place] - LEVELS[MEDIAN - place],
            count,
        )
        for place in (1, 2)
    )
    return inner, outer


def stretched(quantiles: Values, widths: tuple[float, float]) -> Values:
    """(..., Q) with both intervals stretched from the median; the wider one stays the wider."""
    inner, outer = widths
    middle = quantiles[..., MEDIAN : MEDIAN + 1]
    found = middle + (quantiles - middle) * np.array([outer, inner, 1.0, inner, outer])
    return np.sort(found, axis=-1)


def stretched_by_halves(quantiles: Values, came: Values, origins: Origins) -> Values:
    """Each half of the origins as wide as the other half says, to be measured honestly; the
    arguments are those of `fitted_widths`."""
    early = origins[:, 0] < np.median(origins[:, 0])
    found = quantiles.copy()
    for half in (early, ~early):
        if half.any() and not half.all():
            widths = fitted_widths(quantiles[~half], came[~half], origins[~half])
            found[half] = stretched(quantiles[half], widths)
    return found


def backtest_of(
    quantiles: Values,
    values: Values,
    origins: Origins,
    told: ForecasterConfig,
    scale: Values,
    names: tuple[str, ...],
) -> Backtest:
    """Forecasts (M, H, Q) beside what came and what the seasonal naive forecast said.

    Args:
        scale: (S,) of each series.
    """
    naive = np.stack(
        [seasonal_naive(values[:step, each], told.season, told.horizon) for step, each in origins]
    )
    steps = np.unique(origins[:, 0])
    stride = int(np.diff(steps).min()) if len(steps) > 1 else 1
    low_95, low_80, median, high_80, high_95 = np.moveaxis(quantiles, 2, 0)
    return Backtest(
        low_95=low_95,
        low_80=low_80,
        median=median,
        high_80=high_80,
        high_95=high_95,
        came=values_after(values, origins, told.horizon),
        naive=naive,
        scale=scale[origins[:, 1]],
        series=origins[:, 1],
        names=names,
        overlapping=-(-told.horizon // stride),
    )


def _added(spent: Finished, event: Finished) -> Finished:
    """The end of both trainings."""
    return dataclasses.replace(
        event, seconds=spent.seconds + event.seconds, tokens=spent.tokens + event.tokens
    )


def _told(event: Event, spent: Finished, is_last: bool) -> Event:
    """Progress within both trainings; nothing is held out from the last."""
    if isinstance(event, Validated):
        return dataclasses.replace(event, in_sample=is_last)
    if not isinstance(event, Progress):
        return event
    begun, share = (REHEARSAL, 1 - REHEARSAL) if is_last else (0.0, REHEARSAL)
    return dataclasses.replace(
        event,
        tokens=spent.tokens + event.tokens,
        seconds=spent.seconds + event.seconds,
        done=begun + share * event.done,
        phase="all values" if is_last else "the end held out",
    )
