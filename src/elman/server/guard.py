"""What every request passes: who may ask, from where, how much at once; and what every answer says
to a browser. Pure ASGI: a task and a queue for each middleware would cost more than a model's step.
"""

from __future__ import annotations

import hmac
import time
from collections import Counter
from collections.abc import Collection
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from elman.server.direct import refuse, too_large
from elman.server.limits import MEMORY, Limits
from elman.server.refusals import RefusedError, busy

OPEN = frozenset({"/health", "/ready"})
"""Paths that need no key, besides those of the pages."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Seen(Protocol):
    """Who hears of every request."""

    def __call__(self, operation: str, status: int, seconds: float) -> None: ...


class Guard:
    """The outermost of the application.

    Args:
        hosts: names under which the server may be asked.
        key: what a request must bear, if anything.
        pages: paths that are open to anyone who may ask at all.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        key: bytes | None,
        pages: Collection[str],
        limits: Limits,
        seen: Seen,
    ) -> None:
        self._app, self._limits, self._seen = app, limits, seen
        self._hosts = frozenset(host.lower() for host in hosts)
        self._key = None if key is None else b"Bearer " + key
        self._open = OPEN | frozenset(pages)
        self._asking: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # a websocket, and there is none
            await send({"type": "websocket.close", "code": 1003})
            return
        begun, status = time.perf_counter(), 500
        client = (scope.get("client") or ("", 0))[0]

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        self._asking[client] += 1
        try:
            refusal = self._refusal(scope, client)
            if refusal is None:
                await self._app(scope, receive, sending)
            else:
                await refuse(sending, refusal)
        finally:
            self._asking[client] -= 1
            if not self._asking[client]:
                del self._asking[client]
            self._seen(scope.get("operation", "other"), status, time.perf_counter() - begun)

    def _refusal(self, scope: Scope, client: str) -> RefusedError | None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if _name(host) not in self._hosts:
            return RefusedError(
                421,
                "it is not served under this name",
                location="Host",
                hint="Ask 127.0.0.1, or serve with --allow-host NAME.",
            )
        changes = scope["method"] not in _SAFE
        if changes and not _is_of(headers.get(b"origin"), host):
            return RefusedError(403, "a page from elsewhere asks", location="Origin")
        if self._key is not None and scope["path"] not in self._open:
            shown = headers.get(b"authorization", b"")
            if not hmac.compare_digest(shown, self._key):
                return RefusedError(
                    401,
                    "it needs the key",
                    location="Authorization",
                    hint="Send: Authorization: Bearer KEY",
                    headers={"www-authenticate": "Bearer"},
                )
        if self._asking[client] > self._limits.per_client:
            return busy("too many requests of one address at once", status=429)
        size = headers.get(b"content-length", b"0")
        if not size.isdigit() or int(size[:20]) > MEMORY:  # most routes take less, and say so
            return too_large(MEMORY)
        return None


def _name(host: str) -> str:
    """Without the port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _is_of(origin: bytes | None, host: str) -> bool:
    """Whether a page of this server asks, or no page at all."""
    if origin is None:
        return True
    try:
        parts: Any = urlsplit(origin.decode("ascii").lower())
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc == host
