"""Keys as a terminal sends them, one by one, on POSIX and on Windows."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

ENTER, TAB, BACKSPACE, ESCAPE, LITERAL = "\n", "\t", "\x7f", "\x1b", "\x16"
ENDS = "\x03\x04"  # Ctrl-C and Ctrl-D

_PASTED, _PASTED_END = "\x1b[200~", "\x1b[201~"
_PASTES_TOLD, _PASTES_NOT_TOLD = b"\x1b[?2004h", b"\x1b[?2004l"
_SECONDS = 0.02  # in which the rest of an escape sequence is there


class Key(NamedTuple):
    """A key pressed, or what was pasted, which is only text."""

    text: str
    pasted: bool = False


@contextlib.contextmanager
def keys() -> Iterator[Iterator[Key]]:
    """The keys pressed, while the terminal neither shows them nor acts on them."""
    if sys.platform == "win32":
        yield _windows_keys()
        return
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    mode: list[Any] = list(before)
    mode[0] &= ~termios.IXON
    mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    termios.tcsetattr(terminal, termios.TCSADRAIN, mode)
    try:
        os.write(sys.stderr.fileno(), _PASTES_TOLD)
        yield _keys_of(_characters(terminal))
    finally:
        os.write(sys.stderr.fileno(), _PASTES_NOT_TOLD)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _characters(terminal: int) -> Iterator[str]:
    """Characters as they come; "" where no more come at once."""
    import select

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := os.read(terminal, 4096):
        yield from decoder.decode(data)
        if not select.select([terminal], [], [], _SECONDS if data.endswith(b"\x1b") else 0)[0]:
            yield ""


def _keys_of(characters: Iterator[str]) -> Iterator[Key]:
    """Keys without those that send an escape sequence, arrows and the like."""
    for character in characters:
        if character == ESCAPE:
            if _sequence(characters) == _PASTED:
                yield Key(_pasted(characters), pasted=True)
        elif character == "\b":
            yield Key(BACKSPACE)
        elif character:
            yield Key(character)


def _sequence(characters: Iterator[str]) -> str:
    """The rest of what a key sends: ESC [ ... letter, or ESC and one more."""
    found = ESCAPE
    for character in characters:
        found += character
        if not character or (
            (len(found) > 2 or character not in "[O") and character not in "0123456789;"
        ):
            break
    return found


def _pasted(characters: Iterator[str]) -> str:
    found = ""
    for character in characters:
        found += character
        if found.endswith(_PASTED_END):
            break
    return found.removesuffix(_PASTED_END).replace("\r", "\n")


def _windows_keys() -> Iterator[Key]:
    import msvcrt

    while True:
        key: str = msvcrt.getwch()  # type: ignore[attr-defined]
        if key in "\x00\xe0":  # an arrow or the like: the next code is its own
            msvcrt.getwch()  # type: ignore[attr-defined]
        else:
            yield Key({"\r": ENTER, "\b": BACKSPACE}.get(key, key))
