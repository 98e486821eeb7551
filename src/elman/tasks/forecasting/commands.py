"""Series of numbers to go on with: the end is held out, the baseline is the season before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from elman.console.options import refuse_options
from elman.console.terminal import say
from elman.tasks.commands import SCORING, CommandWords, TaskCommands
from elman.tasks.forecasting.task import TASK
from elman.tasks.options import series_options

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.console.traces import TraceTable
    from elman.explain.trace import Trace
    from elman.metrics.report import Evaluation
    from elman.tasks.data_files import DataFiles
    from elman.tasks.forecasting.inspect import SeriesInspection
    from elman.tasks.forecasting.model import Forecaster
    from elman.tasks.task import Task
    from elman.text.files import TextSource
    from elman.text.series import Series, SeriesSource
    from elman.training.events import Event


class ForecastingCommands(TaskCommands):
    """See `TaskCommands`."""

    model: Forecaster

    task: ClassVar[Task] = TASK
    words: ClassVar[CommandWords] = CommandWords(
        "What the numbers will be", "series", "--plot forecast.svg"
    )

    @classmethod
    def open(cls, source: TextSource, files: DataFiles) -> SeriesSource:
        """The columns of numbers that were named, their gaps filled as was typed."""
        from elman.text.series import SeriesSource

        return SeriesSource(source, **series_options(files.options))

    @classmethod
    def inspect(cls, files: DataFiles) -> SeriesInspection:
        from elman.tasks.forecasting.inspect import inspect_source

        refuse_options(TASK.name, valid=files.valid)
        return inspect_source(cls.open(files.data, files), _chosen)

    def training(
        self,
        reading: ReadingProgress,  # noqa: ARG002  # a table of numbers is read at once
        checkpoint: Path | None,
        stop: Callable[[], bool],
    ) -> Iterator[Event]:
        # The end of the same series is held out: there are no others to choose by.
        refuse_options(TASK.name, valid=self.files.valid)
        series = self.open(self.files.data, self.files).read()
        for note in series.notes:
            say(f"{series.name}: {note}.")
        return self.model.training(series, checkpoint=checkpoint, stop=stop, scoring=SCORING)

    def report(self) -> Evaluation:
        """The report that the training made, before it learned from the end too."""
        from elman.metrics.report import Evaluation

        scores = dict(self.model.record_["held_out"])
        ends = {name: (low, high) for name, (low, high) in scores.pop("interval").items()}
        return Evaluation(**scores | {"interval": ends, "warnings": tuple(scores["warnings"])})

    def read(
        self,
        train: TextSource | None,
        reading: ReadingProgress,  # noqa: ARG002  # a table of numbers is read at once
    ) -> Series:
        from elman.text.series import SeriesSource

        refuse_options(TASK.name, train=train)
        options = series_options(self.files.options)
        return SeriesSource(self.files.data, known=self.model.names_, **options).read()

    def held_out(self) -> None:
        return None

    def cached(self, part: str) -> None:
        """A forecaster keeps its series itself; its baseline, the season before, learns nothing."""

    def fit_baseline(self, data: None) -> None: ...

    def evaluated(self, data: Series, baseline: None) -> Evaluation:  # noqa: ARG002
        return self.model.evaluate(data)

    @classmethod
    def explain(cls, model: Forecaster, given: str | None, options: dict[str, Any]) -> Trace:
        history = None if given is None else Path(given)
        return model.explain(history, series=options.get("series"))

    @classmethod
    def trace_table(cls) -> TraceTable:
        from elman.console.traces import TraceTable, forecast

        return TraceTable(("step", "median", "80 %"), forecast)


def _chosen(series: Series) -> tuple[int, int]:
    """The default season and horizon of a forecaster, in steps.

    Raises:
        EmptyTextError: the series is too short.
    """
    from elman.tasks.forecasting.config import ForecasterSettings, forecasting_of

    config = forecasting_of(ForecasterSettings(), series)
    return config.season, config.horizon


COMMANDS = ForecastingCommands
