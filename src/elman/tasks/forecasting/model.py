"""Forecasting: numbers in step, then ahead.

Shapes: T steps, S series, H the horizon, R values read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.data.cache import Cache
from elman.errors import InputError, SettingError
from elman.explain.trace import Trace
from elman.metrics.forecasting import naive_error
from elman.metrics.report import Evaluation
from elman.nn.forecaster import ForecasterConfig, ForecastNetwork
from elman.ranges import whole
from elman.tasks.architecture import check_cell
from elman.tasks.estimator import Model, Run, TrainingData
from elman.tasks.forecasting.config import (
    ForecasterSettings,
    checked_forecasting,
    forecasting_of,
)
from elman.tasks.forecasting.evaluation import evaluate_forecasts
from elman.tasks.forecasting.explain import explain_forecast
from elman.tasks.forecasting.inputs import SeriesInput, read_series
from elman.tasks.forecasting.objective import quantiles_at
from elman.tasks.forecasting.serialization import ForecasterTensors, checked_names
from elman.tasks.forecasting.trainer import (
    ForecasterTrainer,
    backtest_of,
    spread_origins,
    stretched,
)
from elman.text.dates import Calendar
from elman.text.progress import ProgressCallback
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


class Forecaster(ForecasterSettings, Model):
    """Recurrent networks that go on with a series of numbers, and say how sure they are.

    ::

        model = Forecaster().fit("passengers.csv")
        model.predict().median  # (12, 1): the next year
        model.save("forecaster.safetensors")

    Several series of one table train one model. The scale of the values, the season and whether
    logarithms are to be forecast are found in the series.

    Attributes, once fitted:
        network_: the `ForecastNetwork`; names_: of the series; calendar_: of their dates, or None.
        last_: (R, S) the last values, from which `predict` goes on; scale_: (S,) what errors are
        scaled by; widths_: by how much the intervals are stretched.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "forecast"
    pipeline_tag: ClassVar[str] = "time-series-forecasting"
    _architecture_name: ClassVar[str] = "forecasting"

    network_: ForecastNetwork
    names_: tuple[str, ...]
    calendar_: Calendar | None
    last_: Values
    scale_: Values
    widths_: tuple[float, float]

    # Learning

    def fit(self, series: SeriesInput) -> Self:
        """Learn from series; see `training`.

        There are two trainings: with the end of the series held out, to see how many steps are
        enough, how wide the intervals must be and how good the forecasts are; then from all of
        it. The losses are those of the quantiles, in units of the seasonal naive error.

        Args:
            series: a CSV file, a source, or an array (T,) or (T, S).

        Raises:
            InputError: where the series cannot be read, or is too short.
        """
        return self._fit(series)

    def _prepare(
        self,
        settings: ForecasterSettings,  # noqa: ARG002
        series: SeriesInput,
        *,
        cache: Cache | None = None,  # noqa: ARG002  # its baseline learns from the file itself
        progress: ProgressCallback | None = None,  # noqa: ARG002  # files of series are small
    ) -> TrainingData:
        given = read_series(series)
        return TrainingData(given, None, {"content": given.content_hash()})

    def _learn(self, settings: ForecasterSettings, data: TrainingData, run: Run) -> Iterator[Event]:
        training = ForecasterTrainer(settings, data.train, forecasting_of(settings, data.train))
        for event in training.events(run):
            if isinstance(event, Finished):
                self._learned(training, data)
            yield event

    def _learned(self, training: ForecasterTrainer, data: TrainingData) -> None:
        """Take over what a training came to."""
        series, network = training.series, training.network
        told = network.config
        inner, outer = training.measured["widths"]
        self.network_, self.widths_ = network, (inner, outer)
        self.names_, self.calendar_ = series.names, series.calendar
        self.last_ = series.values[-told.context_length :]
        self.scale_ = naive_error(series.values, told.season)
        self._begin_record(
            data,
            values=len(series.values),
            series=len(series.names),
            held_out=training.measured["report"],
        )

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
        told = self.network_.config
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
        read = self.network_.config.context_length
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
        read = self.network_.config.context_length
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
        told = self.network_.config
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
        if self.network_.config.logarithm and series.values.min() <= 0:
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

    def _architecture(self) -> ForecasterConfig:
        return self.network_.config

    def _contents(self) -> dict[str, Any]:
        calendar = None if self.calendar_ is None else self.calendar_.to_json()
        return {"names": list(self.names_), "calendar": calendar}

    def _tensors(self) -> dict[str, Tensor]:
        """Those of `ForecasterTensors`."""
        kept = {"last": self.last_, "scale": self.scale_, "widths": self.widths_}
        return {
            **{f"network.{name}": weight for name, weight in super()._tensors().items()},
            **{name: torch.tensor(value, dtype=torch.float64) for name, value in kept.items()},
        }

    def _facts(self) -> dict[str, Any]:
        dates = None if self.calendar_ is None else self.calendar_.step.name
        return {"series": list(self.names_), "dates": dates}

    def _restore(self, about: dict[str, Any]) -> Callable[[], ForecasterTensors]:
        told = checked_forecasting(about.get("forecasting"))
        self.names_ = names = checked_names(about.get("names"))
        calendar = about.get("calendar")
        self.calendar_ = None if calendar is None else Calendar.from_json(calendar)
        check_cell(self, told.cell)
        return lambda: ForecasterTensors(told, len(names))

    def _take(self, loaded: ForecasterTensors) -> None:
        loaded.check_finite()
        inner, outer = loaded.widths.tolist()
        self.network_, self.widths_ = loaded.network, (inner, outer)
        self.last_, self.scale_ = loaded.last.numpy(), loaded.scale.numpy()


MODEL = Forecaster
