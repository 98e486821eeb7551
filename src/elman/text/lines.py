"""Split chunks of text into numbered lines, with pushback."""

from __future__ import annotations

import csv
import re
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.|\\t)\"?", re.IGNORECASE)
MAX_LINE_LENGTH = 1 << 26
"""In characters; a longer line means that the file is not text to train on."""


def lines_of(chunks: Iterable[str], *, keep_ends: bool = False) -> Iterator[str]:
    r"""The lines of a text that arrives in chunks.

    Memory stays bounded: a line longer than MAX_LINE_LENGTH is cut to MAX_LINE_LENGTH + 1
    characters, so the caller can detect it by its length.

    Args:
        chunks: of the text, cut anywhere.
        keep_ends: whether each line keeps its \n.
    """
    unfinished: list[str] = []
    room = MAX_LINE_LENGTH + 1
    newline = "\n" if keep_ends else ""
    for chunk in chunks:
        *ends, remainder = chunk.split("\n")
        for end in ends:
            yield "".join([*unfinished, end[:room], newline])
            unfinished, room = [], MAX_LINE_LENGTH + 1
        if remainder and room:
            unfinished.append(remainder[:room])
            room -= len(unfinished[-1])
    if unfinished:
        yield "".join(unfinished)


def separator_line(line: str) -> str | None:
    """The delimiter that a first line 'sep=;' names, as spreadsheets write it; None for others."""
    match = _SEPARATOR_LINE.fullmatch(line.strip("\r\n "))
    return match and match[1].replace("\\t", "\t")


def csv_rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    r"""The cells of each row; quoted cells may hold newlines, and any cell a lone \r.

    Args:
        lines: with the \n at their ends.
        delimiter: one character.

    Raises:
        csv.Error: quotes are malformed.
    """
    # `csv` takes a lone \r for the end of a row; no text has a zero byte.
    held = (line.replace("\r", "\0") for line in lines)
    for row in csv.reader(held, delimiter=delimiter, strict=True):
        yield [cell.replace("\0", "\r") for cell in row]


class LineReader:
    r"""Reads lines one by one, on demand, and numbers them from 1.

    Args:
        lines: with or without the \n at their ends.

    Attributes:
        number: of the line taken last; 0 before the first.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.number = 0
        self._lines = iter(lines)
        self._back: deque[str] = deque()

    def take(self) -> str | None:
        r"""The next line without its \n; None after the last."""
        line = self._back.popleft() if self._back else next(self._lines, None)
        if line is not None:
            self.number += 1
            line = line.removesuffix("\n")
        return line

    def take_filled(self) -> str | None:
        """The next line that is not blank; None after the last."""
        while (line := self.take()) is not None:
            if line and not line.isspace():
                return line
        return None

    def peek(self, count: int) -> list[str]:
        """The next lines, at most so many, which remain to be taken."""
        taken: list[str] = []
        while len(taken) < count and (line := self.take()) is not None:
            taken.append(line)
        self.give_back(taken)
        return taken

    def convert(self, function: Callable[[Iterable[str]], Iterable[str]]) -> None:
        """Replace the lines that are still to be taken.

        Args:
            function: these lines -> others, as lazily as they are taken.
        """
        self._lines = iter(function(chain(self._back, self._lines)))
        self._back = deque()

    def give_back(self, lines: Sequence[str]) -> None:
        """Push back the lines taken last, so that they are taken again in the same order."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)
