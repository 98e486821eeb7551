"""Arguments and options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elman.errors import SettingError

if TYPE_CHECKING:
    pass


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
Task = Annotated[
    str | None,
    typer.Option(
        help="language, classify, tag, translate, describe or forecast; by default what the files "
        "look like."
    ),
]
Encoding = Annotated[str, typer.Option(help="The encoding of the text files.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Int8 = Annotated[
    bool,
    typer.Option("--int8", help="Weights of 8 bits: a quarter of the room, a little off."),
]
TextColumn = Annotated[str | None, typer.Option(help="Which column of a table is the text.")]
LabelColumn = Annotated[str | None, typer.Option(help="Which column of a table is the label.")]
TagColumn = Annotated[
    int | None,
    typer.Option("--column", help="Which column is the tag, from 1; else the last, or UPOS."),
]
SkipBadRows = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Leave them out, and count them.")
]
SourceColumn = Annotated[
    str | None, typer.Option(help="Which column of a table is to be rewritten.")
]
TargetColumn = Annotated[
    str | None, typer.Option(help="Which column of a table is what it is rewritten to.")
]
SeriesColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--series",
        metavar="COLUMN",
        help="To forecast: a column of numbers; may be given again. By default all.",
    ),
]
Impute = Annotated[
    str | None,
    typer.Option(help="What stands in for missing numbers: linear, previous or zero."),
]

OutOfScope = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", readable=False, help="Texts that belong to no class; may be given again."
    ),
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
