"""A training over HTTP: its page at /, and what it tells at /events, in server-sent events.

    id: 5f0c2a91.7
    event: validated
    data: {"loss": 1.53, "best": true, "step": 400, "samples": [...], ...}

Who comes late is told everything from the beginning; who was cut off, and says so by Last-Event-ID,
what came since.
"""

from __future__ import annotations

import asyncio
import time

from starlette.types import Receive, Scope, Send

from elman.server.account import Account, sent
from elman.server.direct import respond
from elman.server.events import HEADERS

_LOOKED = 0.2  # seconds between two looks at the account: the trainer need not wake anybody
_SILENT = 15.0  # seconds until something is sent, or what stands between would hang up


class Telling:
    """The answer that tells a training until it has ended."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await respond(send, 200, b"")
            return
        number = self._reached(dict(scope["headers"]).get(b"last-event-id", b""))
        gone = asyncio.create_task(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await _send(send, b"retry: 1000\n\n")
            await self._tell(send, gone, number)
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

    async def _tell(self, send: Send, gone: asyncio.Task[None], number: int) -> None:
        spoken = time.monotonic()
        while not gone.done():
            ended = self._account.ended  # asked first: by then all is told that ever will be
            entries = self._account.after(number)
            if entries:
                # One by one: a reader who takes nothing holds no more than one of them.
                for entry in entries:
                    await _send(send, sent(self._account, entry))
                number, spoken = entries[-1].number, time.monotonic()
            elif ended:
                return
            else:
                await asyncio.wait([gone], timeout=_LOOKED)
                if time.monotonic() - spoken > _SILENT:
                    await _send(send, b":\n\n")
                    spoken = time.monotonic()

    def _reached(self, told: bytes) -> int:
        """The number of the last entry that a reader has; 0 where that was of another run."""
        run, _, number = told.decode("latin-1").partition(".")
        known = run == self._account.run and number.isdecimal() and len(number) < 16
        return int(number) if known else 0


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
