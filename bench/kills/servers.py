"""Servers that are killed while sessions step, and a Redis that is killed under them."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

import elman
from kills.processes import TEXT, Command

LAG_SECONDS = 10.0  # that a killed server may lose, which writes every second: on a busy machine
LETTERS = "the cat sat on the mat "
MOST_STEPS = 4_000  # of a session, which are all repeated after each kill
CLIENTS = 4  # that step sessions while Redis is killed
BACK_SECONDS = 5.0  # from the start of Redis until sessions are answered again


class Server:
    """`elman serve` with a store of sessions.

    Args:
        model: the file of a language model.
        store: as the option `--sessions` takes it.
    """

    def __init__(self, model: Path, store: str | Path) -> None:
        words = ["serve", str(model), "--port", "0", "--sessions", str(store)]
        self.command = Command(words, model.with_name("errors"))
        while " at http" not in self.command.said:
            if self.command.wait(0.02) is not None:
                sys.exit(f"the server did not start: {self.command.said}")
        self.started = self.command.said
        self.address = self.started.rpartition(" at ")[2].split()[0]
        self.path = f"/models/{model.stem}/sessions"
        self.client = httpx.Client(base_url=self.address, timeout=30)

    def post(self, path: str = "", **body: Any) -> Any:
        """The answer to a request about sessions."""
        return self.client.post(self.path + path, json=body).raise_for_status().json()

    def steps(self, session: str) -> int:
        answer = self.client.get(f"{self.path}/{session}").raise_for_status()
        return int(answer.json()["steps"])

    def kill(self) -> None:
        self.command.kill()
        self.client.close()

    def check_state(self, session: str, steps: int) -> None:
        """Compare a session's next answer with that of a new session with the same steps."""
        fresh = self.post()["session"]
        for start in range(0, steps, 1000):
            letters = (LETTERS[each % len(LETTERS)] for each in range(start, steps))
            self.post(f"/{fresh}/step", text="".join(letters)[:1000])
        letter = LETTERS[steps % len(LETTERS)]
        answers = [self.post(f"/{each}/step", text=letter) for each in (session, fresh)]
        expected, found = ({n["text"]: n["probability"] for n in each["next"]} for each in answers)
        if any(abs(expected[text] - found.get(text, -1)) > 1e-4 for text in expected):
            sys.exit(f"the state is not that of {steps} steps: {json.dumps(answers)}")
        self.client.delete(f"{self.path}/{fresh}").raise_for_status()


def save_model(folder: Path) -> Path:
    """A small language model; its file."""
    path = folder / "served.safetensors"
    elman.LanguageModel(hidden_size=32, steps=10).fit(TEXT).save(path)
    return path


def kill_servers(folder: Path, rounds: int, draw: random.Random) -> str:
    """Kill a server that stores its sessions in SQLite, in each round.

    Returns:
        A line with the figures.
    """
    model, database = save_model(folder), folder / "sessions.db"
    session, steps, earlier, total, ended = "", 0, 0, 0, 0.0
    times: list[float] = []  # of the steps since the last start
    lost: list[int] = []
    seconds: list[float] = []  # from the first step that was lost to the kill
    for number in range(rounds):
        server = Server(model, database)
        if session:
            restored = server.steps(session)
            if not earlier <= restored <= steps + 1:  # one may be stored that was not answered
                sys.exit(f"round {number}: {restored} steps, not {earlier} to {steps}")
            if restored < steps:
                lost.append(steps - restored)
                seconds.append(ended - times[restored - steps])
            steps = restored
            server.check_state(session, steps)
            steps, times = steps + 1, [time.monotonic()]
            if steps > MOST_STEPS:
                session = ""
        if not session:
            session, steps, times = server.post()["session"], 0, []
        timer = threading.Timer(draw.uniform(0.2, 3), server.command.kill)
        timer.start()
        with contextlib.suppress(httpx.HTTPError):
            while True:
                server.post(f"/{session}/step", text=LETTERS[steps % len(LETTERS)])
                steps += 1
                times.append(time.monotonic())
        timer.join()
        ended = time.monotonic()
        total += len(times)
        earlier = steps - sum(ended - each < LAG_SECONDS for each in times)
        server.client.close()
        with contextlib.closing(sqlite3.connect(database)) as file:
            (sound,) = file.execute("pragma integrity_check").fetchone()
            stored = file.execute(
                "select count(*) from sessions where name like ?", (f"%{session}%",)
            ).fetchone()[0]
        if sound != "ok":
            sys.exit(f"round {number}: the file is damaged: {sound}")
        if not stored:
            if earlier:  # a session of less than a second may be lost as a whole
                sys.exit(f"round {number}: a session of {steps} steps is lost")
            session = ""
    return (
        f"a server killed {rounds} times while a session stepped: the file was sound, and the "
        f"state that of as many steps of a session never killed, each time; lost were the steps of "
        f"the last {max(seconds, default=0):.1f} s at most, {sum(lost):,} of {total:,} in all"
    )


