"""Options of the command line that only some tasks have: each task lists its own in its record."""

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
        name: as it is typed, without its dashes.
        type: of a value; bool is a flag.
        help: one line.
        commands: those that take it.
        many: whether it may be given again, which makes a list of its values.
        metavar: what stands for its value in the help; None for the type's name.
        of_model: whether it is a setting of the model, not of how files are read.
        names_task: whether typing it says what the task is.
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
        """Its name in Python."""
        return self.name.replace("-", "_")

    def on(self, *commands: str) -> Self:
        """The same for other commands."""
        return replace(self, commands=commands)


FILES = ("train", "test", "peek", "predict")
"""The commands that read files of data."""

SKIP_BAD_ROWS = Option("skip-bad-rows", bool, "Leave them out, and count them.", FILES)
COUNT = Option("count", int, "With --json: so many of the likeliest answers.", ("predict",))
BEAM = Option(
    "beam",
    int,
    "Rewriting: answers followed at once; 5. 1 is greedy, and faster.",
    ("predict",),
)


def typed_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that were typed, by name: None, False and no values were not."""
    return {
        name.replace("_", "-"): value
        for name, value in options.items()
        if value is not None and value is not False and value != []
    }


def check_options(task: Task, command: str, typed: Iterable[str]) -> None:
    """Whether a task has a use for what was typed.

    Raises:
        SettingError: for the first option that it has no use for.
    """
    known = task.options_of(command)
    refuse_options(task.name, **{name: True for name in typed if name not in known})
