"""How much the server takes on; what is beyond is refused in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

BODY = 256 * 1024  # bytes of a request
TEXT = 10_000  # characters of a text
SENTENCE = 2_000  # characters of a text that is to be translated
TEXTS = 64  # texts or vectors of one request
WORDS = 1_000  # words of a sentence to be tagged
NUMBERS = 65_536  # of a vector, or of a history
SUGGESTIONS = 50  # and other lists of the likeliest
BEAM = 16
TOKENS = 10_000  # to be written
WRITTEN = 2_000  # characters that stand on a keyboard
MEMORY = 4 * 2**20  # bytes of a request that brings what a keyboard learned
STOPS = 8  # texts that end one that is written
MARK_STEPS, MARK_BYTES = 64, 2_048  # what a session remembers so that it can be rewound


@dataclass(frozen=True)
class Limits:
    """What a server may be told otherwise.

    Args:
        seconds: a request may take, a text that is written among them.
        waiting: requests that wait for one model.
        writing: texts that one model writes at the same time.
        per_client: requests of one address at the same time.
        connections: at the same time.
        arriving: seconds until a request is there whole, and that a client may leave an answer.
        sessions: live ones; session_bytes: of all of them, the most that they can become.
        keyboards: live ones; keyboard_bytes: of all of them, about.
        idle: seconds after which a session or a keyboard that nobody used is forgotten.
    """

    seconds: float = 30.0
    waiting: int = 2_000
    writing: int = 256
    per_client: int = 1_024
    connections: int = 4_096
    arriving: float = 10.0
    sessions: int = 10_000
    session_bytes: int = 512 * 2**20
    keyboards: int = 1_000
    keyboard_bytes: int = 512 * 2**20
    idle: float = 1_800.0
