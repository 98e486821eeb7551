"""Read single keys from a terminal, on POSIX and on Windows."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

ENTER, TAB, BACKSPACE, ESCAPE = "\n", "\t", "\x7f", "\x1b"
ENDS = "\x03\x04"  # Ctrl-C and Ctrl-D

_PASTE_START, _PASTE_END = "\x1b[200~", "\x1b[201~"
_BRACKETED_PASTE_ON, _BRACKETED_PASTE_OFF = b"\x1b[?2004h", b"\x1b[?2004l"
_ESCAPE_SECONDS = 0.02  # within which the rest of an escape sequence arrives


_WINDOWS_ALT_1 = "x"  # the second code of Alt+1; those of Alt+2 and Alt+3 follow


class Key(NamedTuple):
    """A key, alone or with Alt, or a pasted text, in which no character is a command."""

    text: str
    pasted: bool = False
    alt: bool = False


@contextlib.contextmanager
def keys() -> Iterator[Iterator[Key]]:
    """The keys pressed; meanwhile the terminal neither echoes nor interprets them."""
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
        os.write(sys.stderr.fileno(), _BRACKETED_PASTE_ON)
        yield _keys_of(_characters(terminal))
    finally:
        os.write(sys.stderr.fileno(), _BRACKETED_PASTE_OFF)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _characters(terminal: int) -> Iterator[str]:
    """Characters as they arrive; "" when the input pauses."""
    import select

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := os.read(terminal, 4096):
        yield from decoder.decode(data)
        if not select.select([terminal], [], [], _ESCAPE_SECONDS if data.endswith(b"\x1b") else 0)[
            0
        ]:
            yield ""


def _keys_of(characters: Iterator[str]) -> Iterator[Key]:
    """Keys, digits with Alt, and pastes; other escape sequences, such as arrows, are skipped."""
    for character in characters:
        if character == ESCAPE:
            sequence = _sequence(characters)
            if sequence == _PASTE_START:
                yield Key(_pasted(characters), pasted=True)
            elif sequence[1:] in ("1", "2", "3"):
                yield Key(sequence[1:], alt=True)
        elif character == "\b":
            yield Key(BACKSPACE)
        elif character:
            yield Key(character)


def _sequence(characters: Iterator[str]) -> str:
    """The escape sequence of a key: ESC [ ... letter, or ESC and one character."""
    sequence = ESCAPE
    for character in characters:
        sequence += character
        going_on = "0123456789;" if len(sequence) > 2 else "[O"
        if not character or character not in going_on:
            break
    return sequence


def _pasted(characters: Iterator[str]) -> str:
    text = ""
    for character in characters:
        text += character
        if text.endswith(_PASTE_END):
            break
    return text.removesuffix(_PASTE_END).replace("\r", "\n")


def _windows_keys() -> Iterator[Key]:
    import msvcrt

    while True:
        key: str = msvcrt.getwch()  # type: ignore[attr-defined]
        if key in "\x00\xe0":  # an arrow or the like: a second code follows
            code: str = msvcrt.getwch()  # type: ignore[attr-defined]
            number = ord(code) - ord(_WINDOWS_ALT_1) + 1
            if key == "\x00" and 1 <= number <= 3:
                yield Key(str(number), alt=True)
        else:
            yield Key({"\r": ENTER, "\b": BACKSPACE}.get(key, key))
