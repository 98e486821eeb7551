"""Series of numbers to go on with: the end is held out, the baseline is the season before."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from elman.console.options import refuse_options
from elman.tasks.forecasting.report import print_forecast_report
from elman.tasks.job import TaskCommands

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.metrics.report import Evaluation
    from elman.tasks.forecasting.inspect import SeriesInspection
    from elman.tasks.forecasting.model import Forecaster
    from elman.tasks.job import DataFiles
    from elman.text.files import TextSource
    from elman.text.series import Series, SeriesSource
    from elman.training.events import Event


class ForecastingCommands(TaskCommands):
    """See `TaskCommands`."""

    task: ClassVar[str] = "forecast"
    telling: ClassVar[tuple[str, ...]] = ("series", "impute")
    options: ClassVar[tuple[str, ...]] = telling

    model: Forecaster

    @classmethod
    def kind(cls) -> type[Forecaster]:
        from elman.tasks.forecasting.model import Forecaster

        return Forecaster

    @classmethod
    def look(cls, files: DataFiles) -> SeriesInspection:
        from elman.tasks.forecasting.inspect import inspect_series

        refuse_options(cls.task, valid=files.valid)
        return inspect_series(series_source(files.data, files), _chosen)

    def training(
        self,
        reading: ReadingProgress,  # noqa: ARG002  # a table of numbers is read at once
        checkpoint: Path | None,
        stop: Callable[[], bool],
    ) -> Iterator[Event]:
        # The end of the same series is held out: there are no others to choose by.
        refuse_options(self.task, valid=self.files.valid)
        series = series_source(self.files.data, self.files)
        return self.model.training(series, checkpoint=checkpoint, stop=stop)

    def report(self) -> Evaluation:
        """The report that the training made, before it learned from the end too."""
        from elman.metrics.report import Evaluation

        told = dict(self.model.record_["held_out"])
        ends = {name: (low, high) for name, (low, high) in told.pop("interval").items()}
        return Evaluation(**told | {"interval": ends, "warnings": tuple(told["warnings"])})

    def read(
        self,
        train: TextSource | None,
        reading: ReadingProgress,  # noqa: ARG002  # a table of numbers is read at once
    ) -> Series:
        refuse_options(self.task, train=train)
        return series_source(self.files.data, self.files).read()

    def held_out(self) -> None:
        return None

    def baseline(self) -> None:
        return None

    def evaluated(self, data: Series, baseline: None) -> Evaluation:  # noqa: ARG002
        return self.model.evaluate(data)

    def tell(self, report: Evaluation) -> None:
        print_forecast_report(report)

    def described(self) -> str:
        return "forecast, the numbers to come"

    def next_command(self, output: Path) -> str:
        return f"elman predict {shlex.quote(str(output))} --plot forecast.svg"


def _chosen(series: Series) -> tuple[int, int]:
    """The season and the horizon that a forecaster takes, if nothing else is said.

    Raises:
        EmptyTextError: the series is too short.
    """
    from elman.tasks.forecasting.config import ForecasterSettings, forecasting_of

    told = forecasting_of(ForecasterSettings(), series)
    return told.season, told.horizon


def series_source(source: TextSource, files: DataFiles) -> SeriesSource:
    """The columns of numbers that were asked for, their gaps filled as was said."""
    from elman.text.series import SeriesSource

    return SeriesSource(
        source, columns=files.options.get("series"), impute=files.options.get("impute")
    )
