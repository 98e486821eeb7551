"""Series of numbers to continue."""

from __future__ import annotations

from pathlib import Path

from elman.tasks.options import COUNTS, FILES, SHEET, Option
from elman.tasks.task import Detection, Task, lazily

TASK = Task(
    name="forecast",
    package="elman.tasks.forecasting",
    summary="the numbers to come",
    detection=Detection(10, from_lines=lazily("elman.text.sniff_series:numbers_in")),
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
            "date-order",
            str,
            "Order in dates: dmy, mdy or ymd (default: the regular one) (forecasts).",
            FILES,
            names_task=True,
        ),
        Option(
            "decimal",
            str,
            "Decimal mark: point or comma (default: by the numbers) (forecasts).",
            FILES,
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
        SHEET,
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
