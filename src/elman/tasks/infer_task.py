"""Which task files are for: told by their names and first lines, so that nobody need say it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from elman.ranges import among
from elman.tasks.table import TASKS
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from elman.tasks.data_files import DataFiles
    from elman.tasks.task import Task
    from elman.text.files import TextSource


_LINES = 1000
_CHARACTERS = 1_000_000
"""At most so many are read, whichever is reached first."""


class TaskGuess(NamedTuple):
    """What a file seems to be for.

    Attributes:
        task: a key of `TASKS`.
        because: what was seen, such as 'CSV, text in column review, label in column stars'.
    """

    task: str
    because: str


def task_of(files: DataFiles, named: str | None) -> tuple[Task, str]:
    """The task that files are for, and why: as the user named it, as the typed options tell, or as
    the files look.

    Raises:
        SettingError: there is no such task; InputError: the files cannot be read.
    """
    if named is not None:
        among("task", named, TASKS)
        return TASKS[named], "as --task says"
    for task in TASKS.values():
        for option in task.options:
            if option.names_task and option.name in files.options:
                return task, f"as --{option.name} says"
    guess = infer_task(files.data)
    return TASKS[guess.task], guess.because


def infer_task(source: TextSource) -> TaskGuess:
    """What a source is for, by the names of its files or the beginning of the first.

    Raises:
        InputError: it cannot be read.
    """
    tasks = sorted(TASKS.values(), key=lambda task: task.priority)
    for task in tasks:
        seen = task.from_names(source.names)
        if seen is not None:
            return TaskGuess(task.name, seen)
    name, lines = _first_lines(source)
    if name is None:
        return TaskGuess(tasks[-1].name, "there is no text yet")
    for task in tasks:
        seen = task.from_lines(lines, name)
        if seen is not None:
            return TaskGuess(task.name, seen)
    raise AssertionError("the last task takes any text")


def _first_lines(source: TextSource) -> tuple[str | None, list[str]]:
    """The name of the first document and its first lines; None where there is no document."""
    for document in source.documents():
        lines: list[str] = []
        room = _CHARACTERS
        for line in islice(lines_of(document.chunks()), _LINES):
            lines.append(line)
            room -= len(line)
            if room < 0:
                break
        return document.name, lines
    return None, []
