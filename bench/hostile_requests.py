"""Hostile requests to a running server: part of `make fuzz`.

Each case is a valid request that is spoiled in one way: heads and lengths that are malformed,
chunked nonsense, bodies too large, wrong JSON, odd text, several requests in one piece, clients
that send half and close, reset, or send slowly. The requests from the schema in
`tests/server/test_openapi.py` have none of these. No answer may be a 5xx but a 503 with
Retry-After, an error must be JSON, and all the while, and at the end, valid requests are answered
as they were before.

The cases follow from the seed: `python bench/hostile_requests.py --only CASE` repeats one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import socket
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import torch

from hostile_cases import VALID, Case
from small_models import Served

SILENCE = 0.15  # seconds without a byte after which an answer is taken as complete
FIRST = 1.0  # seconds for the first byte: many cases are never whole, and get none
PATIENCE = 5.0  # seconds to connect and to send
BUSY_SECONDS = 120.0  # for which the valid requests may be told to come again
CONTROL_EVERY = 100  # cases of a thread
GROWTH = 64 * 2**20  # bytes of memory that the server may have more in the end
FEW = 8  # descriptors that it may have more
STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) [^\r\n]*\r\n", re.MULTILINE)

NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")


def send(case: Case, address: httpx.URL) -> bytes | None:
    """Send a case; what came back, None where nobody waited for it."""
    received = bytearray()
    with socket.create_connection((address.host, address.port or 80), timeout=PATIENCE) as client:
        try:
            for part in case.parts:
                client.sendall(part)
                time.sleep(case.pause)
            if case.end == "half":
                client.shutdown(socket.SHUT_WR)
            if case.end == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if case.end in {"reset", "leave"}:
                return None
        except OSError:
            pass  # it was refused before it was sent: the answer may still be there
        client.settimeout(FIRST)
        with contextlib.suppress(OSError):
            while data := client.recv(65_536):
                received += data
                client.settimeout(SILENCE)
    return bytes(received)


def fault(answer: bytes) -> str:
    """What is wrong with what came back; "" if nothing is."""
    if answer and not answer.startswith(b"HTTP/1.1 "):
        return f"no HTTP: {answer[:80]!r}"
    for found in STATUS.finditer(answer):
        status = int(found[1])
        head, _, rest = answer[found.end() :].partition(b"\r\n\r\n")
        if status >= 500 and not (status == 503 and b"retry-after" in head.lower()):
            return f"status {status}: {rest[:200]!r}"
        length = re.search(rb"content-length: (\d+)", head.lower())
        if status >= 400 and length and len(rest) >= int(length[1]) > 0:
            with contextlib.suppress(ValueError):
                if set(json.loads(rest[: int(length[1])])) == {"error"}:
                    continue
            return f"status {status} without an error in JSON: {rest[:200]!r}"
    return ""


def answers_of(client: httpx.Client) -> list[tuple[int, str]]:
    """The statuses of valid requests, and their answers, sent again where the server is busy; of a
    text its letters, whatever the pieces in which it came."""
    answers = []
    until = time.monotonic() + BUSY_SECONDS
    for method, path, body in VALID:
        while True:
            content = None if body is None else json.dumps(body)
            answer = client.request(method, path, content=content)
            if answer.status_code != 503 or time.monotonic() > until:
                break
            time.sleep(float(answer.headers["retry-after"]))
        pieces = (
            re.findall(r'"text":"(.*)"}\n', answer.text) if "generate" in path else [answer.text]
        )
        answers.append((answer.status_code, "".join(pieces)))
    return answers


def same(found: list[tuple[int, str]], expected: list[tuple[int, str]]) -> bool:
    """Whether answers are the same, but for the rounding of a batch of another size."""

    def numbers(text: str) -> list[float]:
        return [float(each) for each in NUMBER.findall(text)]

    return all(
        ours[0] == theirs[0]
        and NUMBER.sub("", ours[1]) == NUMBER.sub("", theirs[1])
        and np.allclose(numbers(ours[1]), numbers(theirs[1]), rtol=1e-4, atol=1e-6)
        for ours, theirs in zip(found, expected, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clients", type=int, default=16, help="threads that send")
    parser.add_argument("--only", help="the case to repeat, such as 0/17")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        server = Served(Path(temporary))
        try:
            failed = attack(server, options)
        finally:
            server.process.kill()
    sys.exit(1 if failed else 0)


def attack(server: Served, options: argparse.Namespace) -> bool:
    """Send all cases and print the figures; whether anything failed."""
    address = httpx.URL(server.address)
    client = httpx.Client(base_url=address, timeout=BUSY_SECONDS)
    expected = answers_of(client)
    if {status for status, _ in expected} != {200}:
        sys.exit(f"valid requests are not answered: {expected}")
    before, begun = server.sample(), time.monotonic()
    statuses: Counter[str] = Counter()
    faults: list[str] = []
    lock = threading.Lock()

    def run(name: str) -> None:
        case = Case(name)
        try:
            answer = send(case, address)
            wrong = "" if answer is None else fault(answer)
        except OSError as error:
            answer, wrong = None, f"no connection: {error}"
        found = [each.decode() for each in STATUS.findall(answer or b"")]
        with lock:
            statuses.update(found or ["no answer"])
            if wrong:
                faults.append(name)
                print(f"{name} ({case.kind}): {wrong}", flush=True)
            elif options.only:
                print(f"{name} ({case.kind}): {b''.join(case.parts)[:300]!r}: {answer!r:.600}")
        if int(name.rpartition("/")[2]) % CONTROL_EVERY:
            return
        if not same(answers_of(client), expected):
            faults.append(name)
            print(f"{name}: valid requests are answered in another way", flush=True)

    names = [f"{options.seed}/{number}" for number in range(options.cases)]
    with ThreadPoolExecutor(options.clients) as pool:
        list(pool.map(run, [options.only] if options.only else names))
    seconds = time.monotonic() - begun
    time.sleep(11)  # requests that never came whole are given up after 10 s
    as_before = same(answers_of(client), expected)
    client.close()
    time.sleep(1)
    after = server.sample()
    ended = server.stop()
    grown, more = after[0] - before[0], after[1] - before[1]
    listed = ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))
    print(
        f"{options.cases:,} cases in {seconds:.0f} s, answers: {listed}. Failed: {len(faults)}. "
        f"Memory {grown / 2**20:+.1f} MiB, descriptors {more:+d}; valid requests are "
        f"{'answered as before' if as_before else 'NOT answered as before'}; ended with {ended}"
    )
    return bool(faults) or not as_before or ended != (0, "") or grown > GROWTH or more > FEW


if __name__ == "__main__":
    main()
