"""The only table of tasks: one line each, the name of its folder."""

from __future__ import annotations

from importlib import import_module

from elman.tasks.task import Task


def _record(folder: str) -> Task:
    record: Task = import_module(f"elman.tasks.{folder}.task").TASK
    return record


TASKS: dict[str, Task] = {
    task.name: task
    for task in map(
        _record,
        (
            "language_modeling",
            "classification",
            "tagging",
            "translation",
            "description",
            "forecasting",
        ),
    )
}
"""By name, in the order in which help and messages list them."""
