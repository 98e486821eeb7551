"""Read a JSON array of objects as if each object were a line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from elman.text.lines import MAX_LINE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_WHITESPACE = " \t\r\n"
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


def begins_array(line: str) -> bool:
    """Whether a first line begins a JSON array of objects."""
    text = line.lstrip("\ufeff \t")
    return text.startswith("[") and text[1:].lstrip(_WHITESPACE)[:1] in ("{", "")


def object_lines(lines: Iterable[str]) -> Iterator[str]:
    r"""The objects of an array, one a line, each in the line where it ends; other lines are blank.

    What follows broken JSON comes as it is written, to be refused as a row.

    Args:
        lines: of the file, with or without the \n at their ends.
    """
    text = ""
    at_start = True
    for line in lines:
        text += line if line.endswith("\n") else f"{line}\n"
        if at_start:
            text = text.lstrip("\ufeff" + _WHITESPACE)
            at_start = not text
            text = text.removeprefix("[")
        if "}" not in line and len(text) <= MAX_LINE_LENGTH:
            yield ""
            continue
        start, objects = _start_of_next(text, 0), []
        while text.startswith("{", start):
            try:
                _, end = _DECODER.raw_decode(text, start)
            except (ValueError, RecursionError):  # it goes on in the next line, or is broken
                break
            objects.append(text[start:end].replace("\n", " "))
            start = _start_of_next(text, end)
        yield from objects or [""]
        text = text[start:]
        if len(text) > MAX_LINE_LENGTH:
            break
    if text.strip(_WHITESPACE + "]"):
        yield text.replace("\n", " ")


def _start_of_next(text: str, start: int) -> int:
    """The index of the next object: after spaces and commas."""
    match = _BETWEEN.match(text, start)
    return match.end() if match else start
