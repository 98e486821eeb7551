"""What a training tells, kept for whoever looks at it: bounded, and told again from any place.

The trainer writes and never waits; readers, in another thread, ask for what came after the last
entry they have. Steps become points: one a quarter of a second, and where these grow too many, two
neighbours become one. Validations and the like are notes.
"""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections import deque
from typing import Any, NamedTuple

from pydantic_core import to_json

from elman.training.events import Event, Finished, Progress, RolledBack, Validated

POINTS = 1_000  # of the curve, at most
NOTES = 400  # at most; the first of them, which says what the run is, stays
EVERY = 0.25  # seconds between two points


class Entry(NamedTuple):
    """Something that was told.

    Attributes:
        number: of all that was told, from 1 on.
        kind: `run`, `progress`, `validated`, `stepped_back`, `finished` or `ended`.
    """

    number: int
    kind: str
    data: dict[str, Any]


class Account:
    """Of one run.

    Args:
        about: what is told first, as `run`.
    """

    def __init__(self, about: dict[str, Any]) -> None:
        self.run = secrets.token_hex(4)
        self.ended = False
        self._lock = threading.Lock()
        self._first = Entry(1, "run", about)
        self._points: list[Entry] = []
        self._notes: deque[Entry] = deque(maxlen=NOTES)
        self._number = 1
        self._every = EVERY
        self._now = Progress(0, 0.0, 0, 0.0, 0.0, 0.0)
        self._steps, self._losses, self._told = 0, 0.0, -EVERY

    def tell(self, event: Event) -> None:
        """What the training says; of a validation its samples are asked for at once."""
        match event:
            case Progress():
                if event.phase != self._now.phase:
                    self._point()
                self._now = event
                self._steps, self._losses = self._steps + 1, self._losses + event.loss
                if event.seconds - self._told >= self._every:
                    self._point()
            case Validated():
                baseline = event.baseline()
                samples = [dataclasses.asdict(each) for each in event.samples()]
                beside = None if baseline is None else dataclasses.asdict(baseline)
                names = ("loss", "best", "step", "in_sample")
                told = {name: getattr(event, name) for name in names}
                self.note("validated", **told, baseline=beside, samples=samples)
            case RolledBack() | Finished():
                kind = "finished" if isinstance(event, Finished) else "stepped_back"
                self.note(kind, **dataclasses.asdict(event))

    def note(self, kind: str, **data: Any) -> None:
        self._point()
        now = {name: getattr(self._now, name) for name in ("seconds", "done", "phase")}
        with self._lock:
            self._number += 1
            self._notes.append(Entry(self._number, kind, now | data))

    def end(self, **data: Any) -> None:
        """The last note: nothing comes after it."""
        self.note("ended", **data)
        self.ended = True

    def after(self, number: int, most: int = 100) -> list[Entry]:
        """The next entries after the one of this number."""
        with self._lock:
            every = [self._first, *self._points, *self._notes]
        found = [entry for entry in every if entry.number > number]
        return sorted(found, key=lambda entry: entry.number)[:most]

    def _point(self) -> None:
        """The steps since the last point, as one: their mean loss."""
        if not self._steps:
            return
        data = dataclasses.asdict(self._now)
        data |= {"loss": self._losses / self._steps, "steps": self._steps}
        self._told = self._now.seconds
        self._steps, self._losses = 0, 0.0
        with self._lock:
            self._number += 1
            self._points.append(Entry(self._number, "progress", data))
            if len(self._points) > POINTS:
                self._points = _halved(self._points)
                self._every *= 2


def _halved(points: list[Entry]) -> list[Entry]:
    """Two neighbours of a phase as one, where the later was told."""
    found: list[Entry] = []
    for number, point in enumerate(points):
        before = found[-1].data if number % 2 else None
        if before is None or before["phase"] != point.data["phase"]:
            found.append(point)
            continue
        steps = before["steps"] + point.data["steps"]
        whole = before["loss"] * before["steps"] + point.data["loss"] * point.data["steps"]
        found[-1] = point._replace(data=point.data | {"loss": whole / steps, "steps": steps})
    return found


def sent(account: Account, entry: Entry) -> bytes:
    """An entry as a server-sent event."""
    data = to_json(entry.data, inf_nan_mode="null")
    head = f"id: {account.run}.{entry.number}\nevent: {entry.kind}\ndata: ".encode()
    return head + data + b"\n\n"
