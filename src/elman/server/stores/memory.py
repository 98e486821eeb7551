"""Sessions in the memory of this process."""

from __future__ import annotations

import time
from collections import OrderedDict

from elman.server.limits import Limits
from elman.server.session_state import SessionState, max_session_bytes
from elman.server.signing import new_key
from elman.server.stores.store import SessionStore, no_room, no_session


class MemoryStore(SessionStore):
    """A store without persistence."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.key = new_key()
        self._limits = limits
        # With the time of the last use; the longest idle first.
        self._sessions: OrderedDict[str, tuple[float, SessionState]] = OrderedDict()
        self._reserved = 0  # bytes of all sessions at their largest

    async def add(self, name: str, state: SessionState) -> None:
        if not self._has_room(state):
            raise no_room()
        self._insert(name, time.time(), state)

    def _has_room(self, state: SessionState) -> bool:
        reserved = self._reserved + max_session_bytes(len(state.state))
        within = reserved <= self._limits.session_bytes
        return len(self._sessions) < self._limits.sessions and within

    def _insert(self, name: str, used: float, state: SessionState) -> None:
        self._reserved += max_session_bytes(len(state.state))
        self._sessions[name] = (used, state)

    async def _read(self, name: str) -> SessionState:
        if name not in self._sessions:
            raise no_session()
        return self._sessions[name][1]

    async def _write(self, name: str, state: SessionState) -> None:
        if name in self._sessions:  # it may have been evicted meanwhile
            self._sessions[name] = (time.time(), state)
            self._sessions.move_to_end(name)

    async def _delete(self, name: str) -> None:
        if name in self._sessions:
            _, state = self._sessions.pop(name)
            self._reserved -= max_session_bytes(len(state.state))

    async def evict_expired(self) -> None:
        oldest = time.time() - self._limits.idle
        while self._sessions:
            name, (used, _) = next(iter(self._sessions.items()))
            if used > oldest:
                break
            await self._delete(name)

    async def count(self) -> int:
        return len(self._sessions)

    async def close(self) -> None: ...
