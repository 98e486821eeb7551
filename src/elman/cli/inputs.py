"""Tell files from texts among the arguments of a command."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from elman.console.terminal import replace_invalid_bytes
from elman.errors import SettingError

Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT",
        help="Texts in quotes, or files (also .gz) or folders; - or none reads stdin.",
    ),
]

_FILE_NAME = re.compile(r"\S*\.[A-Za-z0-9]{1,8}")


def files_and_texts(inputs: Sequence[str]) -> tuple[list[Path], list[str]]:
    """The files among the inputs, or the texts.

    An input is a file if there is one, if it is '-', or if it looks like a file's name: a misspelt
    name must not become a text.

    Raises:
        SettingError: there are both.
    """
    texts = [each for each in inputs if not _is_file(each)]
    files = [Path(each) for each in inputs if _is_file(each)]
    if texts and files:
        raise SettingError(
            f"{texts[0]!r:.60} is a text, and {files[0]} a file",
            location="INPUT",
            hint="Name only files, or only texts.",
        )
    return files, [replace_invalid_bytes(text) for text in texts]


def _is_file(given: str) -> bool:
    if given == "-" or _FILE_NAME.fullmatch(given):
        return True
    try:
        return os.path.lexists(given)
    except (OSError, ValueError):  # too long for a name, or with a null character
        return False
