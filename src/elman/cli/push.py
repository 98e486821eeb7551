"""elman push: a model goes to the Hugging Face hub, with a card that says what it is."""

from __future__ import annotations

from typing import Annotated

import typer

from elman.console.options import Json, ModelFile, Repository
from elman.console.terminal import print_json, working


def push(
    model: ModelFile,
    repository: Repository,
    private: Annotated[
        bool, typer.Option("--private", help="Make it one that only you see.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring a model to the Hugging Face hub."""
    from elman.export import push as pushed

    with working(f"To {repository}"):
        address = pushed(model, repository, private=private)
    if json:
        print_json({"repository": repository, "commit": address})
    else:
        print(f"{model} is in {repository}: {address}")
