"""Forecasting: numbers in step, then ahead.

Shapes: T steps, S series, H the horizon, R values read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from torch import Tensor

from elman.bundle import Bundle
from elman.errors import InputError, SettingError
from elman.explain.trace import Trace
from elman.metrics.forecasting import naive_error
from elman.metrics.report import Evaluation
from elman.nn.forecaster import ForecastNetwork
from elman.ranges import whole
from elman.tasks.estimator import Model
from elman.tasks.forecasting.config import ForecasterTrainingConfig
from elman.tasks.forecasting.evaluation import evaluate_forecasts
from elman.tasks.forecasting.explain import explain_forecast
from elman.tasks.forecasting.inputs import SeriesInput, read_series
from elman.tasks.forecasting.objective import quantiles_at
from elman.tasks.forecasting.serialization import contents, opened, tensors
from elman.tasks.forecasting.trainer import (
    ForecasterTrainer,
    backtest_of,
    spread_origins,
    stretched,
)
from elman.text.dates import Calendar
from elman.text.series import Series
from elman.training.events import Event, Finished

Values = npt.NDArray[np.float64]


class Forecast(NamedTuple):
    """Values to come, (H, S) each: the median, and the ends of the intervals that hold 80 % and
    95 % of what comes.

    Attributes:
        names: (S,) of the series.
        dates: (H,) written as those before them; none where the series had none.
    """

    names: tuple[str, ...]
    dates: tuple[str, ...]
    median: Values
    low_80: Values
    high_80: Values
    low_95: Values
    high_95: Values


class Forecaster(Model):
    """Recurrent networks that go on with a series of numbers, and say how sure they are.

    ::

        model = Forecaster().fit("passengers.csv")
        model.predict().median  # (12, 1): the next year
        model.save("forecaster.safetensors")

    Several series of one table train one model. The scale of the values, the season and whether
    logarithms are to be forecast are found in the series.

    Args:
        horizon: H, the steps ahead; None chooses: a season, or two where it is short.
        season: after how many steps the values are alike, 1 where they never are; None finds it
            by the dates or by the autocorrelation.
        cell: a name of `elman.cells.CELLS`.
        hidden_size: of the vectors in each network; None chooses.
        layers: blocks, one above the other.
        dropout: share silenced in training, 0 to below 1; None chooses.
        minutes: of training, by the wall clock, at most.
        steps: of training instead; the same weights every time on one machine.
        seed: of everything random.

    Attributes, once fitted:
        network_: the `ForecastNetwork`; names_: of the series; calendar_: of their dates, or None.
        last_: (R, S) the last values, from which `predict` goes on; scale_: (S,) what errors are
        scaled by; widths_: by how much the intervals are stretched.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "forecast"

    network_: ForecastNetwork
    names_: tuple[str, ...]
    calendar_: Calendar | None
    last_: Values
    scale_: Values
    widths_: tuple[float, float]
    record_: dict[str, Any]

    def __init__(
        self,
        *,
        horizon: int | None = None,
        season: int | None = None,
        cell: str = "lstm",
        hidden_size: int | None = None,
        layers: int = 1,
        dropout: float | None = None,
        minutes: float = 1.0,
        steps: int | None = None,
        seed: int = 0,
    ) -> None:
        self.horizon = horizon
        self.season = season
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.dropout = dropout
        self.minutes = minutes
        self.steps = steps
        self.seed = seed

    # Learning

    def fit(self, series: SeriesInput) -> Self:
        """Learn from a CSV file, a source, or an array (T,) or (T, S); `training` tells more.

        An interrupt (Ctrl-C) leaves the model as good as it was by then, and is raised again.
        """
        return self._through(self.training(series))

    def training(
        self,
        series: SeriesInput,
        *,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 20.0,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Train, yielding what happens as `elman.training.events.Event`s.

        There are two trainings: with the end of the series held out, to see how many steps are
        enough, how wide the intervals must be and how good the forecasts are; then from all of
        it. The losses are those of the quantiles, in units of the seasonal naive error.

        Args:
            series: what to learn from.
            checkpoint: a file from which an interrupted run goes on; see `train`.
            stop: asked before every step; True ends the run early and in order.

        Raises:
            SettingError: for a setting out of its range, before anything is read.
            InputError: where the series cannot be read, or is too short.
            TrainingError, ResumeError, OutputError: as `train` has them.
        """
        settings = ForecasterTrainingConfig(**self._plain_settings())
        given = read_series(series)
        told = settings.forecasting(given)
        training = ForecasterTrainer(settings, given, told)
        identity = {**self._plain_settings(), "content": given.content_hash()}
        for event in training.events(identity, checkpoint, checkpoint_seconds, stop):
            if isinstance(event, Finished):
                self._learned(training, event)
            yield event

    def _learned(self, training: ForecasterTrainer, event: Finished) -> None:
        """Take over what a training came to."""
        series, network = training.series, training.network
        told = network.forecasting
        inner, outer = training.measured["widths"]
        self.network_, self.widths_ = network, (inner, outer)
        self.names_, self.calendar_ = series.names, series.calendar
        self.last_ = series.values[-told.context_length :]
        self.scale_ = naive_error(series.values, told.season)
        self.record_ = {
            "content": series.content_hash(),
            "values": len(series.values),
            "series": len(series.names),
            "parameters": sum(weight.numel() for weight in network.parameters()),
            "steps": event.step,
            "seconds": round(event.seconds, 3),
            "held_out": training.measured["report"],
        }

    # Forecasting

    def predict(self, horizon: int | None = None, history: SeriesInput | None = None) -> Forecast:
        """The values to come.

        Args:
            horizon: how many of them, at most those it was trained for; None: all of these.
            history: what to go on from instead of the values it has learned from: the same series,
                in full or from right after those on.

        Raises:
            SettingError: for a horizon beyond what it was trained for.
            InputError: a history that cannot be read, of other series, or too short.
        """
        self._check_fitted()
        told = self.network_.forecasting
        if horizon is not None and type(horizon) is int and horizon > told.horizon:
            raise SettingError(
                f"{horizon} is beyond the {told.horizon} steps that it was trained for",
                location="horizon",
                hint=f"Train for more: elman train FILE -o MODEL --horizon {horizon}",
            )
        count = told.horizon if horizon is None else horizon
        whole("horizon", count, 1)
        series = self.history(history)
        origins = np.array([(len(series.values), each) for each in range(len(self.names_))])
        found = stretched(quantiles_at(self.network_, series.values, origins), self.widths_)
        low_95, low_80, median, high_80, high_95 = found.T[:, :count]
        dates = () if series.calendar is None else tuple(series.calendar.next_dates(count))
        return Forecast(self.names_, dates, median, low_80, high_80, low_95, high_95)

    def explain(self, history: SeriesInput | None = None, *, series: str | None = None) -> Trace:
        """What the network saw in the values of a series, remembered of them, and which each step
        ahead rests on.

        Args:
            history: as `predict` has it.
            series: the name of one; None: the first.

        Raises:
            InputError: as `predict`; SettingError: for a name that the model does not know.
        """
        given = self.history(history)
        if series is not None and series not in self.names_:
            raise SettingError(
                f"{series!r} is none of those it has learned",
                location="series",
                hint=f"It knows {', '.join(self.names_[:10])}",
            )
        column = 0 if series is None else self.names_.index(series)
        origins = np.array([(len(given.values), column)])
        found = stretched(quantiles_at(self.network_, given.values, origins), self.widths_)
        read = self.network_.forecasting.context_length
        return explain_forecast(self.network_, given.values[-read:, column], found[0])

    def history(self, given: SeriesInput | None = None) -> Series:
        """What `predict` goes on from: the end of what was learned from, or what is given, with
        that before it where its dates go on from there.

        Raises:
            InputError: as `predict`.
        """
        self._check_fitted()
        if given is None:
            return Series(self.names_, self.last_, self.calendar_)
        series = self._continued(self._same(read_series(given)))
        read = self.network_.forecasting.context_length
        if len(series.values) < read:
            raise InputError(
                f"{len(series.values):,} values, and {read:,} are needed to go on from",
                location=series.name,
                hint="Give more of the history",
            )
        return series

    def evaluate(self, series: SeriesInput) -> Evaluation:
        """The report over rolling origins: each forecast is made from the values before its
        origin, and none from a value that the model has learned from on.

        Args:
            series: in full, of which the values after those learned from are forecast; or newer
                values alone; or other ones.

        Raises:
            InputError: where they cannot be read, or too few are new.
        """
        self._check_fitted()
        told = self.network_.forecasting
        given = self._same(read_series(series))
        known = self._known(given)
        if known is None:
            before = len(given.values)
            given = self._continued(given)
            known = len(given.values) - before or None
        first = told.context_length if known is None else known
        origins = spread_origins(first, len(given.values), told.horizon, len(self.names_))
        if not len(origins):
            raise InputError(
                f"{len(given.values):,} values, and {first + told.horizon:,} are needed: {first:,} "
                f"to go on from, {told.horizon:,} to compare with",
                location=given.name,
                hint="Give at least as many new values as the horizon has steps",
            )
        scale = self.scale_
        if known is None:
            scale = naive_error(given.values[:first], told.season)
        found = stretched(quantiles_at(self.network_, given.values, origins), self.widths_)
        return evaluate_forecasts(
            backtest_of(found, given.values, origins, told, scale, self.names_)
        )

    def score(self, series: SeriesInput) -> float:
        """Minus the mean absolute scaled error (MASE) of `evaluate`: higher is better, and -1 is
        as good as the seasonal naive forecast was where the model learned.

        Raises:
            InputError: as `evaluate`.
        """
        return -self.evaluate(series).scores["mase"]

    def _same(self, series: Series) -> Series:
        """The series of these names, in their order; or as many of any names.

        Raises:
            InputError: others; or numbers that have no logarithm, where those are forecast.
        """
        if set(self.names_) <= set(series.names):
            columns = [series.names.index(name) for name in self.names_]
            series = series._replace(names=self.names_, values=series.values[:, columns])
        if len(series.names) != len(self.names_):
            raise InputError(
                f"{len(series.names)} series, where the model has learned {len(self.names_)}",
                location=series.name,
                hint=f"It knows {', '.join(self.names_[:10])}",
            )
        if self.network_.forecasting.logarithm and series.values.min() <= 0:
            raise InputError(
                f"it holds {series.values.min():g}, and the model has learned from numbers above 0",
                location=series.name,
                hint="Train a model on numbers of this kind",
            )
        return series

    def _known(self, series: Series) -> int | None:
        """After how many values of a series those come that the model has not learned from; None
        where the last that it learned from are not there."""
        read = len(self.last_)
        ends = np.flatnonzero((series.values == self.last_[-1]).all(1)) + 1
        for end in ends[::-1]:
            if end >= read and np.array_equal(series.values[end - read : end], self.last_):
                return int(end)
        return None

    def _continued(self, series: Series) -> Series:
        """The series with the last values before it, where its dates go on from theirs."""
        mine, its = self.calendar_, series.calendar
        if mine is None or its is None or mine.next() != its.first:
            return series
        return series._replace(values=np.concatenate([self.last_, series.values]))

    # Keeping

    def _contents(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        about = contents(self.network_, self.names_, self.calendar_, self.record_)
        kept = tensors(self.network_, last=self.last_, scale=self.scale_, widths=self.widths_)
        return about, kept

    def describe(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "task": self.task,
            "series": list(self.names_),
            "dates": None if self.calendar_ is None else self.calendar_.step.name,
            "parameters": sum(weight.numel() for weight in self.network_.parameters()),
            "network": dataclasses.asdict(self.network_.forecasting),
            "settings": self._plain_settings(),
            "training": self.record_,
        }

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        file = opened(bundle)
        model = cls(**dataclasses.asdict(file.settings))
        kept = file.kept
        inner, outer = kept.widths.tolist()
        model.network_, model.widths_ = kept.network, (inner, outer)
        model.last_, model.scale_ = kept.last.numpy(), kept.scale.numpy()
        model.names_, model.calendar_, model.record_ = file.names, file.calendar, file.record
        return model
