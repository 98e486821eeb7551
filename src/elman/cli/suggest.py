"""elman suggest: the likeliest next words, as on a phone keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from elman.cli.load_model import load_language_model
from elman.console.options import Int8, Json, ModelFile
from elman.console.terminal import print_json, replace_invalid_bytes, share_in_words, stdin_bytes
from elman.errors import MissingFileError


def suggest(
    model: ModelFile,
    text: Annotated[
        str, typer.Argument(help="Text before the cursor; - reads lines from stdin.")
    ] = "",
    count: Annotated[int, typer.Option(help="Number of suggestions.")] = 3,
    learn: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Learn the words of this text first."),
    ] = None,
    int8: Int8 = False,
    json: Json = False,
) -> None:
    """Suggest the next word, or complete an unfinished one."""
    loaded = load_language_model(model, int8=int8)
    if learn is not None:
        try:
            loaded.learn(learn.read_bytes().decode("utf-8", "replace"))
        except OSError as error:
            raise MissingFileError(
                f"cannot be read ({error.strerror})", location=learn, hint="Check --learn."
            ) from error
    for typed in _lines() if text == "-" else [replace_invalid_bytes(text)]:
        suggestions = loaded.suggest(typed, count=count)
        if json:
            print_json({"text": typed, "suggestions": [each._asdict() for each in suggestions]})
        else:
            words = (f"{each.word} ({share_in_words(each.probability)})" for each in suggestions)
            print("  ".join(words), flush=True)


def _lines() -> Iterator[str]:
    for line in stdin_bytes():
        yield line.decode("utf-8", "replace").rstrip("\r\n")
