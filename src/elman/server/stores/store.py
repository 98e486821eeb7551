"""What every session store does."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from elman.server.http_errors import ApiError, not_found, overloaded
from elman.server.session_state import SessionState

_MAX_QUEUED = 64  # requests that may wait for one session


class StateFormat(NamedTuple):
    """The format of a model's sessions: the SHA-256 of its file, and the bytes of a state."""

    sha256: bytes
    size: int


StateFormats = Mapping[str, StateFormat]
"""By the first part of the sessions' names."""


def format_of(name: str, formats: StateFormats) -> StateFormat:
    """The format of a session of a model that is served."""
    return formats[name.partition(":")[0]]


def is_served(name: str, formats: StateFormats) -> bool:
    """Whether the model of a session is served."""
    return name.partition(":")[0] in formats


class SessionStore(ABC):
    """Sessions by name: the first part of the model's hash, a colon, and an id that cannot be
    guessed. One request at a time holds a session; others wait, in the order in which they came.

    Attributes:
        key: signs exported sessions; it lives as long as the sessions themselves.
    """

    key: bytes

    def __init__(self) -> None:
        # Only sessions in use have a queue: a lock for each would be a tenth of its memory.
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}

    async def acquire(self, name: str) -> SessionState:
        """Hold a session until `release` or `delete`.

        Raises:
            ApiError: where there is none, too many requests wait for it, another server does not
                release it, or it cannot be reached.
        """
        queue = self._queues.get(name)
        if queue is None:
            self._queues[name] = deque()
        elif len(queue) >= _MAX_QUEUED:
            raise overloaded("too many requests wait for this session", status=429)
        else:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            queue.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():  # the turn had come
                    self._wake_next(name)
                raise
        try:
            return await self._read(name)
        except BaseException:
            self._wake_next(name)
            raise

    async def release(self, name: str, state: SessionState) -> None:
        """Store a session that is held, changed or not, and let the next request have it."""
        try:
            await self._write(name, state)
        finally:
            self._wake_next(name)

    async def delete(self, name: str) -> None:
        """Delete a session that is held."""
        try:
            await self._delete(name)
        finally:
            self._wake_next(name)

    def _wake_next(self, name: str) -> None:
        queue = self._queues[name]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._queues[name]

    @abstractmethod
    async def add(self, name: str, state: SessionState) -> None:
        """Store a new session.

        Raises:
            ApiError: if the store is full.
        """

    async def check(self) -> None:  # noqa: B027 - memory can always be reached
        """Check that sessions can be reached.

        Raises:
            ApiError: if they cannot.
        """

    @abstractmethod
    async def evict_expired(self) -> None:
        """Delete sessions that were idle for too long; called every second."""

    @abstractmethod
    async def count(self) -> int:
        """The number of sessions."""

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def _read(self, name: str) -> SessionState: ...

    @abstractmethod
    async def _write(self, name: str, state: SessionState) -> None: ...

    @abstractmethod
    async def _delete(self, name: str) -> None: ...


def no_room() -> ApiError:
    return ApiError(
        503,
        "there is no room for another session",
        hint="Delete one that is not needed, or wait until an idle one is evicted.",
        headers={"retry-after": "60"},
    )


def no_session() -> ApiError:
    return not_found("session", "It was deleted, idle for too long, or never created.")
