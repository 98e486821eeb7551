"""elman peek: what is in your data, before training on it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from elman.cli.task_options import TaskName, task_options
from elman.console.options import Encoding, Json, TextFiles
from elman.console.terminal import print_json, working


@task_options("peek")
def peek(
    text: TextFiles,
    valid: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TEXT",
            readable=False,
            help="Held-out rows to look at too; may be given again.",
        ),
    ] = None,
    task: TaskName = None,
    encoding: Encoding = "utf-8",
    json: Json = False,
    **options: Any,
) -> None:
    """Say what is in your data, and what to do with it."""
    from elman.tasks.data_files import DataFiles
    from elman.tasks.infer_task import task_of
    from elman.tasks.options import check_options

    with working("reading"):
        files = DataFiles.named(text, valid, encoding, **options)
        is_for, because = task_of(files, task)
        check_options(is_for, "peek", files.options)
        found = is_for.commands.inspect(files)
    if json:
        print_json({**found.to_json(), "task": is_for.name, "seen": because})
        return
    found.show("It was said to be" if task else "It looks like")
    if found.can_be_learned:
        named: dict[str, Any] = {"valid": valid, **files.options}
        if task is not None and task_of(files, None)[0] is not is_for:
            named["task"] = task
        if encoding != "utf-8":
            named["encoding"] = encoding
        suggested = _typed(found.suggested_options)
        words = [*text, *_typed(named), "-o", "model.safetensors", *suggested]
        print(f"Next: elman train {shlex.join(map(str, words))}")


def _typed(options: Mapping[str, Any]) -> Iterator[object]:
    """Options as they are typed again; None and False were not typed."""
    for name, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None and each is not False:
                yield f"--{name}"
                if each is not True:
                    yield each
