"""Connections that may not take their time: uvicorn's own, with an end to slow clients.

A request must be there whole within some seconds, its head must be short, and who does not take an
answer is cut off.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from elman.server.guard import HEADERS
from elman.server.limits import Limits
from elman.server.refusals import RefusedError, busy

HEAD = 32 * 1024  # bytes of a request's first line and headers


class _Together:
    """A transport that sends an answer's head with the first of its body: one call of the system
    instead of two, and those are a third of a small request's cost."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = b""  # None once it is sent

    def write(self, data: bytes) -> None:
        if self._transport.is_closing():  # cut off meanwhile, with requests behind this one
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
        self._arriving: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._head: int | None = 0  # bytes of the one that is arriving; None once it is there
        self._whole = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._end_with(busy("too many connections"))
        else:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._whole = False
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._head is not None and self._head > HEAD:
            refusal = RefusedError(431, "its head is too long", hint="Send shorter headers.")
            self._end_with(refusal)
        elif not self._whole and self._arriving is None:
            self._arm()

    def on_message_begin(self) -> None:
        self._head = 0 if self._head is None else self._head
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", _Together(self.transport))

    def on_message_complete(self) -> None:
        self._whole = True
        self._disarm()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._leaving = self.loop.call_later(self.limits.arriving, self.transport.abort)

    def resume_writing(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        self.transport.abort()  # and what it has not taken by now it need not have

    def send_400_response(self, msg: str) -> None:
        self._end_with(RefusedError(400, msg.lower().rstrip(".")))

    def _arm(self) -> None:
        self._arriving = self.loop.call_later(self.limits.arriving, self.transport.abort)

    def _disarm(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _end_with(self, refusal: RefusedError) -> None:
        self._disarm()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(refusal.body)).encode()),
            (b"connection", b"close"),
            *HEADERS,
        ]
        lines = [STATUS_LINE[refusal.status], *(b"%b: %b\r\n" % each for each in headers)]
        self.transport.write(b"".join([*lines, b"\r\n", refusal.body]))
        self.transport.close()
