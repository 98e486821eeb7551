"""One thread per model, with dynamic batching: requests that wait for the same operation are
answered by one call.

One queue per operation, served round-robin in batches of at most MAX_BATCH.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from elman.server.http_errors import overloaded
from elman.server.limits import Limits
from elman.training.precision import exact_products

MAX_BATCH = 64  # requests in one call

Request = TypeVar("Request")
Answer = TypeVar("Answer")
BatchFunction = Callable[[Sequence[Request]], Sequence[Answer | Exception]]
"""Answers several requests, each with its answer or its error; raises where all fail alike."""


class _Pending(NamedTuple):
    request: Any
    future: asyncio.Future[Any]


class Dispatcher:
    """The thread and the queues of one model.

    Args:
        limits: of the requests that may wait, and for how long.
        background: called in the thread again and again, for as long as it returns True.
    """

    def __init__(self, limits: Limits, background: Callable[[], bool] | None = None) -> None:
        self._limits = limits
        self._background = background
        self._queues: OrderedDict[BatchFunction[Any, Any], deque[_Pending]] = OrderedDict()
        self._queued = 0
        self._open = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def queued(self) -> int:
        """Requests without an answer yet."""
        return self._queued

    def start(self) -> None:
        """Start the thread; call it in the event loop that will submit requests."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def submit(self, function: BatchFunction[Request, Answer], request: Request) -> Answer:
        """Answer a request in the thread, batched with others of the same function.

        Raises:
            ApiError: where the queue is full, or after the time limit.
            Exception: the one that `function` raised or returned for this request.
        """
        if self._queued >= self._limits.queued:
            raise overloaded("too many requests wait for this model")
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._queued += 1
        with self._changed:
            self._queues.setdefault(function, deque()).append(_Pending(request, future))
            self._changed.notify()
        timer = self._loop.call_later(self._limits.request_timeout, _time_out, future)
        try:
            return await future
        finally:
            timer.cancel()
            self._queued -= 1

    async def close(self) -> None:
        """Answer the requests that wait, and end the thread."""
        with self._changed:
            self._open = False
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    @exact_products()
    def _run(self) -> None:
        busy = False  # whether there is background work
        while True:
            with self._changed:
                while self._open and not self._queues and not busy:
                    self._changed.wait()
                if not self._queues and not busy:
                    return
                function, batch = self._next_batch()
            if function is not None:
                answers = _answers(function, batch)
                self._loop.call_soon_threadsafe(_deliver, batch, answers)
            busy = self._background is not None and self._background()

    def _next_batch(self) -> tuple[BatchFunction[Any, Any] | None, list[_Pending]]:
        """The next queue's function and its oldest requests, without those given up."""
        if not self._queues:
            return None, []
        function, queue = self._queues.popitem(last=False)
        batch = [queue.popleft() for _ in range(min(MAX_BATCH, len(queue)))]
        if queue:
            self._queues[function] = queue
        return function, [each for each in batch if not each.future.done()]


def _answers(function: BatchFunction[Any, Any], batch: list[_Pending]) -> Sequence[Any]:
    """The answer or the error of each request."""
    if not batch:
        return []
    try:
        return function([each.request for each in batch])
    except Exception as error:
        # One invalid request must not fail the others of its batch.
        return [error] if len(batch) == 1 else [_answers(function, [each])[0] for each in batch]


def _deliver(batch: list[_Pending], answers: Sequence[Any]) -> None:
    for pending, answer in zip(batch, answers, strict=True):
        if pending.future.done():
            continue
        if isinstance(answer, Exception):
            pending.future.set_exception(answer)
        else:
            pending.future.set_result(answer)


def _time_out(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_exception(overloaded("the request timed out"))
