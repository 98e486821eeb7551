"""elman peek: what is in your data, before training on it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.console.options import (
    Encoding,
    Json,
    LabelColumn,
    SeriesColumns,
    SkipBadRows,
    SourceColumn,
    TagColumn,
    TargetColumn,
    Task,
    TextColumn,
    TextFiles,
)
from elman.console.terminal import print_json, working

if TYPE_CHECKING:
    from elman.tasks.job import Look


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
    task: Task = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    source_column: SourceColumn = None,
    target_column: TargetColumn = None,
    column: TagColumn = None,
    series: SeriesColumns = None,
    skip_bad_rows: SkipBadRows = False,
    encoding: Encoding = "utf-8",
    json: Json = False,
) -> None:
    """Say what is in your data, and what to do with it."""
    from elman.tasks.inspect_table import print_inspection
    from elman.tasks.job import DataFiles
    from elman.tasks.jobs import inspect_files, task_of

    options: dict[str, Any] = {
        "text_column": text_column,
        "label_column": label_column,
        "source_column": source_column,
        "target_column": target_column,
        "column": column,
        "series": series,
        "skip_bad_rows": skip_bad_rows,
    }
    with working("reading"):
        files = DataFiles.named(text, valid, encoding, **options)
        is_for, because = task_of(files, task)
        found = inspect_files(is_for, files)
    if json:
        print_json({**found.to_json(), "task": is_for, "seen": because})
        return
    print_inspection(is_for, found, "It was said to be" if task else "It looks like")
    if found.can_be_learned:
        named = {"valid": valid, **options}
        if task is not None and task_of(files, None)[0] != task:
            named["task"] = task
        if encoding != "utf-8":
            named["encoding"] = encoding
        words = [*text, *_typed(named), "-o", "model.safetensors", *_typed(_advised(found))]
        print(f"Next: elman train {shlex.join(map(str, words))}")


def _typed(options: dict[str, Any]) -> Iterator[object]:
    """Options as they are typed again; None and False were not typed."""
    for name, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None and each is not False:
                yield f"--{name.replace('_', '-')}"
                if each is not True:
                    yield each


def _advised(found: Look) -> dict[str, str]:
    """The options that the look itself suggests."""
    from elman.tasks.forecasting.inspect import SeriesInspection
    from elman.tasks.language_modeling.inspect import TextInspection

    if isinstance(found, TextInspection):
        return {"tokenizer": found.tokenizer}
    return {"impute": "linear"} if isinstance(found, SeriesInspection) and found.gaps else {}
