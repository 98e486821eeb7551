"""JSON documents that hold their rows in an array within an object: {"data": [{...}, ...]}."""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_NAMES = frozenset(
    {"data", "rows", "records", "items", "results", "examples", "samples", "entries", "dataset"}
    | {"documents", "sentences", "texts", "values"}
)
"""What such an array is called. Others may belong to the first row of JSON lines."""

_ARRAY = re.compile(r"\[\s*\{")
_MARKS = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
_SPACE = re.compile(r"[\s,:]*")
_DECODER = json.JSONDecoder()


def rows_within(text: str) -> tuple[str, int] | None:
    """The name of the array that holds the rows of a document, and where it begins; None where the
    text is no such document.

    Args:
        text: the beginning of the document, with more than what stands before the array.
    """
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    if not text.startswith("{", start) or _is_row(text[start:]):
        return None
    place = start + 1
    while True:
        place = _after_space(text, place)
        try:
            name, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return None
        place = _after_space(text, place)
        if isinstance(name, str) and name in _NAMES and _ARRAY.match(text, place):
            return name, place
        try:
            _, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return None


def _is_row(text: str) -> bool:
    """Whether a text begins with a row of JSON lines: an object alone in its line, and another
    below."""
    line, _, rest = text.partition("\n")
    if not rest.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _after_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def array_alone(chunks: Iterable[str], start: int) -> Iterator[str]:
    """An array within a document, in chunks; of what stands before it only the line ends remain.

    Args:
        chunks: of the document.
        start: where the array begins, in the first chunk.
    """
    chunks = iter(chunks)
    first = next(chunks, "")
    yield "\n" * first.count("\n", 0, start)
    depth, in_string, held = 0, False, ""
    for chunk in chain([first[start:]], chunks):
        text = held + chunk
        held = ""
        for match in _MARKS.finditer(text):
            mark = match[0]
            if mark == '"':
                in_string = not in_string
            elif not in_string and mark[0] != "\\":
                depth += 1 if mark in "[{" else -1
                if not depth:
                    yield f"{text[: match.end()]}\n"
                    return
        if (len(text) - len(text.rstrip("\\"))) % 2:  # an escape goes on in the next chunk
            text, held = text[:-1], text[-1]
        yield text
    yield held
