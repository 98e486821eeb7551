"""Command-line options of single tasks: the record of each task lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from elman.console.options import refuse_options

if TYPE_CHECKING:
    from elman.tasks.task import Task


@dataclass(frozen=True)
class Option:
    """An option of one or several commands.

    Args:
        name: as typed, without the leading dashes.
        type: the type of a value; bool makes a flag.
        help: one line of help.
        commands: the commands that accept it, such as 'train'.
        many: whether it is repeatable, with a list of values.
        metavar: the placeholder of the value in the help; None takes the name of the type.
        of_model: whether it is a setting of the estimator, not of how files are read.
        names_task: whether typing it selects the task.
    """

    name: str
    type: type[str | int | float | bool | Path]
    help: str
    commands: tuple[str, ...]
    many: bool = False
    metavar: str | None = None
    of_model: bool = False
    names_task: bool = False

    @property
    def parameter(self) -> str:
        """The name of its parameter in Python."""
        return self.name.replace("-", "_")

    def on(self, *commands: str) -> Self:
        """Copy the option for other commands."""
        return replace(self, commands=commands)


FILES = ("train", "test", "peek", "predict")
"""The commands that read data files."""

SKIP_BAD_ROWS = Option("skip-bad-rows", bool, "Skip bad rows and count them.", FILES)
SHEET = Option("sheet", str, "Sheet of an Excel workbook (default: the first).", FILES)
COUNTS = Option(
    "counts",
    str,
    "on (default): also answer with counts of the training data; off: with the network alone "
    "(all but translation); only: with the counts alone (language models, classification, "
    "tagging).",
    ("train",),
    of_model=True,
)
COUNT = Option("count", int, "With --json: number of the likeliest answers.", ("predict",))
BEAM = Option(
    "beam",
    int,
    "Beam size (default 5); 1 is greedy and faster (translation, description).",
    ("predict",),
)


def typed_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were typed, by name: all but those with None, False or an empty list."""
    return {
        name.replace("_", "-"): value
        for name, value in options.items()
        if value is not None and value is not False and value != []
    }


def reader_options(typed: Mapping[str, Any], *columns: str) -> dict[str, Any]:
    """The arguments of a reader, by name: whether it skips bad rows, and its columns.

    Args:
        typed: the typed options, by name.
        columns: names of options such as 'text-column'; None stands for one that was not typed.
    """
    named = {name.replace("-", "_"): typed.get(name) for name in columns}
    return {**named, "skip_bad_rows": "skip-bad-rows" in typed}


def series_options(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a `SeriesSource`, by name.

    Args:
        typed: the typed options, by name.
    """
    return {
        "columns": typed.get("series"),
        "impute": typed.get("impute"),
        "date_order": typed.get("date-order"),
        "decimal": typed.get("decimal"),
    }


def check_options(task: Task, command: str, typed: Iterable[str]) -> None:
    """Check that a command of a task accepts the typed options.

    Args:
        typed: names of options.

    Raises:
        SettingError: the first option that does not apply.
    """
    known = task.options_of(command)
    refuse_options(task.name, **{name: True for name in typed if name not in known})
