"""Responses over ASGI, sent whole."""

from __future__ import annotations

from starlette.types import Receive, Send

from elman.server.http_errors import ApiError

_JSON = b"application/json"

Headers = list[tuple[bytes, bytes]]


async def send_response(
    send: Send, status: int, body: bytes, headers: Headers | None = None, *, media: bytes = _JSON
) -> None:
    """Send a whole response.

    Args:
        headers: besides its type and length.
        media: the media type of the body.
    """
    size = str(len(body)).encode()
    every = [(b"content-type", media), (b"content-length", size), *(headers or ())]
    await send({"type": "http.response.start", "status": status, "headers": every})
    await send({"type": "http.response.body", "body": body})


async def send_error(send: Send, error: ApiError) -> None:
    headers = [(name.encode(), value.encode()) for name, value in error.headers.items()]
    await send_response(send, error.status, error.body, headers)


async def disconnected(receive: Receive) -> None:
    """Return once the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
