"""Series of numbers to continue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from elman.tasks.options import FILES, Option
from elman.tasks.task import Task


def _from_lines(lines: Sequence[str], name: str) -> str | None:  # noqa: ARG001
    from elman.text.sniff_series import numbers_in

    return numbers_in(lines)


TASK = Task(
    name="forecast",
    package="elman.tasks.forecasting",
    model_name="Forecaster",
    commands_name="ForecastingCommands",
    summary="the numbers to come",
    explanation_title="What the numbers will be",
    pipeline_tag="time-series-forecasting",
    predicts="series",
    priority=10,
    from_lines=_from_lines,
    options=(
        Option(
            "series",
            str,
            "To forecast: a column of numbers; may be given again. By default all.",
            FILES,
            many=True,
            metavar="COLUMN",
            names_task=True,
        ),
        Option(
            "impute",
            str,
            "What stands in for missing numbers: linear, previous or zero.",
            ("train", "test", "predict"),
            names_task=True,
        ),
        Option(
            "horizon",
            int,
            "To forecast: so many steps ahead; by default a season.",
            ("train",),
            of_model=True,
        ),
        Option(
            "season",
            int,
            "To forecast: after so many steps values are alike; 1: never.",
            ("train",),
            of_model=True,
        ),
        Option("horizon", int, "Forecasts: so many steps ahead, if not all.", ("predict",)),
        Option(
            "plot",
            Path,
            "Forecasts: a picture too, SVG or PNG.",
            ("predict",),
            metavar="FILE",
        ),
        Option(
            "series",
            str,
            "Forecasts: which series; else the first.",
            ("explain",),
            metavar="COLUMN",
        ),
    ),
)
