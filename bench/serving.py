"""Throughput and latency of the server: `make bench-serve`.

Starts a server with models that were trained for some seconds, and wrk beside it on the same two
cores (wrk: https://github.com/wg/wrk, in Debian `apt-get install wrk`); an asyncio client reads the
streams. Prints a table and records it in bench/results. Nothing else should run meanwhile.

The data is read from $ELMAN_DATA, by default ../shared/data.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import torch

from elman import Classifier, LanguageModel
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource
from tables import DATA, bench_parser, check_data, publish, table

SHORT = "the movie was warm and funny and i loved it"
SESSIONS = 1_000
TOKENS = 4_000  # generated for each request
MODELS: dict[str, Callable[[], Any]] = {
    "reviews": lambda: Classifier(tokenizer="word", minutes=0.3).fit(*_reviews()),
    "tale": lambda: LanguageModel(minutes=0.3).fit(DATA / "shakespeare.txt"),
    "mail": lambda: LanguageModel(tokenizer="word", minutes=0.3).fit(
        DATA / "keyboard_english" / "train.txt"
    ),
    "lstm": lambda: LanguageModel(
        cell="lstm", hidden_size=256, layers=2, components=(), minutes=0.1
    ).fit(DATA / "shakespeare.txt"),
}


def main() -> None:
    parser = bench_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="duration of each row")
    parser.add_argument("--models", type=Path, help="folder to keep the models in for the next run")
    options = parser.parse_args()
    check_data()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.models or Path(temporary)
        folder.mkdir(exist_ok=True)
        files = [_model(folder, name) for name in MODELS]
        with _server(files) as server:
            rows = []
            for row in _rows(server, Path(temporary), options.seconds):
                print(*row, sep=", ", file=sys.stderr, flush=True)
                rows.append(row)
    text = table(rows, ("what", "figure", "times", "how"))
    publish("serving", text, record=not options.no_record)


def _rows(server: _Server, folder: Path, seconds: float) -> Iterator[tuple[str, ...]]:
    predict = json.dumps({"texts": [SHORT]})
    suggest = json.dumps({"text": "see you t"})
    cores = "client and server on the same two cores"
    script = folder / "sessions.lua"
    script.write_text(_step_script(_sessions(server, 100)), encoding="utf-8")
    _load(server, script, 100, seconds / 5)  # what is allocated once is allocated by then
    before = server.resident
    script.write_text(_step_script(_sessions(server, SESSIONS)), encoding="utf-8")
    figures = _load(server, script, 100, seconds)
    yield f"session step, {SESSIONS:,} live sessions, 100 clients", *figures, cores
    each = (server.resident - before) / SESSIONS
    what = f"memory a live session, {SESSIONS:,} of 2x256 LSTM"
    yield what, f"{each / 1e3:.1f} kB", "", "after those steps; the last 64 can be rewound"
    for what, path, body, clients in (
        ("predict, a short text", "/models/reviews/predict", predict, 50),
        ("suggest, a word model", "/models/mail/suggest", suggest, 10),
    ):
        script = folder / "one.lua"
        script.write_text(
            f"wrk.method = 'POST'\nwrk.path = '{path}'\nwrk.body = '{body}'\n", encoding="utf-8"
        )
        yield f"{what}, {clients} clients", *_load(server, script, clients, seconds), cores
    for clients in (1, 50):
        speed, first = asyncio.run(_generate(server, clients))
        yield (
            f"generated and streamed, {clients} client{'s' if clients > 1 else ''}",
            f"{speed:,.0f} tokens/s",
            f"first after {first * 1e3:.0f} ms",
            f"{TOKENS:,} tokens each",
        )


class _Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process, self.address = process, address
        self.port = int(address.rpartition(":")[2])

    @property
    def resident(self) -> int:
        """Bytes of memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _server(files: list[Path]) -> Iterator[_Server]:
    command = [sys.executable, "-m", "elman", "serve", *map(str, files), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        yield _Server(process, process.stderr.readline().rpartition(" at ")[2].strip())
    finally:
        process.terminate()
        process.wait()


def _model(folder: Path, name: str) -> Path:
    path = folder / f"{name}.safetensors"
    if not path.exists():
        MODELS[name]().save(path)
    return path


def _reviews() -> tuple[list[str], list[str]]:
    rows = list(LabelledSource(TextSource([DATA / "sst2" / "train.csv"])).examples())
    return [row.text for row in rows], [row.label or "" for row in rows]


def _load(server: _Server, script: Path, clients: int, seconds: float) -> tuple[str, str]:
    """Requests per second, and the median and 99th percentile of the latency, by wrk."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--latency", "-s", str(script)]
    done = subprocess.run([*command, server.address], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        sys.exit(f"some requests failed:\n{done.stdout}")
    per_second = re.search(r"Requests/sec:\s+(\S+)", done.stdout)
    latency = {rank: re.search(rf"\b{rank}%\s+(\S+)", done.stdout) for rank in (50, 99)}
    assert per_second is not None
    times = ", ".join(f"p{rank} {found[1]}" for rank, found in latency.items() if found)
    return f"{float(per_second[1]):,.0f}/s", times


def _sessions(server: _Server, count: int) -> list[str]:
    """The ids of new sessions."""
    client, found = HTTPConnection("127.0.0.1", server.port), []
    for _ in range(count):
        client.request("POST", "/models/lstm/sessions", "{}")
        found.append(json.loads(client.getresponse().read())["session"])
    return found


def _step_script(sessions: list[str]) -> str:
    """A script for wrk: a character to each session, one after the other."""
    names = ", ".join(f'"{session}"' for session in sessions)
    return f"""
local sessions, index = {{ {names} }}, 0
request = function()
    index = index % #sessions + 1
    local path = "/models/lstm/sessions/" .. sessions[index] .. "/step"
    return wrk.format("POST", path, nil, '{{"text":"e"}}')
end
"""


async def _generate(server: _Server, clients: int) -> tuple[float, float]:
    """Tokens per second over all clients, and the mean seconds to the first one."""
    body = json.dumps({"prompt": "\n", "length": TOKENS, "seed": 1})
    head = f"POST /models/tale/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
    request = f"{head}\r\n\r\n{body}".encode()

    async def one() -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        sent = time.perf_counter()
        writer.write(request)
        text = await reader.readuntil(b"data: ")
        first = time.perf_counter() - sent
        while b"event: end" not in text:
            text = text[-20:] + await reader.read(1 << 16)
        writer.close()
        return first

    started = time.perf_counter()
    firsts = await asyncio.gather(*(one() for _ in range(clients)))
    return clients * TOKENS / (time.perf_counter() - started), sum(firsts) / clients


if __name__ == "__main__":
    main()
