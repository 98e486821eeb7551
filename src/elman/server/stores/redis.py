"""Sessions in Redis, shared by several servers: one of them at a time holds a session.

A lock has its holder's token, and expires in case the holder dies; a release after that is refused,
so that no step is lost in silence.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from elman.errors import InputError
from elman.server.http_errors import ApiError, overloaded
from elman.server.limits import Limits
from elman.server.session_state import SessionState, max_session_bytes
from elman.server.signing import new_key
from elman.server.stores.store import SessionStore, StateFormats, format_of, no_room, no_session

_PREFIX = "elman:"
_INDEX = f"{_PREFIX}sessions"  # sorted by the times at which they expire

_ACQUIRE = """
if redis.call('exists', KEYS[1]) == 0 then return 0 end
if redis.call('set', KEYS[2], ARGV[1], 'nx', 'px', ARGV[2]) then
    return redis.call('get', KEYS[1])
end
return 1
"""
_RELEASE = """
if redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'ex', ARGV[3])
redis.call('zadd', KEYS[3], ARGV[4], ARGV[5])
redis.call('del', KEYS[2])
return 1
"""
_DELETE = """
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


class RedisStore(SessionStore):
    """A store in Redis.

    Args:
        address: a URL such as redis://localhost:6379/0.
        limits: of the sessions.
        formats: of the models that are served.
    """

    def __init__(self, address: str, limits: Limits, formats: StateFormats) -> None:
        super().__init__()
        self._redis: Any = Redis.from_url(address)
        self._limits, self._formats = limits, formats
        self._tokens: dict[str, str] = {}  # of the locks that this server holds
        scripts = (_ACQUIRE, _RELEASE, _DELETE, _ADD)
        registered = map(self._redis.register_script, scripts)
        self._run_acquire, self._run_release, self._run_delete, self._run_add = registered
        largest = max((max_session_bytes(each.size) for each in formats.values()), default=1)
        self._max_sessions = min(limits.sessions, limits.session_bytes // largest)

    async def connect(self, address: str) -> None:
        """Get the key that all servers share, or set it.

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

    async def add(self, name: str, state: SessionState) -> None:
        now, idle = time.time(), self._idle
        data = state.to_bytes(format_of(name, self._formats).sha256)
        args: list[str | bytes | float] = [now, self._max_sessions, data, idle, now + idle, name]
        if not await self._run_add(keys=[_PREFIX + name, _INDEX], args=args):
            raise no_room()

    async def _read(self, name: str) -> SessionState:
        token = secrets.token_hex(8)
        timeout = self._limits.request_timeout
        expires = 2 * (int(1000 * timeout) or 1)  # milliseconds
        until = time.monotonic() + timeout
        while True:
            found = await self._run_acquire(keys=self._keys(name), args=[token, expires])
            if found == 0:
                raise no_session()
            if found != 1:
                break
            if time.monotonic() > until:
                raise overloaded("another server does not release this session")
            await asyncio.sleep(0.005)
        state = SessionState.from_bytes(found, *format_of(name, self._formats))
        self._tokens[name] = token
        if state is None:
            await self._delete(name)
            raise no_session()
        return state

    async def _write(self, name: str, state: SessionState) -> None:
        token = self._tokens.pop(name)
        data = state.to_bytes(format_of(name, self._formats).sha256)
        args: list[str | bytes | float] = [token, data, self._idle, time.time() + self._idle, name]
        if not await self._run_release(keys=[*self._keys(name), _INDEX], args=args):
            raise ApiError(503, "the session was held for too long", hint="Repeat the step.")

    async def _delete(self, name: str) -> None:
        token = self._tokens.pop(name)
        await self._run_delete(keys=[*self._keys(name), _INDEX], args=[token, name])

    async def evict_expired(self) -> None:
        """Redis does it."""

    async def count(self) -> int:
        return int(await self._redis.zcount(_INDEX, time.time(), "+inf"))

    async def close(self) -> None:
        await self._redis.aclose()

    @property
    def _idle(self) -> int:
        """Seconds after which Redis evicts an unused session; it takes whole ones."""
        return int(self._limits.idle) or 1

    def _keys(self, name: str) -> list[str]:
        return [_PREFIX + name, f"{_PREFIX}{name}:lock"]
