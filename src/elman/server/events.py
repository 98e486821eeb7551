"""A text as it is generated, in server-sent events (WHATWG, HTML Living Standard, section 9.2).

    data: {"text": "Once"}
    event: end
    data: {}

A client that reads slowly gets several tokens in one event; `event: error` ends a text that failed
or timed out.
"""

from __future__ import annotations

import asyncio

from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from elman.server.generation import TokenStream
from elman.server.http_errors import ApiError, overloaded
from elman.server.responses import disconnected

EVENT_STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class GenerationEvents:
    """The response that sends a stream.

    Args:
        seconds: until it ends with an error.
    """

    def __init__(self, stream: TokenStream, seconds: float) -> None:
        self._stream, self._seconds = stream, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        watching = asyncio.create_task(self._watch(receive))
        try:
            await send(
                {"type": "http.response.start", "status": 200, "headers": EVENT_STREAM_HEADERS}
            )
            try:
                async with asyncio.timeout(self._seconds):
                    error = await self._send_text(send)
            except TimeoutError:
                error = overloaded("the request timed out")
            if not self._stream.abandoned:
                last = b"event: end\ndata: {}\n\n"
                if error is not None:
                    last = b"event: error\ndata: " + error.body + b"\n\n"
                await send({"type": "http.response.body", "body": last})
        finally:
            self._stream.abandoned = True
            watching.cancel()

    async def _send_text(self, send: Send) -> ApiError | None:
        """Send until the text ends or the client goes; the error, if generation failed."""
        stream = self._stream
        while not stream.abandoned:
            await stream.changed.wait()
            stream.changed.clear()
            ended = stream.ended  # read first: all pieces are there by then
            text = stream.take()
            if text:
                data = b"data: " + to_json({"text": text}) + b"\n\n"
                await send({"type": "http.response.body", "body": data, "more_body": True})
            if ended:
                break
        return overloaded("generation failed") if stream.failed else None

    async def _watch(self, receive: Receive) -> None:
        await disconnected(receive)
        self._stream.abandoned = True
        self._stream.changed.set()
