"""Texts that are written for several clients at once, each sent on token by token."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from elman.decoding.batched_generation import ContinuedText
from elman.decoding.sampling import Sampling
from elman.server.limits import Limits
from elman.server.refusals import busy
from elman.server.schemas import ToGenerate
from elman.tasks.language_modeling.model import LanguageModel

_log = logging.getLogger("elman.server")


class Stream:
    """What one client has still to be sent. The model's thread adds, the event loop takes.

    Attributes:
        ended: whether all is written; failed: whether that was not the text's own end.
        left: whether the client has gone.
    """

    def __init__(self) -> None:
        self.pieces: deque[str] = deque()
        self.changed = asyncio.Event()
        self.ended = self.failed = self.left = False

    def take(self) -> str:
        """All that was written since."""
        return "".join([self.pieces.popleft() for _ in range(len(self.pieces))])


class Writers:
    """Of one model."""

    def __init__(self, model: LanguageModel, limits: Limits) -> None:
        self._model, self._limits = model, limits
        self._together = model.together()
        self._streams: dict[ContinuedText, Stream] = {}
        self._changed: deque[Stream] = deque()
        self._told = False  # whether the event loop is going to look at them
        self._loop = asyncio.get_running_loop()
        self.tokens = 0  # written so far

    @property
    def writing(self) -> int:
        """Texts that are being written."""
        return len(self._streams)

    def begin(self, given: Sequence[tuple[ToGenerate, Stream]]) -> list[Exception | None]:
        """Read the prompts; runs in the model's thread, as `round` does."""
        return [self._begin(*each) for each in given]

    def _begin(self, asked: ToGenerate, stream: Stream) -> Exception | None:
        if self.writing >= self._limits.writing:
            return busy("too many texts are being written")
        if stream.left:
            return None
        sampling = Sampling(
            asked.temperature, asked.top_k, asked.top_p, asked.min_p, asked.repetition_penalty
        )
        begun = self._together.begin(
            asked.prompt, length=asked.length, sampling=sampling, stop=asked.stop, seed=asked.seed
        )
        self._streams[begun] = stream
        return None

    def round(self) -> bool:
        """Write a token of each; whether there is more to write."""
        for continuation in [each for each, stream in self._streams.items() if stream.left]:
            continuation.left = 0
            del self._streams[continuation]
        try:
            written = self._together.round()
        except Exception:
            _log.exception("writing failed")
            self._fail()
            return False
        self.tokens += len(written)
        for continuation, text, ends in written:
            stream = self._streams.get(continuation)
            if stream is None:
                continue
            if text:
                stream.pieces.append(text)
            if ends:
                stream.ended = True
                del self._streams[continuation]
            if text or ends:
                self._tell(stream)
        return self._together.busy

    def _fail(self) -> None:
        """A fault of ours ends all texts, and not the thread."""
        self._together = self._model.together()
        for stream in self._streams.values():
            stream.ended = stream.failed = True
            self._tell(stream)
        self._streams.clear()

    def _tell(self, stream: Stream) -> None:
        self._changed.append(stream)
        if not self._told:
            self._told = True
            self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        """In the event loop: however many tokens there were meanwhile, one call."""
        self._told = False
        while self._changed:
            self._changed.popleft().changed.set()
