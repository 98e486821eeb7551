"""Limits of the server; a request beyond one of them gets an error in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TOKENS = 10_000  # tokens to generate
MAX_KEYBOARD_LENGTH = 2_000  # characters on a keyboard
MAX_MEMORY_BYTES = 4 * 2**20  # body of a request that restores a keyboard's memory
MAX_STOPS = 8  # stop texts
CHECKPOINT_STEPS, CHECKPOINT_BYTES = 64, 2_048  # steps and text that a session can rewind


@dataclass(frozen=True)
class Limits:
    """Limits that the operator of a server may change.

    Args:
        request_timeout: seconds until a request is answered with 503; also the longest time that
            one text may be generated.
        queued: requests that may wait for one model.
        generations: texts that one model generates at the same time.
        per_client: requests of one address at the same time.
        connections: open connections at the same time.
        io_timeout: seconds until a request must have arrived whole, and for which a client may
            leave a response unread.
        sessions: live sessions.
        session_bytes: memory of all sessions, counting each at its largest possible size.
        keyboards: live keyboards.
        keyboard_bytes: estimated memory of all keyboards.
        idle: seconds after which an unused session or keyboard is evicted.
    """

    request_timeout: float = 30.0
    queued: int = 2_000
    generations: int = 256
    per_client: int = 1_024
    connections: int = 4_096
    io_timeout: float = 10.0
    sessions: int = 10_000
    session_bytes: int = 512 * 2**20
    keyboards: int = 1_000
    keyboard_bytes: int = 512 * 2**20
    idle: float = 1_800.0
