"""What every request passes: host, origin, key and size are checked, requests are counted, and
responses get their security headers. Pure ASGI: a task and a queue for each middleware would cost
more than a model's step.
"""

from __future__ import annotations

import hmac
import time
from collections import Counter
from collections.abc import Collection
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from elman.server.http_errors import ApiError, overloaded, too_large
from elman.server.limits import MAX_MEMORY_BYTES, Limits
from elman.server.responses import send_error

PUBLIC_PATHS = frozenset({"/health", "/ready"})
"""Paths that need no key, besides those of the pages."""

_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS = [
    (b"content-security-policy", _CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_UNIQUE_HEADERS = ("Host", "Origin", "Authorization")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class RequestObserver(Protocol):
    """Called after every request."""

    def __call__(self, operation: str, status: int, seconds: float) -> None: ...


class RequestMiddleware:
    """The outermost ASGI application.

    Args:
        app: the application that answers.
        hosts: names that a request's Host header may have.
        key: that the Authorization header must carry, if any.
        public: paths that need no key.
        limits: of requests at the same time.
        observer: receives the operation, status and duration of every request.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        key: bytes | None,
        public: Collection[str],
        limits: Limits,
        observer: RequestObserver,
    ) -> None:
        self._app, self._limits, self._observer = app, limits, observer
        self._hosts = frozenset(host.lower() for host in hosts)
        self._authorization = None if key is None else b"Bearer " + key
        self._public = PUBLIC_PATHS | frozenset(public)
        self._active: Counter[str] = Counter()  # requests of each client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1003})
            return
        started, status = time.perf_counter(), 500
        client = (scope.get("client") or ("", 0))[0]

        async def send_secured(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        self._active[client] += 1
        try:
            error = self._check(scope, client)
            if error is None:
                await self._app(scope, receive, send_secured)
            else:
                await send_error(send_secured, error)
        finally:
            self._active[client] -= 1
            if not self._active[client]:
                del self._active[client]
            self._observer(scope.get("operation", "other"), status, time.perf_counter() - started)

    def _check(self, scope: Scope, client: str) -> ApiError | None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        names = [name for name, _ in scope["headers"]]
        for unique in _UNIQUE_HEADERS:
            if names.count(unique.lower().encode()) > 1:  # a proxy may have checked another one
                return ApiError(400, "the header is repeated", location=unique)
        if b"host" not in headers:  # RFC 9112, 3.2
            return ApiError(400, "the header is missing", location="Host")
        host = headers[b"host"].decode("latin-1").lower()
        # Without the port; an IPv6 address is in brackets.
        end = host.find(":", host.find("]") + 1)
        if (host if end < 0 else host[:end]) not in self._hosts:
            return ApiError(
                421,
                "unknown host name",
                location="Host",
                hint="Use 127.0.0.1, or serve with --allow-host NAME.",
            )
        changes = scope["method"] not in _SAFE_METHODS
        if changes and not _same_origin(headers.get(b"origin"), host):
            return ApiError(403, "cross-origin request", location="Origin")
        if self._authorization is not None and scope["path"] not in self._public:
            given = headers.get(b"authorization", b"")
            if not hmac.compare_digest(given, self._authorization):
                return ApiError(
                    401,
                    "missing or wrong key",
                    location="Authorization",
                    hint="Send: Authorization: Bearer KEY",
                    headers={"www-authenticate": "Bearer"},
                )
        if self._active[client] > self._limits.per_client:
            return overloaded("too many requests of one address at once", status=429)
        size = headers.get(b"content-length", b"0")
        if not size.isdigit() or int(size[:20]) > MAX_MEMORY_BYTES:  # routes may allow less
            return too_large(MAX_MEMORY_BYTES)
        return None


def _same_origin(origin: bytes | None, host: str) -> bool:
    """Whether a page of this server sends the request, or no page at all."""
    if origin is None:
        return True
    try:
        parts: Any = urlsplit(origin.decode("ascii").lower())
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc == host
