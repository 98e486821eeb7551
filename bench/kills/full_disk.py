"""Commands that write to a disk that is full, or full in the middle of a write.

The disk is a small tmpfs of which some pages are left free: with more and more room, each write of
a command is the one that fails. Mounting needs root.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import elman
from elman.bundle import open_bundle
from elman.export import write_onnx
from elman.keyboard import Keyboard, open_memory, save_memory
from kills.processes import TEXT, Command
from kills.servers import LETTERS, Server, save_model
from kills.trainings import DATA

SIZE = 16 * 2**20
PAGE = 4096
STEPS = 30  # of a session at a time


class Disk:
    """A file system of its own.

    Args:
        folder: where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.filler = folder, folder / "filler"

    def leave(self, room: int) -> None:
        """Fill it but for so many bytes."""
        self.filler.unlink(missing_ok=True)
        state = os.statvfs(self.folder)
        with self.filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, state.f_bavail * state.f_frsize - room))

    def files(self) -> dict[Path, bytes]:
        """What stands there."""
        return {
            path: path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path != self.filler
        }


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """A disk, which is there until the end of the block.

    Raises:
        OSError: it cannot be mounted.
    """
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr.strip())
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Case(NamedTuple):
    """A command that writes.

    Attributes:
        words: after `elman`.
        standing: files that stand before, and checks that raise unless such a file is whole.
        stdout: the file for its output, which is cut off where the room ends.
        stdin: the file that it reads.
        cache: whether the cache is on the disk too.
        checkpoints: whether a training writes one every 50 steps.
    """

    words: list[str]
    standing: dict[Path, Callable[[Path], object]]
    stdout: Path | None = None
    stdin: str | Path = os.devnull
    cache: bool = False
    checkpoints: bool = False


def fill_disks(folder: Path, amounts: int, draw: random.Random) -> str:
    """Run each case with several amounts of room, from none on.

    Returns:
        A line with the figures, or why there are none.
    """
    pages = (round(1.7**each + draw.random()) for each in range(amounts - 1))
    rooms = [0, *sorted(PAGE * each for each in pages)]
    try:
        with mounted(folder / "disk") as disk:
            failed = whole = 0
            for name, case in cases(folder, disk.folder).items():
                for room in rooms:
                    if run_case(name, case, disk, room, folder):
                        whole += 1
                        break
                    failed += 1
            sessions = fill_under_sessions(folder, disk)
    except (OSError, FileNotFoundError) as error:
        if "mount" not in str(error):
            raise
        return f"not tried on a full disk: {error}"
    return (
        f"{failed + whole} writes to a small disk, {failed} of them stopped for want of room, each "
        f"in one line with status 1 and what stood before whole; {sessions}"
    )


def cases(folder: Path, disk: Path) -> dict[str, Case]:
    """Every kind of file that a command writes."""
    old = folder / "old.safetensors"
    elman.LanguageModel(tokenizer="word", hidden_size=16, steps=2).fit(TEXT).save(old)
    reviews = folder / "reviews.safetensors"
    elman.Classifier(hidden_size=8, steps=2).fit(["warm", "cold"] * 8, ["a", "b"] * 8).save(reviews)
    sold = folder / "sold.safetensors"
    wave = [100 + step + 20 * math.sin(step * math.pi / 6) for step in range(80)]
    elman.Forecaster(hidden_size=4, steps=2).fit(wave).save(sold)
    memory = disk / "memory.json"
    keyboard = Keyboard(elman.load(old))
    keyboard.type("the cat sat on a mat\n" * 3)
    save_memory(keyboard.memory, memory)
    graph, plot = disk / "graph.onnx", disk / "plot.svg"
    write_onnx(old, graph)
    plot.write_text("<svg></svg>", encoding="utf-8")
    long = folder / "long.txt"
    long.write_text("warm\n" * 20_000, encoding="utf-8")
    found = {}
    for task, more in (
        ("tag", {}),
        ("translate", {}),
        ("classify", {"checkpoints": True}),
        ("language", {"checkpoints": True}),
        ("language", {"cache": True}),
    ):
        name, text, options = DATA[task]
        (folder / name).write_text(text, encoding="utf-8")
        model = disk / f"{task}.safetensors"
        model.write_bytes(old.read_bytes())
        words = ["train", str(folder / name), "-o", str(model), "--task", task, *options]
        words += ["--steps", "60", "--hidden-size", "8"]
        found[" ".join(["train", task, *more])] = Case(words, {model: check_model}, **more)
    graph_words = ["export", str(old), "--onnx", str(graph)]
    plot_words = ["predict", str(sold), "--plot", str(plot)]
    memory_words = ["type", str(old), "--memory", str(memory), "--forget", "cat"]
    name = {"predict": "answers.txt", "predict --json": "answers.json"}
    return {
        **found,
        "export --onnx": Case(graph_words, {graph: check_graph}),
        "export --web": Case(["export", str(old), "--web", str(disk / "page")], {}),
        "predict --plot": Case(plot_words, {plot: check_plot}),
        **{
            words: Case([*words.split(), str(reviews), str(long)], {}, stdout=disk / file)
            for words, file in name.items()
        },
        "type --memory": Case(memory_words, {memory: open_memory}),
        "peek": Case(["peek", "-"], {}, stdin=long),
        "serve": Case(["serve", str(old), "--host", "no.such.host"], {}),
    }


