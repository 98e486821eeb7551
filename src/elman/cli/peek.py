"""elman peek: what is in a text, before training on it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elman.cli.looks import can_be_learned, print_look
from elman.cli.options import (
    Encoding,
    Json,
    LabelColumn,
    SkipBadRows,
    TagColumn,
    TextColumn,
    TextFiles,
    refuse_options,
)
from elman.cli.terminal import print_json, working
from elman.ranges import among

if TYPE_CHECKING:
    from elman.cli.looks import Look
    from elman.text import TextSource

TASKS = ("language", "classify", "tag")


def peek(
    text: TextFiles,
    valid: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TEXT",
            readable=False,
            help="Held-out rows or sentences to look at too; may be given again.",
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="language, classify or tag; by default what the file looks like."),
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    column: TagColumn = None,
    skip_bad_rows: SkipBadRows = False,
    encoding: Encoding = "utf-8",
    json: Json = False,
) -> None:
    """Say what is in a text, and what to do with it."""
    from elman.text import LabelledSource, Peek, TaggedSource, TextSource
    from elman.text.peek import peek as look_at_text
    from elman.text.peek_labelled import peek_labelled
    from elman.text.peek_tagged import peek_tagged

    if task is not None:
        among("task", task, TASKS)
    sources = [TextSource(paths, encoding=encoding) for paths in (text, valid) if paths]
    columns: dict[str, Any] = {"text_column": text_column, "label_column": label_column}
    with working("reading"):
        is_for, because = _task(sources[0], task, any(columns.values()), column is not None)
        found: Look
        if is_for == "classify":
            refuse_options(is_for, column=column)
            found = peek_labelled(
                *(LabelledSource(each, skip_bad_rows=skip_bad_rows, **columns) for each in sources)
            )
        elif is_for == "tag":
            refuse_options(is_for, **columns)
            found = peek_tagged(
                *(
                    TaggedSource(each, skip_bad_rows=skip_bad_rows, column=column)
                    for each in sources
                )
            )
        else:
            refuse_options(
                is_for, valid=valid, skip_bad_rows=skip_bad_rows, column=column, **columns
            )
            found = look_at_text(sources[0])
    if json:
        print_json({**found.to_json(), "task": is_for, "seen": because})
        return
    print_look(found, "It was said to be" if task else "It looks like")
    if can_be_learned(found):
        named = {"valid": valid, "task": task, **columns, "column": column}
        named |= {"skip_bad_rows": skip_bad_rows}
        if encoding != "utf-8":
            named["encoding"] = encoding
        unit = ["--unit", found.unit] if isinstance(found, Peek) else []
        words = ["elman", "train", *text, *_typed(named), "-o", "model.safetensors", *unit]
        print(f"Next: {shlex.join(map(str, words))}")


def _typed(options: dict[str, Any]) -> Iterator[object]:
    """Options as they are typed again; None and False were not typed."""
    for name, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None and each is not False:
                yield f"--{name.replace('_', '-')}"
                if each is not True:
                    yield each


def _task(source: TextSource, said: str | None, labels: bool, tags: bool) -> tuple[str, str]:
    """What a source is for, and why; columns that are named tell it too."""
    from elman.text import infer_task

    if said is not None:
        return said, "it was said"
    if labels or tags:
        return "classify" if labels else "tag", "its column was named"
    return infer_task(source)
