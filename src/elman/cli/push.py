"""elman push: upload a model and its model card to the Hugging Face hub."""

from __future__ import annotations

from typing import Annotated

import typer

from elman.console.options import Json, ModelFile, Repository
from elman.console.terminal import print_json, working


def push(
    model: ModelFile,
    repository: Repository,
    private: Annotated[
        bool, typer.Option("--private", help="Create a private repository.")
    ] = False,
    json: Json = False,
) -> None:
    """Upload a model to the Hugging Face hub."""
    from elman.export import push as pushed

    with working(f"To {repository}"):
        address = pushed(model, repository, private=private)
    if json:
        print_json({"repository": repository, "commit": address})
    else:
        print(f"{model} is in {repository}: {address}")
