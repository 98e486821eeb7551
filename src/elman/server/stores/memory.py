"""Sessions in this process alone."""

from __future__ import annotations

import time
from collections import OrderedDict

from elman.server.limits import Limits
from elman.server.records import Record, most_bytes
from elman.server.signing import new_key
from elman.server.stores.store import full, unknown


class MemoryStore:
    """The longest idle first."""

    def __init__(self, limits: Limits) -> None:
        self.key = new_key()
        self._limits = limits
        self._kept: OrderedDict[str, tuple[float, Record]] = OrderedDict()
        self._reserved = 0  # bytes that they can become

    async def add(self, name: str, record: Record) -> None:
        if not self._has_room(record):
            raise full()
        self._keep(name, time.time(), record)

    def _has_room(self, record: Record) -> bool:
        reserved = self._reserved + most_bytes(len(record.state))
        return len(self._kept) < self._limits.sessions and reserved <= self._limits.session_bytes

    def _keep(self, name: str, used: float, record: Record) -> None:
        self._reserved += most_bytes(len(record.state))
        self._kept[name] = (used, record)

    async def take(self, name: str) -> Record:
        if name not in self._kept:
            raise unknown()
        return self._kept[name][1]

    async def give(self, name: str, record: Record) -> None:
        if name in self._kept:  # it may have been too long away
            self._kept[name] = (time.time(), record)
            self._kept.move_to_end(name)

    async def drop(self, name: str) -> None:
        if name in self._kept:
            _, record = self._kept.pop(name)
            self._reserved -= most_bytes(len(record.state))

    async def tidy(self) -> None:
        oldest = time.time() - self._limits.idle
        while self._kept:
            name, (used, _) = next(iter(self._kept.items()))
            if used > oldest:
                break
            await self.drop(name)

    async def count(self) -> int:
        return len(self._kept)

    async def close(self) -> None: ...
