"""The events of a training over HTTP, as server-sent events.

    id: 5f0c2a91.7
    event: validated
    data: {"loss": 1.53, "best": true, "step": 400, "previews": [...], ...}

A new reader gets all events from the first; one that was disconnected sends Last-Event-ID, and gets
those since.
"""

from __future__ import annotations

import asyncio
import time

from starlette.types import Receive, Scope, Send

from elman.server.event_log import EventLog
from elman.server.events import EVENT_STREAM_HEADERS
from elman.server.responses import disconnected, send_response

_POLL_SECONDS = 0.2  # the log is polled: the trainer need not wake anybody
_KEEPALIVE_SECONDS = 15.0  # proxies close connections that are silent for longer


class TrainingEventsApp:
    """The ASGI application that sends a log until it has ended."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await send_response(send, 200, b"")
            return
        last = self._last_number(dict(scope["headers"]).get(b"last-event-id", b""))
        gone = asyncio.create_task(disconnected(receive))
        try:
            start = {"type": "http.response.start", "status": 200}
            await send({**start, "headers": EVENT_STREAM_HEADERS})
            await _send(send, b"retry: 1000\n\n")
            await self._send_events(send, gone, last)
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

    async def _send_events(self, send: Send, gone: asyncio.Task[None], last: int) -> None:
        """Send the events after the number `last`, until the log has ended or the reader goes."""
        sent = time.monotonic()
        while not gone.done():
            ended = self._log.ended  # read first: all events are there by then
            events = self._log.after(last)
            if events:
                # One by one: a reader that does not read holds no more than one of them.
                for event in events:
                    await _send(send, self._log.encode(event))
                last, sent = events[-1].number, time.monotonic()
            elif ended:
                return
            else:
                await asyncio.wait([gone], timeout=_POLL_SECONDS)
                if time.monotonic() - sent > _KEEPALIVE_SECONDS:
                    await _send(send, b":\n\n")
                    sent = time.monotonic()

    def _last_number(self, event_id: bytes) -> int:
        """The number of the last event that a reader has; 0 where it is of another run."""
        run, _, number = event_id.decode("latin-1").partition(".")
        known = run == self._log.id and number.isdecimal() and len(number) < 16
        return int(number) if known else 0


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
