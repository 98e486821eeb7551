"""The state of a session, and the checkpoint from which its last steps can be undone.

As bytes, all integers little-endian: the format's name, the SHA-256 of the model's file, the number
of steps, the number of texts, each text's length and its UTF-8, then the checkpoint and the state.
The size of a state follows from the model.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self

from elman.server.limits import CHECKPOINT_BYTES, CHECKPOINT_STEPS
from elman.server.operations.schemas import MAX_TEXT_LENGTH

_FORMAT = b"ELMANS2\0"
_HEADER = struct.Struct("<8s32sQH")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session after some steps. The last CHECKPOINT_STEPS of them can be undone; fewer where
    their texts have more than CHECKPOINT_BYTES together, and always the last one.

    Checkpoints at fixed positions need three states: 16 kB, not 12. This one follows the state at
    a distance.

    Args:
        state: the recurrent state as bytes.
        steps: texts fed so far.
        checkpoint: an earlier state.
        texts: what was fed since the checkpoint, the oldest first.
        size: bytes of the texts.
    """

    state: bytes
    steps: int
    checkpoint: bytes
    texts: tuple[str, ...] = ()
    size: int = 0

    @classmethod
    def initial(cls, state: bytes) -> Self:
        return cls(state, 0, state)

    @property
    def rewindable(self) -> int:
        """The number of steps that can be undone."""
        return len(self.texts)

    def replayed(self, text: str) -> tuple[str, ...]:
        """The texts that the checkpoint must advance by to make room for one more."""
        size, count = self.size + _bytes(text), max(0, len(self.texts) + 1 - CHECKPOINT_STEPS)
        size -= sum(map(_bytes, self.texts[:count]))
        while size > CHECKPOINT_BYTES and count < len(self.texts):
            size -= _bytes(self.texts[count])
            count += 1
        return self.texts[:count]

    def stepped(self, text: str, state: bytes, checkpoint: bytes) -> SessionState:
        """The session after one more step.

        Args:
            text: that was fed.
            state: after it.
            checkpoint: advanced by the `replayed` texts.
        """
        texts = (*self.texts[len(self.replayed(text)) :], text)
        return SessionState(state, self.steps + 1, checkpoint, texts, sum(map(_bytes, texts)))

    def rewound(self, steps: int, state: bytes) -> SessionState:
        """The session before its last steps.

        Args:
            steps: to undo, at most `rewindable`.
            state: to which `remaining(steps)` lead from the checkpoint.
        """
        texts = self.remaining(steps)
        size = sum(map(_bytes, texts))
        return SessionState(state, self.steps - steps, self.checkpoint, texts, size)

    def remaining(self, steps: int) -> tuple[str, ...]:
        """The texts since the checkpoint, without those of the last `steps` steps."""
        return self.texts[: self.rewindable - steps]

    def to_bytes(self, sha256: bytes) -> bytes:
        """The session as bytes.

        Args:
            sha256: of the model's file.
        """
        parts = [_HEADER.pack(_FORMAT, sha256, self.steps, len(self.texts))]
        for text in self.texts:
            encoded = text.encode()
            parts += [_LENGTH.pack(len(encoded)), encoded]
        return b"".join([*parts, self.checkpoint, self.state])

    @classmethod
    def from_bytes(cls, data: bytes, sha256: bytes, size: int) -> Self | None:
        """The session in these bytes; None where they are not a session of this model.

        Args:
            sha256: of the model's file.
            size: bytes of a state.
        """
        try:
            return cls._parse(data, sha256, size)
        except (struct.error, UnicodeDecodeError):
            return None

    @classmethod
    def _parse(cls, data: bytes, sha256: bytes, size: int) -> Self | None:
        name, its_sha256, steps, count = _HEADER.unpack_from(data)
        if name != _FORMAT or its_sha256 != sha256 or count > min(steps, CHECKPOINT_STEPS):
            return None
        position, texts = _HEADER.size, []
        for _ in range(count):
            (length,) = _LENGTH.unpack_from(data, position)
            position += _LENGTH.size + length
            texts.append(data[position - length : position].decode())
        if len(data) != position + 2 * size:
            return None
        checkpoint, state = data[position : position + size], data[position + size :]
        return cls(state, steps, checkpoint, tuple(texts), sum(map(_bytes, texts)))


def max_session_bytes(state_size: int) -> int:
    """The most memory that a session can take, from the bytes of a state."""
    return 2 * (state_size + 128) + 4 * MAX_TEXT_LENGTH + 72 * CHECKPOINT_STEPS + 512


def _bytes(text: str) -> int:
    return len(text.encode())
