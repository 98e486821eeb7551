"""Arguments and options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elman.errors import TaskError

if TYPE_CHECKING:
    from elman.models import LanguageModel

# readable=False here and elsewhere: what cannot be read is said by our own errors.
ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", readable=False, help="A file written by elman train.")
]
TextFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="TEXT", readable=False, help="Files (.gz too), folders, or - for stdin."
    ),
]
Encoding = Annotated[str, typer.Option(help="The encoding of the text files.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def load_language_model(path: Path) -> LanguageModel:
    """The language model in a file.

    Raises:
        TaskError: where the model is of another task.
    """
    from elman.models import LanguageModel, load

    model = load(path)
    if not isinstance(model, LanguageModel):
        raise TaskError(
            f"it is a model for the task {model.task!r}, not a language model",
            place=path,
            advice=f"See what it can do: elman info {path}",
        )
    return model
