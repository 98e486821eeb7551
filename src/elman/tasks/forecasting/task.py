"""Series of numbers to continue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from elman.tasks.options import COUNTS, FILES, Option
from elman.tasks.task import Detection, Task


def _from_lines(lines: Sequence[str], name: str) -> str | None:  # noqa: ARG001
    from elman.text.sniff_series import numbers_in

    return numbers_in(lines)


TASK = Task(
    name="forecast",
    package="elman.tasks.forecasting",
    summary="the numbers to come",
    detection=Detection(10, from_lines=_from_lines),
    options=(
        Option(
            "series",
            str,
            "Column to forecast (default: all columns of numbers); repeatable.",
            FILES,
            many=True,
            metavar="COLUMN",
            names_task=True,
        ),
        Option(
            "impute",
            str,
            "Fill missing numbers: linear, previous or zero (forecasts).",
            ("train", "test", "predict"),
            names_task=True,
        ),
        Option(
            "horizon",
            int,
            "Number of steps to forecast (default: a season).",
            ("train",),
            of_model=True,
        ),
        Option(
            "season",
            str,
            "Seasonal period in steps (1: none), or two such as 48,336.",
            ("train",),
            metavar="STEPS",
            of_model=True,
        ),
        COUNTS,
        Option(
            "horizon", int, "Number of steps to print (default: all) (forecasts).", ("predict",)
        ),
        Option(
            "plot",
            Path,
            "Also draw a plot, .svg or .png (forecasts).",
            ("predict",),
            metavar="FILE",
        ),
        Option(
            "series",
            str,
            "Series to explain (default: the first) (forecasts).",
            ("explain",),
            metavar="COLUMN",
        ),
    ),
)
