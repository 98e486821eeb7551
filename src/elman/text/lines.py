"""Chunks of text -> numbered lines, some of which can be given back and read again."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


LONGEST_LINE = 1 << 26
"""In characters; no file that a person would train on has a longer one."""


def lines_of(chunks: Iterable[str], *, keep_ends: bool = False) -> Iterator[str]:
    r"""The lines of a text that comes in chunks, each without its \n, or with it to be kept.

    Memory stays bounded: of a line longer than LONGEST_LINE only the first LONGEST_LINE + 1
    characters are kept, by which its reader can tell.
    """
    unfinished: list[str] = []
    room = LONGEST_LINE + 1
    newline = "\n" if keep_ends else ""
    for chunk in chunks:
        *ends, rest = chunk.split("\n")
        for end in ends:
            yield "".join([*unfinished, end[:room], newline])
            unfinished, room = [], LONGEST_LINE + 1
        if rest and room:
            unfinished.append(rest[:room])
            room -= len(unfinished[-1])
    if unfinished:
        yield "".join(unfinished)


class LineReader:
    r"""Lines one by one, numbered from 1; never read before they are asked for.

    Args:
        lines: with or without the \n at their ends.

    Attributes:
        number: of the line given last; 0 before the first.
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

    def give_back(self, lines: Sequence[str]) -> None:
        """The lines taken last are to be taken again."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)
