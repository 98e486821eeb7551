"""Sessions in Redis, shared by several servers: one of them at a time holds a session.

A lock has its holder's token and a lease of some seconds, which its holder renews. So a session
whose holder died, or could not reach Redis to release it, is free again soon; a release by a holder
whose lease has ended is refused, so that no step is lost in silence.

Where Redis does not answer, a request gets 503 at once or after a timeout. Nothing is sent twice: a
release that was executed, though its answer was lost, would be refused the second time.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Iterator
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from elman.errors import InputError
from elman.server.http_errors import ApiError, overloaded
from elman.server.limits import Limits
from elman.server.session_state import SessionState, max_session_bytes
from elman.server.signing import new_key
from elman.server.stores.store import SessionStore, StateFormats, format_of, no_room, no_session

_PREFIX = "elman:"
_INDEX = f"{_PREFIX}sessions"  # sorted by the times at which they expire

LEASE_SECONDS = 4.0  # for which a lock lasts without renewal
_LEASE = int(1000 * LEASE_SECONDS)
_RENEWAL_SECONDS = LEASE_SECONDS / 4
_TIMEOUT_SECONDS = 2.0  # to connect, and for each answer

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
_RENEW = """
for number, lock in ipairs(KEYS) do
    if redis.call('get', lock) == ARGV[number + 1] then redis.call('pexpire', lock, ARGV[1]) end
end
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
        self._redis: Any = Redis.from_url(
            address,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._limits, self._formats = limits, formats
        self._tokens: dict[str, str] = {}  # of the locks that this server holds
        script = self._redis.register_script
        self._run_acquire, self._run_release = script(_ACQUIRE), script(_RELEASE)
        self._run_delete, self._run_add = script(_DELETE), script(_ADD)
        self._run_renew = script(_RENEW)
        largest = max((max_session_bytes(each.size) for each in formats.values()), default=1)
        self._max_sessions = min(limits.sessions, limits.session_bytes // largest)

    async def connect(self, address: str) -> None:
        """Get the key that all servers share, or set it, and begin to renew locks.

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
        self._renewing = asyncio.create_task(self._renew_locks())

    async def check(self) -> None:
        with _unreachable():
            await self._redis.ping()

    async def add(self, name: str, state: SessionState) -> None:
        now, idle = time.time(), self._idle
        data = state.to_bytes(format_of(name, self._formats).sha256)
        args: list[str | bytes | float] = [now, self._max_sessions, data, idle, now + idle, name]
        with _unreachable():
            added = await self._run_add(keys=[_PREFIX + name, _INDEX], args=args)
        if not added:
            raise no_room()

    async def _read(self, name: str) -> SessionState:
        token = secrets.token_hex(8)
        timeout = self._limits.request_timeout
        until = time.monotonic() + timeout
        while True:
            with _unreachable():
                found = await self._run_acquire(keys=self._keys(name), args=[token, _LEASE])
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
        with _unreachable():
            released = await self._run_release(keys=[*self._keys(name), _INDEX], args=args)
        if not released:
            raise overloaded("the lease of this session ended before its step was stored")

    async def _delete(self, name: str) -> None:
        token = self._tokens.pop(name)
        with _unreachable():
            await self._run_delete(keys=[*self._keys(name), _INDEX], args=[token, name])

    async def evict_expired(self) -> None:
        """Redis does it."""

    async def count(self) -> int:
        with _unreachable():
            return int(await self._redis.zcount(_INDEX, time.time(), "+inf"))

    async def close(self) -> None:
        self._renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._renewing
        await self._redis.aclose()

    async def _renew_locks(self) -> None:
        """Renew the leases of all sessions that this server holds, again and again."""
        while True:
            await asyncio.sleep(_RENEWAL_SECONDS)
            held = dict(self._tokens)
            if held:
                locks = [_lock(name) for name in held]
                # Where Redis is away, the release will say so.
                with contextlib.suppress(ApiError), _unreachable():
                    await self._run_renew(keys=locks, args=[_LEASE, *held.values()])

    @property
    def _idle(self) -> int:
        """Seconds after which Redis evicts an unused session; it takes whole ones."""
        return int(self._limits.idle) or 1

    def _keys(self, name: str) -> list[str]:
        return [_PREFIX + name, _lock(name)]


def _lock(name: str) -> str:
    return f"{_PREFIX}{name}:lock"


@contextlib.contextmanager
def _unreachable() -> Iterator[None]:
    """Raise what Redis, or the way to it, refuses as an error that a retry may overcome."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise overloaded("sessions are out of reach") from error
