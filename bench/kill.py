"""Processes killed at random moments: `make kill`.

A training with a number of steps is killed and resumed again and again; its model must equal, bit
by bit, that of a training that nobody disturbed. A server that stores its sessions in SQLite is
killed while a session steps; after a restart the session must be one that it was in the last
seconds, and the file must be sound.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import torch
from safetensors.torch import load_file

import elman
from elman.cli import main as elman_command

STEPS = 400
ROWS = "text,label\n" + "warm and funny,good\ncold and dull,bad\nso warm a film,good\n" * 60
TEXT = "the cat sat on the mat\n" * 100
LAG_SECONDS = 3.0  # that a killed server may lose; it writes every second
LETTERS = "the cat sat on the mat "


def run_command(words: list[str]) -> None:
    """Run a command in this process, a new one, silently."""
    torch.set_num_threads(1)
    elman.Classifier.training.__kwdefaults__["checkpoint_seconds"] = 0.0
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    elman_command(words)


def run_training(output: Path, kill_after: float | None) -> bool:
    """Train, or go on, until the end or for some seconds; whether it came to the end."""
    context = multiprocessing.get_context("fork")
    checkpoint = output.with_name(f"{output.name}.checkpoint")
    words = ["train", str(output.with_name("data.csv")), "-o", str(output), "--steps", str(STEPS)]
    words += ["--hidden-size", "16", *(["--resume"] if checkpoint.exists() else [])]
    process = context.Process(target=run_command, args=(words,))
    process.start()
    process.join(kill_after)
    if process.is_alive():
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        return False
    if process.exitcode != 0:
        sys.exit(f"the training ended with status {process.exitcode}")
    return True


def same_weights(first: Path, second: Path) -> bool:
    expected, found = load_file(first), load_file(second)
    return expected.keys() == found.keys() and all(
        torch.equal(tensor, found[name]) for name, tensor in expected.items()
    )


def kill_trainings(folder: Path, rounds: int, draw: random.Random) -> str:
    (folder / "data.csv").write_text(ROWS, encoding="utf-8")
    begun = time.monotonic()
    run_training(folder / "undisturbed", None)
    seconds = time.monotonic() - begun
    kills = resumed = 0
    for number in range(rounds):
        output = folder / f"killed-{number}"
        # Less than the whole run takes: each is killed until its checkpoint is near the end.
        while not run_training(output, draw.uniform(0, 0.7 * seconds)):
            kills += 1
            resumed += output.with_name(f"{output.name}.checkpoint").exists()
        if not same_weights(folder / "undisturbed", output):
            sys.exit(f"round {number}: the weights differ after {kills} kills")
        left = sorted(each.name for each in folder.iterdir() if output.name in each.name)
        if left != [output.name]:
            sys.exit(f"round {number}: left behind: {left}")
    return (
        f"{rounds} trainings of {STEPS} steps, killed {kills} times (checkpoint there: {resumed}): "
        "all models equal the undisturbed one bit by bit, and nothing was left behind"
    )


class Server:
    """`elman serve` with sessions in a file."""

    def __init__(self, model: Path, database: Path) -> None:
        words = ["serve", str(model), "--port", "0", "--sessions", str(database)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "elman", *words], stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        address = self.process.stderr.readline().rpartition(" at ")[2].strip()
        self.client = httpx.Client(base_url=f"{address}/models/{model.stem}", timeout=30)

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(path, json=body).raise_for_status().json()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.client.close()


def kill_servers(folder: Path, rounds: int, draw: random.Random) -> str:
    model, database = folder / "served.safetensors", folder / "sessions.db"
    elman.LanguageModel(hidden_size=32, steps=10).fit(TEXT).save(model)
    session, steps, earlier, lost = "", 0, 0, []
    for number in range(rounds):
        server = Server(model, database)
        if session:
            restored = server.client.get(f"/sessions/{session}").raise_for_status().json()["steps"]
            if not earlier <= restored <= steps + 1:  # one may be stored that was not answered
                sys.exit(f"round {number}: {restored} steps, not {earlier} to {steps}")
            lost.append(steps - restored)
            steps = restored
            check_state(server, session, steps)
            steps += 1
        else:
            session = server.post("/sessions")["session"]
        timer = threading.Timer(draw.uniform(0.2, 4), server.process.kill)
        timer.start()
        times: list[float] = []
        with contextlib.suppress(httpx.HTTPError):
            while True:
                server.post(f"/sessions/{session}/step", text=LETTERS[steps % len(LETTERS)])
                steps += 1
                times.append(time.monotonic())
        timer.join()
        ended = time.monotonic()
        earlier = steps - sum(ended - each < LAG_SECONDS for each in times)
        server.kill()
        with contextlib.closing(sqlite3.connect(database)) as file:
            (sound,) = file.execute("pragma integrity_check").fetchone()
            (stored,) = file.execute("select count(*) from sessions").fetchone()
        if sound != "ok":
            sys.exit(f"round {number}: the file is damaged: {sound}")
        if not stored and not earlier:  # a session of less than a second may be lost as a whole
            session, steps = "", 0
    return (
        f"a server killed {rounds} times while a session stepped: the file was sound and the state "
        f"that of its steps each time; at most {max(lost, default=0):,} of {steps:,} steps lost"
    )


def check_state(server: Server, session: str, steps: int) -> None:
    """Compare a session's next answer with that of a new session with the same steps."""
    fresh = server.post("/sessions")["session"]
    for start in range(0, steps, 1000):
        letters = [
            LETTERS[index % len(LETTERS)] for index in range(start, min(steps, start + 1000))
        ]
        server.post(f"/sessions/{fresh}/step", text="".join(letters))
    letter = LETTERS[steps % len(LETTERS)]
    answers = [server.post(f"/sessions/{each}/step", text=letter) for each in (session, fresh)]
    expected, found = ({n["text"]: n["probability"] for n in each["next"]} for each in answers)
    if any(abs(expected[text] - found.get(text, -1)) > 1e-4 for text in expected):
        sys.exit(f"the state is not that of {steps} steps: {json.dumps(answers)}")
    server.client.delete(f"/sessions/{fresh}").raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trainings", type=int, default=20)
    parser.add_argument("--servers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["ELMAN_CACHE"] = str(Path(temporary) / "cache")
        folder = Path(temporary) / "work"
        folder.mkdir()
        if options.trainings:
            print(kill_trainings(folder, options.trainings, draw), flush=True)
        if options.servers:
            print(kill_servers(folder, options.servers, draw), flush=True)


if __name__ == "__main__":
    main()
