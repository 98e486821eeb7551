"""One thread for one model, and what waits for it: requests that wait together are answered
together.

Lines are kept by the work that is to be done; each in turn has what waits in it answered, at most
TOGETHER at once, so that none keeps another waiting for long.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from elman.server.limits import Limits
from elman.server.refusals import busy
from elman.training.precision import exact_products

TOGETHER = 64  # requests that one call of the model answers

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Work = Callable[[Sequence[Item]], Sequence[Answer | Exception]]


class _Job(NamedTuple):
    item: Any
    future: asyncio.Future[Any]


class Desk:
    """Where one model is asked.

    Args:
        limits: of how much may wait, and for how long.
        rounds: called in the thread again and again, while it answers that there is more to do.
    """

    def __init__(self, limits: Limits, rounds: Callable[[], bool] | None = None) -> None:
        self._limits = limits
        self._rounds = rounds
        self._lines: OrderedDict[Work[Any, Any], deque[_Job]] = OrderedDict()
        self._waiting = 0
        self._open = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Requests that are not answered yet."""
        return self._waiting

    async def ask(self, work: Work[Item, Answer], item: Item) -> Answer:
        """What the work makes of the item.

        Raises:
            RefusedError: where too much waits already, or it takes too long.
        """
        if self._waiting >= self._limits.waiting:
            raise busy("too many requests wait for this model")
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting += 1
        with self._changed:
            self._lines.setdefault(work, deque()).append(_Job(item, future))
            self._changed.notify()
        timer = self._loop.call_later(self._limits.seconds, _give_up, future)
        try:
            return await future
        finally:
            timer.cancel()
            self._waiting -= 1

    async def close(self) -> None:
        """Answer what waits, and end."""
        with self._changed:
            self._open = False
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    @exact_products()
    def _run(self) -> None:
        going = False  # whether there are rounds to do
        while True:
            with self._changed:
                while self._open and not self._lines and not going:
                    self._changed.wait()
                if not self._lines and not going:
                    return
                work, jobs = self._next()
            if work is not None:
                found = _answers(work, jobs)
                self._loop.call_soon_threadsafe(_hand_out, jobs, found)
            going = self._rounds is not None and self._rounds()

    def _next(self) -> tuple[Work[Any, Any] | None, list[_Job]]:
        """The first line's work, and what waits for it, without those who have gone."""
        if not self._lines:
            return None, []
        work, line = self._lines.popitem(last=False)
        jobs = [line.popleft() for _ in range(min(TOGETHER, len(line)))]
        if line:
            self._lines[work] = line
        return work, [job for job in jobs if not job.future.done()]


def one_by_one(ask: Callable[[Item], Answer], given: Sequence[Item]) -> list[Answer | Exception]:
    """Of work that is done for each alone: an error is an answer too, so that what others asked for
    beside it is not done twice."""
    return [_or_error(ask, item) for item in given]


def _or_error(ask: Callable[[Item], Answer], item: Item) -> Answer | Exception:
    try:
        return ask(item)
    except Exception as error:
        return error


def _answers(work: Work[Any, Any], jobs: list[_Job]) -> Sequence[Any]:
    """An answer for each, or the error that it is one's own fault."""
    if not jobs:
        return []
    try:
        return work([job.item for job in jobs])
    except Exception as error:
        # One bad request among several must not be the others' refusal.
        return [error] if len(jobs) == 1 else [_answers(work, [job])[0] for job in jobs]


def _hand_out(jobs: list[_Job], found: Sequence[Any]) -> None:
    for job, answer in zip(jobs, found, strict=True):
        if job.future.done():
            continue
        if isinstance(answer, Exception):
            job.future.set_exception(answer)
        else:
            job.future.set_result(answer)


def _give_up(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_exception(busy("it took too long"))
