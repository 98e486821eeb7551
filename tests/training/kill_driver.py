"""Train one model twice, uninterrupted and killed repeatedly; test_kills.py runs this.

    python kill_driver.py FOLDER SEED

Writes FOLDER/plain, FOLDER/killed and FOLDER/report.json. Each attempt is a process forked from
this one, so that torch is imported only once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import struct
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import torch

from elman.data.cache import Cache
from elman.tasks.language_modeling.model import LanguageModel
from elman.training.events import Progress

STEPS = 300
KILLS = ["at once", *["steps", "write"] * 4, "steps"]
SLOW_DISK = 0.02  # seconds a flush, so that a kill can happen during one


def text() -> str:
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefgh", k=draw.randint(1, 6))) for _ in range(60)]
    return "".join(draw.choice(words) + draw.choice("   ,\n") for _ in range(300))


def train(folder: Path, name: str, pipe: int) -> None:
    torch.set_num_threads(1)
    flush = os.fsync

    def slow(descriptor: int) -> None:
        time.sleep(SLOW_DISK)
        flush(descriptor)

    os.fsync = slow
    model = LanguageModel(hidden_size=8, layers=1, dropout=0.3, steps=STEPS)
    events = model.training(
        text(),
        cache=Cache(folder / "cache"),
        checkpoint=folder / name / "checkpoint",
        checkpoint_seconds=0,
    )
    for event in events:
        if isinstance(event, Progress):
            os.write(pipe, struct.pack("<i", event.step))
    model.save(folder / name / "model")


def attempt(folder: Path, name: str, kill: str | None, draw: random.Random) -> dict[str, Any]:
    """Run one process, killed as `kill` says, and describe its end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            train(folder, name, writing)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    steps: list[int] = []
    if kill == "at once":
        time.sleep(draw.uniform(0, 0.05))
    elif kill is not None:
        _follow(reading, steps, until=draw.randint(5, 70))
        if kill == "steps":
            time.sleep(draw.uniform(0, 0.004))
        else:
            _wait_for_a_write(folder / name)
            time.sleep(draw.uniform(0, SLOW_DISK))
    if kill is not None:
        os.kill(child, signal.SIGKILL)
    _follow(reading, steps)
    os.close(reading)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {
        "kill": kill,
        "status": status,
        "first": steps[0] if steps else None,
        "last": steps[-1] if steps else None,
        "in a write": [part.name for part in (folder / name).glob(".*.part")],
    }


def _follow(reading: int, steps: list[int], until: int | None = None) -> None:
    """Read the steps that the child reports, until there are `until` or it ends."""
    while until is None or len(steps) < until:
        data = os.read(reading, 4)
        if not data:
            return
        steps.append(struct.unpack("<i", data)[0])


def _wait_for_a_write(folder: Path) -> None:
    old = set(folder.glob(".*.part"))
    limit = time.monotonic() + 5
    while set(folder.glob(".*.part")) <= old and time.monotonic() < limit:
        time.sleep(0.0005)


def main() -> None:
    folder, draw = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    torch.optim.AdamW([torch.zeros(1)])  # the first optimiser imports much of torch
    report = {}
    for name, kills in (("plain", []), ("killed", KILLS)):
        (folder / name).mkdir()
        report[name] = [attempt(folder, name, kill, draw) for kill in [*kills, None]]
    (folder / "report.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
