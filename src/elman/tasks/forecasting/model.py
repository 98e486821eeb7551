"""Forecasting of time series.

Shapes: T steps, S series, H horizon, R context length.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from elman.bundle import Array
from elman.data.cache import Cache
from elman.errors import InputError, SettingError
from elman.metrics.forecasting import naive_error
from elman.metrics.report import Evaluation
from elman.nn.compiled.forecaster import CompiledForecaster, forecaster_layout
from elman.nn.compiled.trained import TrainedNetwork
from elman.ranges import check_integer
from elman.tasks.architecture import check_cell
from elman.tasks.estimator import Model
from elman.tasks.forecasting import counts
from elman.tasks.forecasting.config import (
    ForecasterSettings,
    checked_forecasting,
    sized,
)
from elman.tasks.forecasting.continuation import Continued, TrainingEnd, continued
from elman.tasks.forecasting.evaluation import evaluate_forecasts
from elman.tasks.forecasting.forecast import Forecast, Values
from elman.tasks.forecasting.inputs import SeriesInput, read_series, training_ends
from elman.tasks.forecasting.serialization import (
    PREFIX,
    checked_ends,
    checked_names,
    layout_beside,
)
from elman.tasks.forecasting.windows import (
    Origins,
    backtest_of,
    forecasts_at,
    medians_at,
    scale_intervals,
    seasons_of,
    spread_origins,
)
from elman.tasks.run import Run, TrainingData
from elman.tasks.weights import Blueprint, Stored
from elman.text.dates import Calendar
from elman.text.progress import ProgressCallback
from elman.text.series import Series
from elman.training.events import Event, Finished

if TYPE_CHECKING:
    from elman.explain.trace import Trace
    from elman.tasks.forecasting.trainer import ForecasterTrainer


class Forecaster(ForecasterSettings, Model):
    """Recurrent networks that forecast time series, with intervals.

    ::

        model = Forecaster().fit("passengers.csv")
        model.predict().median  # (12, 1): the next year
        model.save("forecaster.safetensors")

    All series of a table train one model. Scale, season and the use of logarithms are chosen from
    the data. Series may begin and end at different dates: each is forecast from its own end. The
    network learns from all windows of each; context, season and counts suit the shortest series.

    Attributes, after fitting:
        network_: the `ForecastNetwork`.
        names_: of the series.
        calendar_: of their dates; None without dates.
        ends_: (S,) the last date of each series; empty where all end with the calendar.
        last_: (R, S) the last values, the default history of `predict`.
        scale_: (S,) divisor of the errors.
        widths_: factors of the 80 % and the 95 % interval.
        record_: how it was trained, as plain data; saved with the model.
    """

    task: ClassVar[str] = "forecast"
    pipeline_tag: ClassVar[str] = "time-series-forecasting"
    _architecture_name: ClassVar[str] = "forecasting"

    names_: tuple[str, ...]
    calendar_: Calendar | None
    ends_: tuple[datetime, ...]
    last_: Values
    scale_: Values
    widths_: tuple[float, float]

    _counts: dict[str, Any] | None = None  # as a model file describes them

    # Learning

    def fit(self, series: SeriesInput) -> Self:
        """Train on series; see `training`.

        The first training leaves the end of the series for validation, and determines the number
        of steps, the widths of the intervals and the scores. The second uses all values. The loss
        is the quantile loss in units of the seasonal naive error.

        Args:
            series: a CSV file, a source, or an array (T,) or (T, S).

        Raises:
            InputError: the series cannot be read, or is too short.
        """
        return self._fit(series)

    def _prepare(
        self,
        settings: ForecasterSettings,  # noqa: ARG002
        series: SeriesInput,
        *,
        cache: Cache | None = None,  # noqa: ARG002  # its baseline needs no training data
        progress: ProgressCallback | None = None,  # noqa: ARG002  # files of series are small
    ) -> TrainingData:
        given = read_series(series)
        return TrainingData(given, None, {"content": given.content_hash()})

    def _learn(self, settings: ForecasterSettings, data: TrainingData, run: Run) -> Iterator[Event]:
        from elman.tasks.forecasting.trainer import ForecasterTrainer

        config, most_bytes = sized(settings, data.train)
        training = ForecasterTrainer(settings, data.train, config, most_bytes)
        for event in training.events(run):
            if isinstance(event, Finished):
                self._set_fitted(training, data)
            yield event

    def _set_fitted(self, training: ForecasterTrainer, data: TrainingData) -> None:
        """Set the fitted attributes from a finished training."""
        from elman.tasks.forecasting.trainer import naive_errors

        series, network = training.series, training.network
        inner, outer = training.measured["widths"]
        self.network_, self.widths_ = network, (inner, outer)
        self.names_, self.calendar_, self.ends_ = series.names, series.calendar, series.ends
        self.last_ = series.values[-network.history_length :]
        self.scale_ = naive_errors(series, len(series.values), network.config.season)
        self._counts = training.described_counts
        self._begin_record(
            data,
            values=len(series.values),
            series=len(series.names),
            held_out=training.measured["report"],
        )

    # Forecasting

    def predict(self, horizon: int | None = None, history: SeriesInput | None = None) -> Forecast:
        """Forecast the next values.

        Args:
            horizon: number of steps; default and maximum: the horizon of the training.
            history: values before the forecast, in full or from the end of the training series on;
                default: the training series.

        Raises:
            SettingError: the horizon is out of range.
            InputError: the history cannot be read, has other series, or is too short.
        """
        self._check_fitted()
        config = self._config
        if horizon is not None and type(horizon) is int and horizon > config.horizon:
            raise SettingError(
                f"{horizon} is beyond the {config.horizon} steps that it was trained for",
                location="horizon",
                hint=f"Train again, for more: --horizon {horizon}",
            )
        count = config.horizon if horizon is None else horizon
        check_integer("horizon", count, 1)
        series = self.history(history)
        origins = np.array([(len(series.values), each) for each in range(len(self.names_))])
        quantiles = self._quantiles_at(series.values, origins)
        scaled = scale_intervals(quantiles, self.widths_)
        low_95, low_80, median, high_80, high_95 = scaled.T[:, :count]
        dates = () if series.calendar is None else tuple(series.calendar.next_dates(count))
        calendars = series.calendars() if series.ends else []
        own = tuple(tuple(each.next_dates(count)) for each in calendars if each is not None)
        return Forecast(self.names_, dates, median, low_80, high_80, low_95, high_95, own)

    def explain(self, history: SeriesInput | None = None, *, series: str | None = None) -> Trace:
        """The activations of the network over a series, its forecast, and the attributions.

        Args:
            history: as in `predict`.
            series: name of the series; default: the first.

        Raises:
            InputError: as in `predict`.
            SettingError: the model has no such series.
        """
        from elman.tasks.forecasting.explain import explain_forecast

        given = self.history(history)
        if series is not None and series not in self.names_:
            raise SettingError(
                f"{series!r} is not one that it has learned",
                location="series",
                hint=f"It knows {', '.join(self.names_[:10])}",
            )
        column = 0 if series is None else self.names_.index(series)
        origins = np.array([(len(given.values), column)])
        quantiles = self._quantiles_at(given.values, origins)
        (scaled,) = scale_intervals(quantiles, self.widths_)
        length = self._inference.history_length
        return explain_forecast(self.network_, given.values[-length:, column], scaled)

    def history(self, given: SeriesInput | None = None) -> Series:
        """The values before a forecast: the end of the training series, or the given values,
        preceded by the training series if their dates continue it.

        Args:
            given: as `history` of `predict`.

        Raises:
            InputError: as in `predict`.
        """
        self._check_fitted()
        if given is None:
            return Series(self.names_, self.last_, self.calendar_, ends=self.ends_)
        read = read_series(given, self.names_)
        continued = self._continued(read)
        series = self._same(read if continued is None else continued.series)
        needed = self._inference.history_length
        if len(series.common) < needed:
            raise InputError(
                f"{len(series.common):,} values, and {needed:,} are needed to go on from",
                location=series.name,
                hint="Give more of the history",
            )
        return series

    def evaluate(self, series: SeriesInput) -> Evaluation:
        """Backtest over rolling origins. Each forecast uses the values before its origin; training
        values are not forecast.

        Args:
            series: the training series continued, its new values only, or another series.

        Raises:
            InputError: the series cannot be read, or has too few new values.
        """
        self._check_fitted()
        config = self._config
        read = read_series(series, self.names_)
        continued = self._continued(read)
        given = self._same(read if continued is None else continued.series)
        known = training_ends(given, self.last_)
        if continued is not None:
            known = [len(given.values) - count for count in continued.added]
        needed = self._inference.history_length
        firsts = [
            row + needed if end is None else end
            for row, end in zip(given.first_rows, known, strict=True)
        ]
        origins = spread_origins(firsts, len(given.values), config.horizon)
        if not len(origins):
            first = min(firsts)
            raise InputError(
                f"{len(given.values):,} values, and {first + config.horizon:,} are needed: "
                f"{first:,} to go on from, {config.horizon:,} to compare with",
                location=given.name,
                hint="Give at least as many new values as the horizon has steps",
            )
        scale = self.scale_.copy()
        for each, (row, first, end) in enumerate(zip(given.first_rows, firsts, known, strict=True)):
            if end is None and first <= len(given.values):
                scale[each] = naive_error(given.values[row:first, each], config.season)
        quantiles = self._quantiles_at(given.values, origins)
        scaled = scale_intervals(quantiles, self.widths_)
        inference, parts = self._inference, {}
        if inference.has_counts:
            alone = inference.by_network, inference.by_counts
            parts = medians_at(*alone, inference.history_length, given.values, origins)
        return evaluate_forecasts(
            backtest_of(scaled, given.values, origins, parts, scale, self.names_, self._seasons)
        )

    def _quantiles_at(self, values: Values, origins: Origins) -> Values:
        """What is forecast at each origin (M, 2) from the values (T, S) before it: (M, H, Q)."""
        inference: CompiledForecaster = self._inference
        return forecasts_at(inference.quantiles, inference.history_length, values, origins)

    @property
    def _seasons(self) -> tuple[int, ...]:
        counted = None if self._counts is None else self._counts["seasons"]
        return seasons_of(self._config, counted)

    def score(self, series: SeriesInput) -> float:
        """Minus the mean absolute scaled error (MASE) of `evaluate`; higher is better. -1 equals
        the seasonal naive forecast on the training series.

        Raises:
            InputError: as in `evaluate`.
        """
        return -self.evaluate(series).scores["mase"]

    def _same(self, series: Series) -> Series:
        """The series of the model in its order: by name, or else all if their number is the same.

        Raises:
            InputError: another number of series, or values not above 0 for a model of logarithms.
        """
        if set(self.names_) <= set(series.names):
            columns = [series.names.index(name) for name in self.names_]
            series = series.selected(columns)
        if len(series.names) != len(self.names_):
            raise InputError(
                f"{len(series.names)} series, where the model has learned {len(self.names_)}",
                location=series.name,
                hint=f"It knows {', '.join(self.names_[:10])}",
            )
        least = np.nanmin(series.values)
        if self._config.logarithm and least <= 0:
            raise InputError(
                f"it holds {least:g}, and the model has learned from numbers above 0",
                location=series.name,
                hint="Train a model on numbers of this kind",
            )
        return series

    def _continued(self, new: Series) -> Continued | None:
        """The training series and new values, if their dates continue it; else None."""
        if self.calendar_ is None:
            return None
        end = TrainingEnd(self.names_, self.last_, self.calendar_, self.ends_)
        return continued(new, end)

    # Saving

    def _compile(self, trained: TrainedNetwork) -> CompiledForecaster:
        return CompiledForecaster(trained.exact, self._config, counts.stored_share(self._counts))

    def _contents(self) -> dict[str, Any]:
        calendar = None if self.calendar_ is None else self.calendar_.to_json()
        contents = {"names": list(self.names_), "calendar": calendar, "counts": self._counts}
        if self.ends_:
            contents["ends"] = [end.isoformat() for end in self.ends_]
        return contents

    def _arrays(self) -> dict[str, Array]:
        """The weights, and the arrays of `layout_beside`."""
        others = {"last": self.last_, "scale": self.scale_, "widths": self.widths_}
        return {
            **{f"{PREFIX}{name}": weight for name, weight in self._weights().items()},
            **{name: np.asarray(value, dtype=np.float64) for name, value in others.items()},
        }

    def _facts(self) -> dict[str, Any]:
        dates = None if self.calendar_ is None else self.calendar_.step.name
        counts = {} if self._counts is None else {"counts": self._counts}
        return {"series": list(self.names_), "dates": dates, **counts}

    def _restore(self, about: dict[str, Any]) -> Stored:
        config = checked_forecasting(about.get("forecasting"))
        self.names_ = names = checked_names(about.get("names"))
        calendar = about.get("calendar")
        self.calendar_ = None if calendar is None else Calendar.from_json(calendar)
        self.ends_ = checked_ends(about.get("ends"), self.calendar_, len(names))
        self._counts = about_counts = counts.checked(about.get("counts"), config)
        check_cell(self, config.cell)

        blueprint = Blueprint("elman.tasks.forecasting.counts.built", (config, about_counts))
        beside = layout_beside(counts.history_length(config, about_counts), len(names))
        layout = partial(forecaster_layout, config, counts.stored_window(about_counts))
        return Stored(blueprint, config.blocks, layout, beside, PREFIX)

    def _take(self, beside: dict[str, Array], about: dict[str, Any]) -> None:  # noqa: ARG002
        inner, outer = beside["widths"].tolist()
        self.widths_ = inner, outer
        self.last_, self.scale_ = beside["last"], beside["scale"]


MODEL = Forecaster
