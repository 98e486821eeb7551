"""A session as it is kept: its state, and what it takes to go some steps back.

As bytes, all integers little-endian: the format's name, the sha256 of the model's file, the steps,
the number of texts, each text's length and its UTF-8, then the mark and the state. A state's size
follows from the model.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self

from elman.server.limits import MARK_BYTES, MARK_STEPS, TEXT

_FORMAT = b"ELMANS2\0"
_HEAD = struct.Struct("<8s32sQH")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Record:
    """A session after some steps. It can go back by the last MARK_STEPS of them, or by fewer where
    they were long texts; by the last one always.

    Attributes:
        mark: a state that was passed, MARK_STEPS before: it follows at that distance, so that two
            states are all that is kept.
        texts: what was read from there on.
        size: bytes of the texts.
    """

    state: bytes
    steps: int
    mark: bytes
    texts: tuple[str, ...] = ()
    size: int = 0

    @classmethod
    def begun(cls, state: bytes) -> Self:
        return cls(state, 0, state)

    @property
    def back(self) -> int:
        """By how many steps it can go back."""
        return len(self.texts)

    def passed(self, text: str) -> tuple[str, ...]:
        """The texts that the mark must pass so that this one is remembered, the oldest first."""
        size, gone = self.size + _bytes(text), max(0, len(self.texts) + 1 - MARK_STEPS)
        size -= sum(map(_bytes, self.texts[:gone]))
        while size > MARK_BYTES and gone < len(self.texts):
            size -= _bytes(self.texts[gone])
            gone += 1
        return self.texts[:gone]

    def after(self, text: str, state: bytes, mark: bytes) -> Record:
        """The record after one step more.

        Args:
            mark: after the texts that it has to pass.
        """
        texts = (*self.texts[len(self.passed(text)) :], text)
        return Record(state, self.steps + 1, mark, texts, sum(map(_bytes, texts)))

    def before(self, steps: int, state: bytes) -> Record:
        """The record of so many steps ago, at most `back`.

        Args:
            state: that was then, as `remembered` leads to it.
        """
        texts = self.remembered(steps)
        return Record(state, self.steps - steps, self.mark, texts, sum(map(_bytes, texts)))

    def remembered(self, steps: int) -> tuple[str, ...]:
        """The texts from the mark to so many steps ago."""
        return self.texts[: self.back - steps]

    def packed(self, model: bytes) -> bytes:
        """As bytes.

        Args:
            model: the sha256 of its file.
        """
        parts = [_HEAD.pack(_FORMAT, model, self.steps, len(self.texts))]
        for text in self.texts:
            encoded = text.encode()
            parts += [_LENGTH.pack(len(encoded)), encoded]
        return b"".join([*parts, self.mark, self.state])

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
        if name != _FORMAT or its != model or count > min(steps, MARK_STEPS):
            return None
        place, texts = _HEAD.size, []
        for _ in range(count):
            (length,) = _LENGTH.unpack_from(data, place)
            place += _LENGTH.size + length
            texts.append(data[place - length : place].decode())
        if len(data) != place + 2 * size:
            return None
        mark, state = data[place : place + size], data[place + size :]
        return cls(state, steps, mark, tuple(texts), sum(map(_bytes, texts)))


def most_bytes(state: int) -> int:
    """What a session can come to, at most, by the bytes of a state."""
    return 2 * (state + 128) + 4 * TEXT + 72 * MARK_STEPS + 512


def _bytes(text: str) -> int:
    return len(text.encode())
