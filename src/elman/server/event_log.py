"""The event log of a training: bounded, and replayable from any event.

The trainer appends and never waits; readers, in another thread, ask for the events after the last
one they have. Steps are collected in buckets of a quarter of a second; where there are too many
buckets, neighbours are merged. Validations and the like are events of their own.
"""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic_core import to_json

from elman.training.events import Event, Finished, Progress, RolledBack, Validated

MAX_BUCKETS = 1_000
MAX_EVENTS = 400  # besides buckets, and the first one, which describes the run
BUCKET_SECONDS = 0.25


class LogEvent(NamedTuple):
    """An event of the log.

    Attributes:
        number: counts the events, from 1.
        kind: `run`, `progress` (a bucket), `validated`, `rolled_back`, `finished` or `ended`.
        data: plain data.
    """

    number: int
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Bucket:
    """Several steps as one.

    Args:
        number: of the event.
        last: the last of the steps.
        steps: how many.
        loss: the mean loss of the steps.
    """

    number: int
    last: Progress
    steps: int
    loss: float

    def merged(self, later: Bucket) -> Bucket:
        """This bucket and a later one, at the later one's number."""
        steps = self.steps + later.steps
        loss = (self.loss * self.steps + later.loss * later.steps) / steps
        return Bucket(later.number, later.last, steps, loss)

    def event(self) -> LogEvent:
        data = dataclasses.asdict(self.last) | {"loss": self.loss, "steps": self.steps}
        return LogEvent(self.number, "progress", data)


class EventLog:
    """The log of one run.

    Args:
        run: describes it; the data of the first event.

    Attributes:
        id: of the run.
        ended: whether the last event is there.
    """

    def __init__(self, run: dict[str, Any]) -> None:
        self.id = secrets.token_hex(4)
        self.ended = False
        self._lock = threading.Lock()
        self._first = LogEvent(1, "run", run)
        self._buckets: list[Bucket] = []
        self._events: deque[LogEvent] = deque(maxlen=MAX_EVENTS)
        self._number = 1
        self._bucket_seconds = BUCKET_SECONDS
        self._last = Progress(0, 0.0, 0, 0.0, 0.0, 0.0)
        self._steps, self._loss_sum, self._closed = 0, 0.0, -BUCKET_SECONDS

    def record(self, event: Event) -> None:
        """Append an event of the trainer; the previews of a validation are computed at once."""
        match event:
            case Progress():
                if event.phase != self._last.phase:
                    self._close_bucket()
                self._last = event
                self._steps, self._loss_sum = self._steps + 1, self._loss_sum + event.loss
                if event.seconds - self._closed >= self._bucket_seconds:
                    self._close_bucket()
            case Validated():
                baseline = event.baseline()
                names = ("loss", "best", "step", "in_sample")
                self.append(
                    "validated",
                    **{name: getattr(event, name) for name in names},
                    baseline=None if baseline is None else dataclasses.asdict(baseline),
                    previews=[dataclasses.asdict(each) for each in event.samples()],
                )
            case RolledBack():
                self.append("rolled_back", **dataclasses.asdict(event))
            case Finished():
                self.append("finished", **dataclasses.asdict(event))

    def append(self, kind: str, **data: Any) -> None:
        self._close_bucket()
        now = {name: getattr(self._last, name) for name in ("seconds", "done", "phase")}
        with self._lock:
            self._number += 1
            self._events.append(LogEvent(self._number, kind, now | data))

    def end(self, **data: Any) -> None:
        """Append the last event."""
        self.append("ended", **data)
        self.ended = True

    def after(self, number: int, limit: int = 100) -> list[LogEvent]:
        """The next events, at most `limit`, after the one of this number (0: from the first)."""
        with self._lock:
            buckets, events = self._buckets[:], [self._first, *self._events]
        found = [each for each in events if each.number > number]
        found += [each.event() for each in buckets if each.number > number]
        return sorted(found, key=lambda event: event.number)[:limit]

    def encode(self, event: LogEvent) -> bytes:
        """An event as a server-sent event."""
        data = to_json(event.data, inf_nan_mode="null")
        head = f"id: {self.id}.{event.number}\nevent: {event.kind}\ndata: ".encode()
        return head + data + b"\n\n"

    def _close_bucket(self) -> None:
        """Append the steps since the last bucket as one."""
        if not self._steps:
            return
        loss = self._loss_sum / self._steps
        self._closed = self._last.seconds
        with self._lock:
            self._number += 1
            self._buckets.append(Bucket(self._number, self._last, self._steps, loss))
            if len(self._buckets) > MAX_BUCKETS:
                self._buckets = _merged_pairs(self._buckets)
                self._bucket_seconds *= 2
        self._steps, self._loss_sum = 0, 0.0


def _merged_pairs(buckets: list[Bucket]) -> list[Bucket]:
    """Every two neighbours of a phase merged."""
    merged: list[Bucket] = []
    for index, bucket in enumerate(buckets):
        if index % 2 and merged[-1].last.phase == bucket.last.phase:
            merged[-1] = merged[-1].merged(bucket)
        else:
            merged.append(bucket)
    return merged
