"""uvicorn's HTTP/1.1 connection, with limits for slow clients.

A request must arrive whole within some seconds, its head must be short, and a client that does not
read its response is disconnected.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from elman.server.http_errors import ApiError, overloaded
from elman.server.limits import Limits
from elman.server.middleware import SECURITY_HEADERS

MAX_HEAD_BYTES = 32 * 1024  # of a request's first line and headers
_HEADER_OVERHEAD = len(": \r\n")


class _BufferedTransport:
    """A transport that sends a response's head with the first part of its body: one system call
    instead of two, which are a third of the cost of a small request.

    Args:
        transport: to write to.
        has_body: whether a body follows the head; not after HEAD.
    """

    def __init__(self, transport: asyncio.Transport, *, has_body: bool) -> None:
        self._transport = transport
        self._head: bytes | None = b"" if has_body else None  # None: nothing is held back

    def write(self, data: bytes) -> None:
        if self._transport.is_closing():  # a pipelined request after the connection was aborted
            return
        if self._head is None or data.startswith(b"HTTP/1.1 100 "):
            self._transport.write(data)
        elif not self._head:
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = None

    def close(self) -> None:
        if self._head and not self._transport.is_closing():
            self._transport.write(self._head)
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    limits: ClassVar[Limits]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._read_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._head_bytes: int | None = 0  # of the head that is arriving; None once it is complete
        self._parsed_bytes = 0  # of the head that is parsed; one block may hold several heads
        self._refusal: ApiError | None = None  # why a callback of the parser stopped it
        self._complete = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._close_with(overloaded("too many connections"))
        else:
            self._start_read_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_read_timer()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._complete = False
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._head_bytes is not None and self._head_bytes > MAX_HEAD_BYTES:
            self._close_with(_head_too_long())
        elif not self._complete and self._read_timer is None:
            self._start_read_timer()

    def on_message_begin(self) -> None:
        self._head_bytes = 0 if self._head_bytes is None else self._head_bytes
        self._parsed_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + _HEADER_OVERHEAD)
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        """Count bytes of a head; the parser passes an error on to `send_400_response`."""
        self._parsed_bytes += size
        if self._parsed_bytes > MAX_HEAD_BYTES:
            self._refusal = _head_too_long()
            raise self._refusal

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        super().on_headers_complete()
        buffered = _BufferedTransport(self.transport, has_body=self.scope["method"] != "HEAD")
        self.cycle.transport = cast("asyncio.Transport", buffered)

    def on_message_complete(self) -> None:
        self._complete = True
        self._stop_read_timer()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.io_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        self.transport.abort()  # what the client has not read by now is dropped

    def send_400_response(self, msg: str) -> None:
        self._close_with(self._refusal or ApiError(400, msg.lower().rstrip(".")))

    def _start_read_timer(self) -> None:
        self._read_timer = self.loop.call_later(self.limits.io_timeout, self.transport.abort)

    def _stop_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _close_with(self, error: ApiError) -> None:
        self._stop_read_timer()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(error.body)).encode()),
            (b"connection", b"close"),
            *SECURITY_HEADERS,
        ]
        lines = [STATUS_LINE[error.status], *(b"%b: %b\r\n" % each for each in headers)]
        self.transport.write(b"".join([*lines, b"\r\n", error.body]))
        self.transport.close()


def _head_too_long() -> ApiError:
    return ApiError(431, "the head is too long", hint="Send shorter headers.")
