"""elman peek: inspect data files before training."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.task_options import TaskName, task_options
from elman.console.inspection import print_notes
from elman.console.options import Encoding, Json, TextFiles
from elman.console.terminal import print_json, working
from elman.errors import InputError

if TYPE_CHECKING:
    from elman.tasks.data_files import DataFiles
    from elman.tasks.task import Task


@task_options("peek")
def peek(
    text: TextFiles,
    valid: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TEXT",
            readable=False,
            help="Validation data to inspect too; repeatable.",
        ),
    ] = None,
    task: TaskName = None,
    encoding: Encoding = "utf-8",
    json: Json = False,
    **options: Any,
) -> None:
    """Inspect data files: their task, statistics, and how to train."""
    from elman.tasks.data_files import DataFiles
    from elman.tasks.infer_task import task_of
    from elman.tasks.options import check_options

    with working("reading"):
        files = DataFiles.named(text, valid, encoding, **options)
        inferred, evidence = task_of(files, task)
        check_options(inferred, "peek", files.options)
        inspection = inferred.commands.inspect(files)
        notes = files.notes
    if json:
        left_out = {"left_out": notes} if notes else {}
        print_json({**inspection.to_json(), **left_out, "task": inferred.name, "seen": evidence})
        return
    inspection.show("It is read as" if task else "It looks like")
    print_notes([f"{note}." for note in notes])
    if inspection.can_be_learned:
        named: dict[str, Any] = {"valid": valid, **files.options}
        if task is not None and not _is_inferred(inferred, files):
            named["task"] = task
        if encoding != "utf-8":
            named["encoding"] = encoding
        suggested = _typed(inspection.suggested_options)
        words = [*text, *_typed(named), "-o", "model.safetensors", *suggested]
        print(f"Next: elman train {shlex.join(map(str, words))}")


def _is_inferred(task: Task, files: DataFiles) -> bool:
    """Whether a training without --task would train for this task."""
    from elman.tasks.infer_task import task_of

    try:
        return task_of(files, None)[0] is task
    except InputError:  # such as a table whose columns have unknown names
        return False


def _typed(options: Mapping[str, Any]) -> Iterator[object]:
    """Options as words of a command line; None and False are left out."""
    for name, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None and each is not False:
                yield f"--{name}"
                if each is not True:
                    yield each
