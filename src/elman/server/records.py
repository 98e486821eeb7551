"""A session as it is kept: its state, and what it takes to go some steps back.

As bytes, all integers little-endian: the format's name, the sha256 of the model's file, the steps,
the number of marks; for each mark where it begins, the number of its texts, each text's length and
its UTF-8, and its state; then the state. A state's size follows from the model.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self

from elman.server.limits import MARK_BYTES, MARK_STEPS

_FORMAT = b"ELMANS1\0"
_HEAD = struct.Struct("<8s32sQB")
_MARK = struct.Struct("<QH")
_LENGTH = struct.Struct("<I")
_MARKS = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """A state that was passed, and the texts that were read from there on."""

    begins: int  # steps before it
    state: bytes
    texts: tuple[str, ...] = ()
    size: int = 0  # bytes of the texts


@dataclass(frozen=True, slots=True)
class Record:
    """A session after some steps. It can go back by MARK_STEPS of them, or by fewer where they
    were long texts: from the last mark before that place its texts are read once more."""

    state: bytes
    steps: int
    marks: tuple[Mark, ...]

    @classmethod
    def begun(cls, state: bytes) -> Self:
        return cls(state, 0, (Mark(0, state),))

    @property
    def back(self) -> int:
        """By how many steps it can go back."""
        return self.steps - self.marks[0].begins

    def after(self, text: str, state: bytes) -> Record:
        """The record after one step more."""
        last = self.marks[-1]
        steps, size = self.steps + 1, last.size + len(text.encode())
        if size > MARK_BYTES or len(last.texts) == MARK_STEPS:
            marks = (*self.marks, Mark(steps, state))[-_MARKS:]
        else:
            kept = Mark(last.begins, last.state, (*last.texts, text), size)
            marks = (*self.marks[:-1], kept)
        return Record(state, steps, marks)

    def before(self, steps: int) -> Record:
        """The record of so many steps ago, at most `back`, but for its state, which is still that
        of its last mark: the mark's texts lead on from there."""
        wanted = self.steps - steps
        marks = tuple(mark for mark in self.marks if mark.begins <= wanted)
        last = marks[-1]
        texts = last.texts[: wanted - last.begins]
        kept = Mark(last.begins, last.state, texts, sum(len(text.encode()) for text in texts))
        return Record(last.state, wanted, (*marks[:-1], kept))

    def packed(self, model: bytes) -> bytes:
        """As bytes.

        Args:
            model: the sha256 of its file.
        """
        parts = [_HEAD.pack(_FORMAT, model, self.steps, len(self.marks))]
        for mark in self.marks:
            parts.append(_MARK.pack(mark.begins, len(mark.texts)))
            for text in mark.texts:
                encoded = text.encode()
                parts += [_LENGTH.pack(len(encoded)), encoded]
            parts.append(mark.state)
        return b"".join([*parts, self.state])

    @classmethod
    def unpacked(cls, data: bytes, model: bytes, size: int) -> Self | None:
        """The record in these bytes; None where they are none of this model's.

        Args:
            size: bytes of a state.
        """
        try:
            return cls._read(data, model, size)
        except (struct.error, UnicodeDecodeError):
            return None

    @classmethod
    def _read(cls, data: bytes, model: bytes, size: int) -> Self | None:
        name, its, steps, count = _HEAD.unpack_from(data)
        if name != _FORMAT or its != model or not 1 <= count <= _MARKS:
            return None
        place, marks = _HEAD.size, []
        for _ in range(count):
            begins, texts = _MARK.unpack_from(data, place)
            place += _MARK.size
            found = []
            for _ in range(texts):
                (length,) = _LENGTH.unpack_from(data, place)
                place += _LENGTH.size + length
                found.append(data[place - length : place].decode())
            place += size
            lengths = sum(len(text.encode()) for text in found)
            marks.append(Mark(begins, data[place - size : place], tuple(found), lengths))
        if len(data) != place + size:
            return None
        return cls(data[place:], steps, tuple(marks))


def most_bytes(state: int) -> int:
    """What a session can come to, at most, by the bytes of a state."""
    return (1 + _MARKS) * (state + 128) + _MARKS * (MARK_BYTES + 72 * MARK_STEPS) + 512
