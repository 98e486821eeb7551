"""elman pull: download a model from the Hugging Face hub and check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elman.console.options import Json, Repository
from elman.console.terminal import print_json, size_in_words, working


def pull(
    repository: Repository,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="File to write.")],
    json: Json = False,
) -> None:
    """Download a model from the Hugging Face hub."""
    from elman.export import pull as pulled

    with working(f"From {repository}"):
        model = pulled(repository, output)
    size = output.stat().st_size
    if json:
        print_json({"file": str(output), "bytes": size, "task": model.task})
    else:
        print(f"{output} ({size_in_words(size)}) is a model for the task {model.task!r}.")
