"""Training of a forecaster: first without the end of the series, then on all of it.

The end of the series is the validation set of the first training, which determines the number of
steps, the widths of the intervals and the scores. The final network also trains on the latest
values, as they matter most for the next ones.

Shapes: T steps, S series, M origins, H horizon, Q levels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from elman.metrics.forecasting import fitted_width, naive_error
from elman.nn.config import LEVELS, MEDIAN, ForecasterConfig
from elman.nn.forecaster import ForecastNetwork
from elman.tasks.forecasting import counts
from elman.tasks.forecasting.config import (
    REHEARSAL,
    ROWS,
    ForecasterSettings,
    forecast_plan,
    held_out,
    scope,
)
from elman.tasks.forecasting.evaluation import evaluate_forecasts
from elman.tasks.forecasting.objective import (
    ForecastObjective,
    medians_by_part,
    quantiles_at,
)
from elman.tasks.forecasting.preview import ForecastPreviews
from elman.tasks.forecasting.windows import (
    Origins,
    Values,
    backtest_of,
    origins_in,
    scale_intervals,
    seasons_of,
    spread_origins,
    values_after,
)
from elman.tasks.run import Run
from elman.text.series import Series
from elman.training.checkpoint import identity_of
from elman.training.eval_mode import seeded
from elman.training.events import Event, Finished, Progress, Validated
from elman.training.trainer import train

_MIN_STEPS = 20  # of the second training
_WIDER = 10.0  # times, at most, that intervals are stretched after the second training
_MEASURED = "measured"  # key in a checkpoint of the results of the first training


class ForecasterTrainer:
    """Both trainings of a forecaster.

    Args:
        settings: of the forecaster.
        series: training data.
        forecasting: configuration of the network.
        most_bytes: of the counts in a file; None: no limit.

    Attributes, after the events:
        network: trained on all values; if the first training was interrupted, or the second had
            no time for half of the steps, on all but the end.
        measured: `best_step`, `widths` and `sizes` of the intervals, `shares` of the parts by name
            (None without counts) and the report on the validation set, as plain data.
    """

    network: ForecastNetwork
    measured: dict[str, Any]

    def __init__(
        self,
        settings: ForecasterSettings,
        series: Series,
        forecasting: ForecasterConfig,
        most_bytes: int | None = None,
    ) -> None:
        self.settings = settings
        self.config = forecasting
        self.series = series
        length, count = series.values.shape
        self.end = length - held_out(len(series.common), forecasting)
        firsts = [first + forecasting.context_length for first in series.first_rows]
        self.all = origins_in(firsts, length - forecasting.horizon + 1)
        self.before = origins_in(firsts, self.end - forecasting.horizon + 1)
        self.held_out = spread_origins([self.end] * count, length, forecasting.horizon)
        self.scale = naive_errors(series, self.end, forecasting.season)
        self.counts = counts.plan_of(settings, series, forecasting, self.end)
        if self.counts is not None and most_bytes is not None:
            needed = 4 * forecasting.horizon * self.counts.window
            self.counts = self.counts if needed <= most_bytes else None

    @property
    def seasons(self) -> tuple[int, ...]:
        """The season of the network, and the other of the counts if they have two."""
        return seasons_of(self.config, None if self.counts is None else self.counts.seasons)

    @property
    def described_counts(self) -> dict[str, Any] | None:
        """The counts of the network for a model file; None where it has none."""
        if self.counts is None or self.network.counts is None:
            return None
        seasons, window = self.counts
        return {"window": window, "seasons": list(seasons), "shares": self.measured["shares"]}

    def events(self, run: Run) -> Iterator[Event]:
        """The events of both, as of one training."""
        identity = {} if run.checkpoint is None else identity_of(run.checkpoint)
        measured: dict[str, Any] | None = identity.get(_MEASURED)
        spent = Finished(0, 0, 0.0, 0.0, 0, interrupted=False)
        rehearsed: ForecastNetwork | None = None  # of the first training, if it was in this run
        for origins, fraction in ((self.before, REHEARSAL), (self.all, 1 - REHEARSAL)):
            is_last = origins is self.all
            if measured is not None and not is_last:
                continue  # the checkpoint is from the second training
            self.network = new_network(self.config, self.settings.seed)
            # The second training has no validation set, so it has no previews.
            preview = ForecastPreviews(self.network, self.series, self.held_out, self.scale)
            steps = self._steps() if measured is None else measured["best_step"]
            matrices = self._fit_counts(len(self.series.values) if is_last else self.end)
            left = 1.0 if is_last else run.left_of(self.settings.minutes)
            plan = forecast_plan(self.settings, fraction * left, steps)
            for event in train(
                self._objective(origins),
                run.rest_of(plan) if is_last else plan,
                preview=None if is_last else preview,
                checkpoint_at_once=is_last,
                **run.with_identity(**{_MEASURED: measured}).arguments,
            ):
                if isinstance(event, Finished):
                    spent = _sum_of(spent, event)
                    if not is_last:
                        measured = self._measured(event, matrices)
                        rehearsed = self.network
                    elif measured is not None:
                        cut_short = event.step < measured["best_step"] / 2
                        if rehearsed is not None and cut_short and self.settings.steps is None:
                            self.network = rehearsed  # as good as it was measured, at least
                        if measured["shares"] is not None:
                            linear = counts.linear_forecast(matrices, measured["shares"])
                            self.network.counts = linear
                            measured = {**measured, "widths": self._resized(measured)}
                    if is_last or event.interrupted:
                        self.measured = measured or {}
                        yield spent
                else:
                    yield _overall(event, spent, is_last)
            if spent.interrupted:
                return

    def _steps(self) -> int:
        """Maximum number of steps of the first training."""
        if self.settings.steps is not None:
            return self.settings.steps
        return scope(self.series, self.config.context_length).steps

    def _objective(self, origins: Origins) -> ForecastObjective:
        return ForecastObjective(
            self.network,
            self.series.values,
            origins,
            self.held_out,
            self.scale,
            rows=ROWS,
            seed=self.settings.seed,
        )

    def _fit_counts(self, end: int) -> dict[str, Values]:
        """The matrices of the linear forecasts, fitted to the values before a step."""
        if self.counts is None:
            return {}
        return counts.fit(
            self.counts, self.series.values[max(self.series.first_rows) : end], self.config
        )

    def _interval_sizes(self, quantiles: Values) -> Values:
        """(2,) the mean size of the 80 % and the 95 % interval, in units of each series."""
        scale = self.scale[self.held_out[:, 1], None]
        sizes = (
            (quantiles[..., MEDIAN + side] - quantiles[..., MEDIAN - side]) / scale
            for side in (1, 2)
        )
        return np.array([each.mean() for each in sizes])

    def _resized(self, measured: dict[str, Any]) -> list[float]:
        """The factors of the intervals for the second network. It knows the values held out, or
        had less time, so its intervals may be narrower than those that the factors were fitted to;
        at the same windows they become as wide, at least."""
        quantiles = quantiles_at(self.network, self.series.values, self.held_out)
        sizes = np.maximum(self._interval_sizes(quantiles), np.finfo(float).tiny)
        ratio = np.array(measured["sizes"]) / sizes
        return [float(each) for each in np.array(measured["widths"]) * np.clip(ratio, 1, _WIDER)]

    def _measured(self, event: Finished, matrices: dict[str, Values]) -> dict[str, Any]:
        """Results of the first training for the second, as plain data; joins network and counts.

        Args:
            matrices: of the counts before the values held out.
        """
        values = self.series.values
        quantiles = quantiles_at(self.network, values, self.held_out)
        actual = values_after(values, self.held_out, self.config.horizon)
        shares = None
        if matrices:
            medians = {counts.NETWORK: quantiles[..., MEDIAN]}
            medians |= counts.medians(matrices, values, self.held_out, self.config)
            length, series = values.shape
            horizons = series * (length - self.end) / self.config.horizon
            scale = self.scale[self.held_out[:, 1]]
            shares = counts.shares_of(medians, actual, scale, horizons)
            self.network.counts = counts.linear_forecast(matrices, shares)
            quantiles = quantiles_at(self.network, values, self.held_out)
        scaled = scale_intervals_by_halves(quantiles, actual, self.held_out)
        backtest = backtest_of(
            scaled,
            values,
            self.held_out,
            medians_by_part(self.network, values, self.held_out),
            self.scale,
            self.series.names,
            self.seasons,
        )
        return {
            "best_step": max(_MIN_STEPS, event.best_step),
            "widths": list(fit_widths(quantiles, actual, self.held_out)),
            "shares": shares,
            "sizes": self._interval_sizes(quantiles).tolist(),
            "report": evaluate_forecasts(backtest).to_json(),
        }


def new_network(config: ForecasterConfig, seed: int) -> ForecastNetwork:
    """A new network with random weights of this seed."""
    with seeded(seed):
        return ForecastNetwork(config)


def naive_errors(series: Series, end: int, season: int) -> Values:
    """(S,) the `naive_error` of each series in its values before a row."""
    if not series.starts:
        return naive_error(series.values[:end], season)
    before = (series.values[first:end, each] for each, first in enumerate(series.starts))
    return np.array([naive_error(values, season) for values in before])


def fit_widths(quantiles: Values, actual: Values, origins: Origins) -> tuple[float, float]:
    """Factors by which the 80 % and the 95 % interval cover these fractions of the values.

    Args:
        quantiles: (M, H, Q) forecasts.
        actual: (M, H) values.
        origins: (M, 2) of the forecasts.
    """
    ahead = origins[:, 0, None] + np.arange(actual.shape[1])
    count = len({*zip(ahead.ravel().tolist(), origins[:, 1].repeat(ahead.shape[1]), strict=True)})
    inner, outer = (
        fitted_width(
            quantiles[..., MEDIAN - side],
            quantiles[..., MEDIAN],
            quantiles[..., MEDIAN + side],
            actual,
            LEVELS[MEDIAN + side] - LEVELS[MEDIAN - side],
            count,
        )
        for side in (1, 2)
    )
    return inner, outer


def scale_intervals_by_halves(quantiles: Values, actual: Values, origins: Origins) -> Values:
    """Scale each half of the forecasts by widths fitted to the other half, for unbiased scores;
    arguments as in `fit_widths`."""
    early = origins[:, 0] < np.median(origins[:, 0])
    scaled = quantiles.copy()
    for half in (early, ~early):
        if half.any() and not half.all():
            widths = fit_widths(quantiles[~half], actual[~half], origins[~half])
            scaled[half] = scale_intervals(quantiles[half], widths)
    return scaled


def _sum_of(spent: Finished, event: Finished) -> Finished:
    """The event, with seconds and tokens of both trainings."""
    return dataclasses.replace(
        event, seconds=spent.seconds + event.seconds, tokens=spent.tokens + event.tokens
    )


def _overall(event: Event, spent: Finished, is_last: bool) -> Event:
    """The event, with its progress in both trainings; the last has no validation set."""
    if isinstance(event, Validated):
        return dataclasses.replace(event, in_sample=is_last)
    if not isinstance(event, Progress):
        return event
    start, fraction = (REHEARSAL, 1 - REHEARSAL) if is_last else (0.0, REHEARSAL)
    return dataclasses.replace(
        event,
        tokens=spent.tokens + event.tokens,
        seconds=spent.seconds + event.seconds,
        done=start + fraction * event.done,
        phase="all values" if is_last else "the end held out",
    )
