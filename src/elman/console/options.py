"""Arguments and options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elman.errors import SettingError

# readable=False here and elsewhere: what cannot be read is said by our own errors.
ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", readable=False, help="A file written by elman train.")
]
Repository = Annotated[str, typer.Argument(metavar="REPO", help="On the hub, as NAME/MODEL.")]
TextFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="TEXT", readable=False, help="Files (.gz too), folders, or - for stdin."
    ),
]
Encoding = Annotated[str, typer.Option(help="The encoding of the text files.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Int8 = Annotated[
    bool,
    typer.Option("--int8", help="Weights of 8 bits: a quarter of the room, a little off."),
]


def refuse_options(task: str, **typed: object) -> None:
    """What was typed although the task has no use for it.

    Args:
        typed: values by the option's name; None and False were not typed.

    Raises:
        SettingError: for the first that was.
    """
    for name, value in typed.items():
        if value is not None and value is not False:
            raise SettingError(
                f"it is of no use here, for the task {task!r}",
                location=name.replace("_", "-"),
                hint="Leave it out.",
            )
