"""A server under a mixed load for minutes: `make soak`.

Threads predict, suggest, generate, step sessions, write on keyboards, send what is invalid and
disconnect in between. Memory and descriptors in the last third must be those of the third before.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import torch

import elman

THREADS = 6
SAMPLE_SECONDS = 1.0
GROWTH = 24 * 2**20  # bytes of memory that the last third may have more
WORDS = ["the", "old", "king", "and", "a", "bird", "sat", "on", "mat", "warm", "funny"]


def save_models(folder: Path) -> list[str]:
    """Small models; their paths."""
    text = "the old king sat on the mat and a bird was warm and funny\n" * 60
    model = elman.LanguageModel(tokenizer="word", hidden_size=32, steps=30).fit(text)
    model.save(folder / "tale.safetensors")
    texts, labels = ["warm and funny", "cold and dull"] * 12, ["good", "bad"] * 12
    classifier = elman.Classifier(tokenizer="word", hidden_size=16, steps=10).fit(texts, labels)
    classifier.save(folder / "reviews.safetensors")
    return [str(folder / f"{name}.safetensors") for name in ("tale", "reviews")]


def load(address: str, draw: random.Random, stop: threading.Event, counts: Counter[int]) -> None:
    """Send requests until the stop."""
    with httpx.Client(base_url=f"{address}/models", timeout=30) as client:

        def post(path: str, **body: object) -> httpx.Response:
            answer = client.post(path, json=body)
            counts[answer.status_code] += 1
            return answer

        while not stop.is_set():
            text = " ".join(draw.choices(WORDS, k=draw.randint(1, 30)))
            action = draw.randrange(7)
            if action == 0:
                post("/reviews/predict", texts=[text] * draw.randint(1, 8))
            elif action == 1:
                post("/tale/suggest", text=text)
            elif action == 2:
                post("/tale/generate", prompt=text, length=draw.randint(1, 100))
            elif action == 3:
                session = f"/tale/sessions/{post('/tale/sessions').json()['session']}"
                for word in text.split():
                    post(f"{session}/step", text=word)
                counts[client.delete(session).status_code] += 1
            elif action == 4:
                keyboard = f"/tale/keyboards/{post('/tale/keyboards').json()['keyboard']}"
                for end in range(0, len(text), 3):
                    post(f"{keyboard}/write", text=text[:end])
                counts[client.delete(keyboard).status_code] += 1
            elif action == 5:
                post("/reviews/predict", texts=draw.choice([[], "a", None, [1]]))
            else:
                url = httpx.URL(address)
                with socket.create_connection((url.host, url.port or 80)) as leaving:
                    leaving.sendall(
                        b"POST /models/tale/generate HTTP/1.1\r\nHost: localhost\r\n"
                        b'Content-Length: 16\r\n\r\n{"length": 5000}'
                    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["ELMAN_CACHE"] = str(folder / "cache")
        store = ["--sessions", str(folder / "sessions.db")]
        words = ["-m", "elman", "serve", *save_models(folder), "--port", "0", *store]
        server = subprocess.Popen([sys.executable, *words], stderr=subprocess.PIPE, text=True)
        assert server.stderr is not None
        address = server.stderr.readline().rpartition(" at ")[2].strip()
        counts: Counter[int] = Counter()
        stop = threading.Event()
        threads = [
            threading.Thread(
                target=load,
                args=(address, random.Random(f"{options.seed}/{number}"), stop, counts),
            )
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        samples = []
        until = time.monotonic() + 60 * options.minutes
        while time.monotonic() < until and server.poll() is None:
            time.sleep(SAMPLE_SECONDS)
            with contextlib.suppress(OSError):  # it has ended, which its status tells
                samples.append(sample(server.pid))
        stop.set()
        for thread in threads:
            thread.join()
        server.terminate()
        _, errors = server.communicate(timeout=60)
    report(samples, counts, server.returncode, errors)


def sample(process: int) -> tuple[int, int]:
    """Bytes of resident memory, and open descriptors."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    descriptors = len(list(Path(f"/proc/{process}/fd").iterdir()))
    return pages * resource.getpagesize(), descriptors


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
