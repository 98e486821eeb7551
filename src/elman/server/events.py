"""A text as it is written, in server-sent events (WHATWG, HTML Living Standard, section 9.2).

    data: {"text": "Once"}
    event: end
    data: {}

A client that takes them slowly has several tokens in one event; `event: error` ends a text that
took too long.
"""

from __future__ import annotations

import asyncio

from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from elman.server.refusals import RefusedError, busy
from elman.server.writing import Stream

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Events:
    """The answer that sends a stream, for some seconds at most."""

    def __init__(self, stream: Stream, seconds: float) -> None:
        self._stream, self._seconds = stream, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        watching = asyncio.create_task(self._watch(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            try:
                async with asyncio.timeout(self._seconds):
                    failed = await self._send_text(send)
            except TimeoutError:
                failed = busy("it took too long")
            if not self._stream.left:
                last = b"event: end\ndata: {}\n\n"
                if failed is not None:
                    last = b"event: error\ndata: " + failed.body + b"\n\n"
                await send({"type": "http.response.body", "body": last})
        finally:
            self._stream.left = True
            watching.cancel()

    async def _send_text(self, send: Send) -> RefusedError | None:
        """To the text's end, or until the client goes; what went wrong, if anything did."""
        stream = self._stream
        while not stream.left:
            await stream.changed.wait()
            stream.changed.clear()
            ended = stream.ended  # asked first: all that was written before is there by then
            text = stream.take()
            if text:
                data = b"data: " + to_json({"text": text}) + b"\n\n"
                await send({"type": "http.response.body", "body": data, "more_body": True})
            if ended:
                break
        return busy("the model failed") if stream.failed else None

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._stream.left = True
        self._stream.changed.set()
