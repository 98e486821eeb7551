"""Trainings that are killed and resumed again and again end as if nobody had disturbed them."""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import elman
from elman.bundle import Bundle, open_bundle
from elman.training import trainer
from kills.processes import Command

STEPS = 40
SNAPSHOTS = 5  # steps between two checkpoints
MOST_KILLS = 8  # of one training, which is then left to end
SLOWEST = 0.004  # seconds from the beginning of a write to the kill: some are half done

DATA: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "classify": (
        "reviews.csv",
        "text,label\n" + "warm and funny,good\ncold and dull,bad\nso warm a film,good\n" * 40,
        ("--tokenizer", "word"),
    ),
    "tag": (
        "words.conll",
        "the DET\ncat NOUN\nsat VERB\n\na DET\nwarm ADJ\nbird NOUN\nsang VERB\n\n" * 30,
        (),
    ),
    "language": ("tale.txt", "the cat sat on the mat and a bird sang\n" * 60, ()),
    "translate": (
        "pairs.tsv",
        "".join(f"{each}\t{each.upper()}\n" for each in ("ab", "ba", "aab", "bba", "abab") * 16),
        (),
    ),
}

MOMENTS = (
    *("some step",) * 5,
    *("the first checkpoint", "the next checkpoint") * 2,
    *("the save", "the save with scores", "the end of the checkpoint"),
)


def kill_trainings(folder: Path, kills: int, draw: random.Random) -> str:
    """Kill trainings of each task until there were that many kills in all.

    Returns:
        A line with the figures.
    """
    moments: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for number, (task, (name, text, _)) in enumerate(DATA.items()):
        (folder / name).write_text(text, encoding="utf-8")
        begun = time.monotonic()
        undisturbed = folder / f"{task}-undisturbed"
        _train(folder, task, undisturbed, lambda: None)
        seconds = time.monotonic() - begun
        expected = open_bundle(undisturbed)
        until = kills * (number + 1) // len(DATA)
        while moments.total() < until:
            output = folder / f"{task}-{ended[task]}"
            for count in range(MOST_KILLS + 1):
                moment = draw.choice(MOMENTS)
                alarm = (
                    (lambda: None)
                    if count == MOST_KILLS or moments.total() == until
                    else _killer(output, moment, seconds, draw)
                )
                if _train(folder, task, output, alarm):
                    break
                moments[moment] += 1
                _check_after_kill(output, expected)
            _check_end(output, expected)
            ended[task] += 1
            output.unlink()
    where = ", ".join(f"{count} at {moment}" for moment, count in sorted(moments.items()))
    tasks = ", ".join(f"{count} of {task}" for task, count in ended.items())
    return (
        f"{moments.total()} kills ({where}) of {ended.total()} trainings ({tasks}): all models "
        "equal the undisturbed ones bit by bit, no file was half written, and none left behind"
    )


def _train(folder: Path, task: str, output: Path, prepare: Callable[[], None]) -> bool:
    """Train, or go on; whether it came to its end."""
    name, _, options = DATA[task]
    words = ["train", str(folder / name), "-o", str(output), "--task", task, *options]
    words += ["--steps", str(STEPS), "--hidden-size", "8"]
    words += ["--resume"] if _checkpoint(output).exists() else []

    def begin() -> None:
        elman.Classifier.training.__kwdefaults__["checkpoint_seconds"] = 0.0
        trainer.SNAPSHOT_INTERVAL = SNAPSHOTS
        trainer.STEPS_BETWEEN_VALIDATIONS = 2 * SNAPSHOTS
        prepare()

    command = Command(words, folder / "errors", prepare=begin)
    status = command.wait()
    if status not in {0, -signal.SIGKILL}:
        sys.exit(f"{output.name}: the training ended with status {status}: {command.said}")
    return status == 0


def _killer(output: Path, moment: str, seconds: float, draw: random.Random) -> Callable[[], None]:
    """What makes the system kill a process at a moment, or shortly after it.

    Args:
        output: the model file.
        moment: one of MOMENTS.
        seconds: how long an undisturbed training takes.
        draw: of the time.
    """
    if moment == "some step":
        after = draw.uniform(0, 0.9 * seconds)
        return lambda: _kill_after(after)
    after = draw.choice((0, draw.uniform(0, SLOWEST)))
    checkpoint = _checkpoint(output).name
    name, left = {
        "the first checkpoint": (checkpoint, 1),
        "the next checkpoint": (checkpoint, draw.randint(2, 4)),
        "the save": (output.name, 1),
        "the save with scores": (output.name, 2),
        "the end of the checkpoint": (checkpoint, 1),
    }[moment]
    if moment == "the end of the checkpoint":
        event, pattern = "os.remove", re.escape(name)
    else:
        event, pattern = draw.choice(("open", "os.rename")), rf"\.{re.escape(name)}\.\w{{8}}\.part"

    def watch(seen: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        # A check before the training opens such a file by its descriptor, without a mode.
        if seen != event or (event == "open" and arguments[1] is None):
            return
        if re.fullmatch(pattern, Path(os.fsdecode(arguments[0])).name):
            left -= 1
            if left == 0:
                _kill_after(after)

    return lambda: sys.addaudithook(watch)


def _kill_after(seconds: float) -> None:
    if not seconds:
        os.kill(os.getpid(), signal.SIGKILL)
    sys.setswitchinterval(1e-4)
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
    timer.daemon = True
    timer.start()


def _check_after_kill(output: Path, expected: Bundle) -> None:
    """What stands is whole: a checkpoint, and a model that is the undisturbed one already."""
    if output.exists() and not _same(open_bundle(output), expected):
        sys.exit(f"{output.name}: a model stands there that is not the undisturbed one")
    if _checkpoint(output).exists():
        checkpoint = open_bundle(_checkpoint(output))
        checkpoint.arrays(checkpoint.layout)


def _check_end(output: Path, expected: Bundle) -> None:
    found = open_bundle(output)
    if not _same(found, expected):
        sys.exit(f"{output.name}: the weights differ")
    if _facts(found) != _facts(expected):
        sys.exit(f"{output.name}: the file tells of another training")
    left = sorted(each.name for each in output.parent.iterdir() if output.name in each.name)
    if left != [output.name]:
        sys.exit(f"left behind: {left}")


def _facts(bundle: Bundle) -> dict[str, Any]:
    """What the header says, without the time that it took."""
    return {**bundle.about, "training": {**bundle.about["training"], "seconds": None}}


def _same(found: Bundle, expected: Bundle) -> bool:
    """Whether two files hold the same arrays, bit by bit."""
    theirs, ours = (each.arrays(each.layout) for each in (found, expected))
    return found.layout == expected.layout and all(
        np.array_equal(array, theirs[name]) for name, array in ours.items()
    )


def _checkpoint(output: Path) -> Path:
    return output.with_name(f"{output.name}.checkpoint")
