"""Infer the task from the names and first lines of data files."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from elman.errors import InputError
from elman.ranges import check_choice
from elman.tasks.table import TASKS
from elman.text.foreign import Foreign, foreign_format, unread_table
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from elman.tasks.data_files import DataFiles
    from elman.tasks.task import Task
    from elman.text.files import TextSource


_LINES = 1000
_CHARACTERS = 1_000_000
"""Limits of what is read from the first file; the first one reached ends the reading."""


class TaskGuess(NamedTuple):
    """An inferred task.

    Attributes:
        task: a key of `TASKS`.
        because: the evidence, such as 'CSV, text in column review, label in column stars'.
    """

    task: str
    because: str


def task_of(files: DataFiles, named: str | None) -> tuple[Task, str]:
    """Choose the task of data files: the named one, else that of a typed option, else inferred.

    Args:
        files: the data files and the typed options.
        named: the value of --task; None if it was not typed.

    Returns:
        The task and the evidence for it.

    Raises:
        SettingError: there is no such task.
        InputError: the files cannot be read.
    """
    if named is not None:
        check_choice("task", named, TASKS)
        return TASKS[named], "set by --task"
    for task in TASKS.values():
        for option in task.options:
            if option.names_task and option.name in files.options:
                return task, f"set by --{option.name}"
    guess = infer_task(files.data)
    return TASKS[guess.task], guess.because


def infer_task(source: TextSource) -> TaskGuess:
    """Infer a task from the names of the files, or else from the start of the first one.

    Raises:
        InputError: it cannot be read, or is in a format that no task reads; a table, JSON or XML is
            read as running text only on request.
    """
    tasks = sorted(TASKS.values(), key=lambda task: task.detection.priority)
    for task in tasks:
        evidence = task.detection.from_names(source.names)
        if evidence is not None:
            return TaskGuess(task.name, evidence)
    name, lines = _first_lines(source)
    if name is None:
        return TaskGuess(tasks[-1].name, "there is no text yet")
    foreign = foreign_format(lines, name)
    if foreign is not None:
        raise _refused(foreign, name)
    for task in tasks:
        evidence = task.detection.from_lines(lines, name)
        unread = unread_table(lines, name) if task is tasks[-1] else None
        if unread is not None:
            raise _refused(unread, name)
        if evidence is not None:
            return TaskGuess(task.name, evidence)
    raise AssertionError("the last task takes any text")


def _refused(foreign: Foreign, name: str) -> InputError:
    return InputError(f"it is {foreign.what}", location=name, hint=foreign.hint)


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