def check_model(path: Path) -> None:
    bundle = open_bundle(path)
    bundle.arrays(bundle.layout)


def check_graph(path: Path) -> None:
    import onnx

    onnx.checker.check_model(onnx.load(path))


def check_plot(path: Path) -> None:
    if not path.read_text(encoding="utf-8").strip().endswith("</svg>"):
        raise ValueError("the plot is cut off")


def run_case(name: str, case: Case, disk: Disk, room: int, folder: Path) -> bool:
    """Run a command with some room; whether that was enough."""
    for left in ("page", "cache"):
        shutil.rmtree(disk.folder / left, ignore_errors=True)
    before = disk.files()
    disk.leave(room)

    def prepare() -> None:
        os.environ["TMPDIR"] = tempfile.tempdir = str(disk.folder)
        if case.cache:
            os.environ["ELMAN_CACHE"] = str(disk.folder / "cache")
        if case.checkpoints:
            elman.Classifier.training.__kwdefaults__["checkpoint_seconds"] = 0.0

    output = case.stdout or os.devnull
    errors = folder / "errors"
    command = Command(case.words, errors, prepare=prepare, stdin=case.stdin, stdout=output)
    status, lines = command.wait(), command.said.splitlines()
    where = f"{name} with {room:,} bytes of room"
    ours = [line for line in lines if line.startswith("elman: ")]
    if status not in {0, 1} or (status == 1 and ours != lines[-1:]):
        sys.exit(f"{where}: status {status}, {lines}")
    after = disk.files()
    for path in before.keys() | after.keys():
        if path in case.standing:
            case.standing[path](path)
        elif path.suffix == ".checkpoint":
            check_model(path)
            path.unlink()
        elif path in before and path != case.stdout and before[path] != after.get(path):
            sys.exit(f"{where}: it changed {path}")
        elif path.suffix == ".part" or ".unfinished-" in str(path):
            sys.exit(f"{where}: it left {path}")
    return status == 0


def fill_under_sessions(folder: Path, disk: Disk) -> str:
    """Fill the disk of a server's sessions; it answers, and stores them once there is room."""
    model, database = save_model(folder), disk.folder / "sessions.db"
    disk.leave(SIZE // 2)
    server = Server(model, database)
    session = server.post()["session"]
    take_steps(server, session, 0)
    time.sleep(2)  # it is stored by then
    disk.leave(0)
    take_steps(server, session, STEPS)
    add_sessions(server)
    time.sleep(3)
    said = server.command.said.removeprefix(server.started).splitlines()
    if len(said) != 1 or "could not be stored" not in said[0]:
        sys.exit(f"the disk of the sessions is full: {said}")
    disk.leave(SIZE // 2)
    time.sleep(3)
    server.kill()
    server = Server(model, database)
    server.check_state(session, 2 * STEPS)
    time.sleep(2)
    disk.leave(0)
    take_steps(server, session, 2 * STEPS + 1)
    add_sessions(server)
    os.kill(server.command.pid, signal.SIGTERM)
    status, last = server.command.wait(60), server.command.said.splitlines()[-1:]
    if status != 1 or not last[0].startswith(f"elman: {database}: "):
        sys.exit(f"a server ended on a full disk: status {status}, {server.command.said}")
    disk.leave(SIZE // 2)
    server = Server(model, database)
    server.check_state(session, server.steps(session))
    server.kill()
    return "sessions answered on a full disk, and were stored once there was room"


def take_steps(server: Server, session: str, first: int) -> None:
    """Step a session by a letter each time."""
    for step in range(first, first + STEPS):
        server.post(f"/{session}/step", text=LETTERS[step % len(LETTERS)])


def add_sessions(server: Server) -> None:
    """More than the pages of the file have room for."""
    for _ in range(200):
        server.post(f"/{server.post()['session']}/step", text=LETTERS)
