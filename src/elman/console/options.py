"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elman.errors import SettingError

# readable=False here and elsewhere: our own errors report unreadable files.
ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", readable=False, help="A file written by elman train.")
]
Repository = Annotated[
    str, typer.Argument(metavar="REPO", help="Repository on the hub: NAME/MODEL.")
]
TextFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="TEXT", readable=False, help="Files (also .gz), folders, or - for stdin."
    ),
]
Encoding = Annotated[str, typer.Option(help="Encoding of the files.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Int8 = Annotated[
    bool,
    typer.Option("--int8", help="Use int8 weights: a quarter of the size, slightly less exact."),
]


def refuse_options(task: str, **typed: object) -> None:
    """Refuse options that do not apply to a task.

    Args:
        task: its name, for the message.
        typed: values by name of the option; None and False mean that it was not typed.

    Raises:
        SettingError: the first option that was typed.
    """
    for name, value in typed.items():
        if value is not None and value is not False:
            raise SettingError(
                f"it does not apply to the task {task!r}",
                location=name.replace("_", "-"),
                hint="Leave it out.",
            )
