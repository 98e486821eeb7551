"""Sessions in Redis, shared by several servers: one of them at a time has a session.

A lock has its holder's token and a time after which it falls, for servers that die; what is given
back too late is refused, so that no step is lost in silence.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from elman.errors import InputError
from elman.server.limits import Limits
from elman.server.records import Record, most_bytes
from elman.server.refusals import RefusedError, busy
from elman.server.signing import new_key
from elman.server.stores.store import Format, Formats, full, unknown

_PREFIX = "elman:"
_NAMES = f"{_PREFIX}sessions"  # each with the time at which it is forgotten

_TAKE = """
if redis.call('exists', KEYS[1]) == 0 then return 0 end
if redis.call('set', KEYS[2], ARGV[1], 'nx', 'px', ARGV[2]) then
    return redis.call('get', KEYS[1])
end
return 1
"""
_GIVE = """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'ex', ARGV[3])
redis.call('zadd', KEYS[3], ARGV[4], ARGV[5])
redis.call('del', KEYS[2])
return 1
"""
_DROP = """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[1], KEYS[2])
redis.call('zrem', KEYS[3], ARGV[2])
return 1
"""
_ADD = """
redis.call('zremrangebyscore', KEYS[2], '-inf', ARGV[1])
if redis.call('zcard', KEYS[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('set', KEYS[1], ARGV[3], 'ex', ARGV[4])
redis.call('zadd', KEYS[2], ARGV[5], ARGV[6])
return 1
"""


class RedisStore:
    """Sessions at an address like redis://localhost:6379/0.

    Args:
        formats: of the models that are served.
    """

    def __init__(self, address: str, limits: Limits, formats: Formats) -> None:
        self._redis: Any = Redis.from_url(address)
        self._limits, self._formats = limits, formats
        self._held: dict[str, str] = {}  # the token of each lock that is ours
        scripts = (_TAKE, _GIVE, _DROP, _ADD)
        self._take, self._give, self._drop, self._add = map(self._redis.register_script, scripts)
        largest = max((most_bytes(each.size) for each in formats.values()), default=1)
        self._most = min(limits.sessions, limits.session_bytes // largest)

    async def connect(self, address: str) -> None:
        """Find the key that all servers share, or be the one who makes it.

        Raises:
            InputError: where no Redis answers.
        """
        try:
            await self._redis.set(f"{_PREFIX}key", new_key(), nx=True)
            self.key = await self._redis.get(f"{_PREFIX}key")
        except (RedisError, OSError) as error:
            raise InputError(
                f"no Redis answers ({error})", location=address, hint="Check --sessions."
            ) from error

    async def add(self, name: str, record: Record) -> None:
        now, data = time.time(), record.packed(self._format(name).model)
        idle = int(self._limits.idle) or 1
        keys = [_PREFIX + name, _NAMES]
        if not await self._add(keys=keys, args=[now, self._most, data, idle, now + idle, name]):
            raise full()

    async def take(self, name: str) -> Record:
        token = secrets.token_hex(8)
        patience = int(1000 * self._limits.seconds) or 1
        until = time.monotonic() + self._limits.seconds
        while True:
            found = await self._take(keys=self._keys(name), args=[token, 2 * patience])
            if found == 0:
                raise unknown()
            if found != 1:
                break
            if time.monotonic() > until:
                raise busy("another server does not give this session back")
            await asyncio.sleep(0.005)
        record = Record.unpacked(found, *self._format(name))
        self._held[name] = token
        if record is None:
            await self.drop(name)
            raise unknown()
        return record

    async def give(self, name: str, record: Record) -> None:
        token = self._held.pop(name)
        data, idle = record.packed(self._format(name).model), int(self._limits.idle) or 1
        args: list[str | bytes | float] = [token, data, idle, time.time() + idle, name]
        if not await self._give(keys=[*self._keys(name), _NAMES], args=args):
            raise RefusedError(
                503, "this session was held for too long", hint="Take the step again."
            )

    async def drop(self, name: str) -> None:
        token = self._held.pop(name)
        await self._drop(keys=[*self._keys(name), _NAMES], args=[token, name])

    async def tidy(self) -> None:
        """Redis forgets by itself."""

    async def count(self) -> int:
        return int(await self._redis.zcount(_NAMES, time.time(), "+inf"))

    async def close(self) -> None:
        await self._redis.aclose()

    def _format(self, name: str) -> Format:
        return self._formats[name.partition(":")[0]]

    def _keys(self, name: str) -> list[str]:
        return [_PREFIX + name, f"{_PREFIX}{name}:lock"]