class Redis:
    """A Redis that writes each command to its disk before it answers."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"redis://127.0.0.1:{self.port}/0"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder)]
        self.words = [program, *options]
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(self.words, stdout=subprocess.DEVNULL)
        until, where = time.monotonic() + 30, ("127.0.0.1", self.port)
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(where, timeout=1) as client:
                client.sendall(b"PING\r\n")
                if client.recv(16).startswith(b"+PONG"):
                    return
            time.sleep(0.02)
        sys.exit("redis-server does not answer")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Client:
    """Steps a session again and again, in a thread of its own."""

    def __init__(self, server: Server) -> None:
        self.server, self.session = server, server.post()["session"]
        self.answered = 0  # steps
        self.unsure = 0  # that may have been done, though nobody was told
        self.counts: Counter[int] = Counter()
        self.last = 0.0  # when a step was answered last
        self.ended = False
        self.fault = ""
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with httpx.Client(base_url=self.server.address, timeout=30) as client:
            while not self.ended:
                # A step that failed may have been done: the session knows, once it can be asked.
                path = f"{self.server.path}/{self.session}"
                if self.unsure:
                    answer = client.get(path)
                    if answer.status_code == 200:
                        steps = answer.json()["steps"]
                        if not self.answered <= steps <= self.answered + self.unsure:
                            self.fault = f"a session of {steps} steps, not {self.answered}"
                        self.answered, self.unsure = steps, 0
                else:
                    letter = LETTERS[self.answered % len(LETTERS)]
                    answer = client.post(f"{path}/step", json={"text": letter})
                    if answer.status_code == 200:
                        self.answered += 1
                        self.last = time.monotonic()
                    else:
                        self.unsure = 1
                self.counts[answer.status_code] += 1
                if answer.status_code == 503:
                    time.sleep(0.05)


def kill_redis(folder: Path, rounds: int, draw: random.Random) -> str:
    """Kill the Redis of a server under traffic, and start it again, in each round.

    Returns:
        A line with the figures, or why there are none.
    """
    program = shutil.which("redis-server")
    if program is None:
        return "not tried with Redis: redis-server is not installed"
    data = folder / "redis"
    data.mkdir()
    redis = Redis(program, data)
    server = Server(save_model(folder), redis.address)
    clients = [Client(server) for _ in range(CLIENTS)]
    slowest = 0.0
    try:
        for number in range(rounds):
            time.sleep(draw.uniform(0.2, 2))
            redis.kill()
            time.sleep(draw.uniform(0.2, 3))
            redis.start()
            started = time.monotonic()
            while min(each.last for each in clients) < started:
                time.sleep(0.02)
                if time.monotonic() - started > BACK_SECONDS or server.command.wait(0) is not None:
                    sys.exit(f"round {number}: sessions do not step after {BACK_SECONDS} s")
            if faults := [each.fault for each in clients if each.fault]:
                sys.exit(f"round {number}: {faults}")
            slowest = max(slowest, time.monotonic() - started)
        counts = sum((each.counts for each in clients), Counter[int]())
        for client in clients:
            client.ended = True
            client.thread.join()
        for client in clients:
            server.check_state(client.session, server.steps(client.session))
    finally:
        for client in clients:
            client.ended = True
        server.kill()
        redis.kill()
    if counts.keys() - {200, 503}:
        sys.exit(f"Redis away: answers {dict(counts)}")
    return (
        f"Redis killed {rounds} times under {CLIENTS} clients: {counts[200]:,} answers of 200, "
        f"{counts[503]:,} of 503, no others; all sessions step again after {slowest:.1f} s at "
        "most, with the state of as many steps of one never killed"
    )
