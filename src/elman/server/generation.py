"""Texts generated for several clients at once, one token of each in turn."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

from elman.decoding.batched_generation import ContinuedText
from elman.decoding.sampling import Sampling
from elman.server.http_errors import overloaded
from elman.server.limits import Limits
from elman.server.schemas import GenerateRequest

_log = logging.getLogger("elman.server")


class TokenStream:
    """The text still to be sent to one client: the model's thread adds, the event loop takes.

    Attributes:
        pieces: texts of tokens.
        changed: set when there are pieces, or the text has ended.
        ended: whether the text is complete.
        failed: whether it ended because generation failed.
        abandoned: whether the client has gone.
    """

    def __init__(self) -> None:
        self.pieces: deque[str] = deque()
        self.changed = asyncio.Event()
        self.ended = self.failed = self.abandoned = False

    def take(self) -> str:
        """All the text that was generated since the last call."""
        return "".join([self.pieces.popleft() for _ in range(len(self.pieces))])


class GenerationBatcher:
    """Generates all texts of one model in one batch.

    Args:
        model: one that generates text.
        limits: of texts at the same time.

    Attributes:
        tokens: generated so far.
    """

    def __init__(self, model: Any, limits: Limits) -> None:
        self._model, self._limits = model, limits
        self._generator = model.together()
        self._streams: dict[ContinuedText, TokenStream] = {}
        self._changed: deque[TokenStream] = deque()
        self._notified = False  # whether the event loop will process `_changed`
        self.tokens = 0

    @property
    def active(self) -> int:
        """Texts being generated."""
        return len(self._streams)

    def start(self) -> None:
        """Call it in the event loop that sends the texts."""
        self._loop = asyncio.get_running_loop()

    def begin(
        self, requests: Sequence[tuple[GenerateRequest, TokenStream]]
    ) -> list[Exception | None]:
        """Read the prompts; runs in the model's thread, as `step` does."""
        return [self._begin(*each) for each in requests]

    def _begin(self, request: GenerateRequest, stream: TokenStream) -> Exception | None:
        if self.active >= self._limits.generations:
            return overloaded("too many texts are being generated")
        if stream.abandoned:
            return None
        sampling = Sampling(
            request.temperature,
            request.top_k,
            request.top_p,
            request.min_p,
            request.repetition_penalty,
        )
        begun = self._generator.begin(
            request.prompt,
            length=request.length,
            sampling=sampling,
            stop=request.stop,
            seed=request.seed,
        )
        self._streams[begun] = stream
        return None

    def step(self) -> bool:
        """Generate a token of each text; returns whether there are more to generate."""
        for text in [each for each, stream in self._streams.items() if stream.abandoned]:
            text.left = 0
            del self._streams[text]
        try:
            written = self._generator.round()
        except Exception:
            _log.exception("generation failed")
            self._fail()
            return False
        self.tokens += len(written)
        for text, piece, ends in written:
            stream = self._streams.get(text)
            if stream is None:
                continue
            if piece:
                stream.pieces.append(piece)
            if ends:
                stream.ended = True
                del self._streams[text]
            if piece or ends:
                self._notify(stream)
        busy: bool = self._generator.busy
        return busy

    def _fail(self) -> None:
        """An internal error ends all texts, and not the thread."""
        self._generator = self._model.together()
        for stream in self._streams.values():
            stream.ended = stream.failed = True
            self._notify(stream)
        self._streams.clear()

    def _notify(self, stream: TokenStream) -> None:
        self._changed.append(stream)
        if not self._notified:
            self._notified = True
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        """In the event loop: one call for all tokens since the last."""
        self._notified = False
        while self._changed:
            self._changed.popleft().changed.set()
