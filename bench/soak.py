"""A server under a mixed load for minutes: `make soak`.

Threads ask for the operations of every task, step sessions, write on keyboards, send what is
invalid and disconnect in between. Memory and descriptors in the last third must be those of the
third before.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import torch

from small_models import Served

THREADS = 6
SAMPLE_SECONDS = 1.0
GROWTH = 24 * 2**20  # bytes of memory that the last third may have more
WORDS = ["the", "old", "king", "and", "a", "bird", "sat", "on", "mat", "warm", "funny"]


TALES = ("character", "word", "subword")


def load(address: str, draw: random.Random, stop: threading.Event, counts: Counter[int]) -> None:
    """Send requests until the stop."""
    with httpx.Client(base_url=f"{address}/models", timeout=30) as client:

        def post(path: str, **body: object) -> httpx.Response:
            answer = client.post(path, json=body)
            counts[answer.status_code] += 1
            return answer

        while not stop.is_set():
            text = " ".join(draw.choices(WORDS, k=draw.randint(1, 30)))
            action = draw.randrange(11)
            if action == 0:
                post("/classifier/predict", texts=[text] * draw.randint(1, 8))
            elif action == 1:
                post(f"/{draw.choice(TALES)}/suggest", text=text)
            elif action == 2:
                post(f"/{draw.choice(TALES)}/generate", prompt=text, length=draw.randint(1, 100))
            elif action == 3:
                sessions = f"/{draw.choice((*TALES, 'classifier'))}/sessions"
                session = f"{sessions}/{post(sessions).json()['session']}"
                for word in text.split():
                    post(f"{session}/step", text=word)
                counts[client.delete(session).status_code] += 1
            elif action == 4:
                keyboards = "/word/keyboards"
                keyboard = f"{keyboards}/{post(keyboards).json()['keyboard']}"
                for end in range(0, len(text), 3):
                    post(f"{keyboard}/write", text=text[:end])
                counts[client.delete(keyboard).status_code] += 1
            elif action == 5:
                post("/classifier/predict", texts=draw.choice([[], "a", None, [1]]))
            elif action == 6:
                post("/tagger/tag", sentences=[text.split()] * draw.randint(1, 4))
            elif action == 7:
                post("/translator/translate", texts=["".join(draw.choices("ab", k=4))])
            elif action == 8:
                post("/describer/describe", vectors=[draw.sample([0, 0, 1], 3)])
            elif action == 9:
                post("/forecaster/forecast", horizon=draw.randint(1, 6))
                post("/classifier/explain", text=text)
            else:
                url = httpx.URL(address)
                with socket.create_connection((url.host, url.port or 80)) as leaving:
                    leaving.sendall(
                        b"POST /models/word/generate HTTP/1.1\r\nHost: localhost\r\n"
                        b'Content-Length: 16\r\n\r\n{"length": 5000}'
                    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["ELMAN_CACHE"] = str(folder / "cache")
        server = Served(folder, "--sessions", str(folder / "sessions.db"))
        counts: Counter[int] = Counter()
        stop = threading.Event()
        threads = [
            threading.Thread(
                target=load,
                args=(server.address, random.Random(f"{options.seed}/{number}"), stop, counts),
            )
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        samples = []
        until = time.monotonic() + 60 * options.minutes
        while time.monotonic() < until and server.process.poll() is None:
            time.sleep(SAMPLE_SECONDS)
            with contextlib.suppress(OSError):  # it has ended, which its status tells
                samples.append(server.sample())
        stop.set()
        for thread in threads:
            thread.join()
        status, errors = server.stop()
    report(samples, counts, status, errors)


def report(samples: list[tuple[int, int]], counts: Counter[int], status: int, errors: str) -> None:
    """Print the figures; exit with 1 where something grew or failed."""
    third = len(samples) // 3
    parts = samples[third : 2 * third], samples[-third:]
    memory = [statistics.median(each[0] for each in part) for part in parts]
    descriptors = [statistics.median(each[1] for each in part) for part in parts]
    answered = ", ".join(f"{count:,} of {code}" for code, count in sorted(counts.items()))
    print(
        f"{len(samples) * SAMPLE_SECONDS:.0f} s, answers: {answered}. Medians of the second and "
        f"the last third: memory {memory[0] / 2**20:.1f} and {memory[1] / 2**20:.1f} MiB, "
        f"descriptors {descriptors[0]:.0f} and {descriptors[1]:.0f}."
    )
    grew = memory[1] - memory[0] > GROWTH or descriptors[1] - descriptors[0] > THREADS
    failed = status != 0 or errors or any(code >= 500 for code in counts)
    if grew or failed:
        sys.exit(f"it grew or failed: status {status}, {errors}")


if __name__ == "__main__":
    main()
