"""Damaged model files: `make fuzz`.

A small model of each task, with float32 and with int8 weights, is damaged in one place: bytes of
the header or of the tensors, the end of the file, a value of the header, the values of a tensor.
Each such file is loaded and used in a process with little memory and time. It must answer, or
be refused in one line; anything else (a traceback, a crash, no end) is printed with its case.

The cases follow from the seed: `python bench/fuzz_models.py --only CASE` repeats one.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch

import elman
from elman.errors import ElmanError

MEMORY = 2 * 2**30  # bytes more than the parent's
SECONDS = 20  # for a case
CHUNK = 50  # cases a process
VALUES = (
    0,
    1,
    -1,
    3,
    2**31,
    2**53,
    1e308,
    0.5,
    "",
    "a",
    "a" * 1000,
    None,
    True,
    [],
    {},
    [0],
    "lstm",
)
FLOATS = (3e38, -3e38, 1e-45, 0.0, 1e20, math.nan)

Use = Callable[[Any], object]


def models() -> dict[str, tuple[Any, Use]]:
    """A small model of each task, and how to use it."""
    texts = ["warm and funny", "cold and dull", "so warm", "so dull"] * 6
    words = [text.split() for text in texts]
    tags = [["X" if word == "and" else "Y" for word in each] for each in words]
    pairs = ["ab", "ba", "aab", "bba", "abab"] * 8
    kinds = np.arange(30) % 3
    names = [["north", "south", "west"][kind] for kind in kinds]
    wave = np.array([100 + step + 20 * math.sin(step * math.pi / 6) for step in range(80)])
    small: dict[str, Any] = {"hidden_size": 16, "steps": 4}
    text = "\n".join(texts * 4)

    def write(model: Any) -> object:
        return (
            [*model.generate("so", length=20, seed=1)],
            model.suggest("so w"),
            model.step("a", model.start()),
        )

    return {
        **{
            tokenizer: (elman.LanguageModel(tokenizer=tokenizer, **small).fit(text), write)
            for tokenizer in ("character", "word", "subword")
        },
        "classifier": (
            elman.Classifier(tokenizer="word", **small).fit(texts, ["good", "bad"] * 12),
            lambda model: model.predict_proba(texts[:3]),
        ),
        "tagger": (elman.Tagger(**small).fit(words, tags), lambda model: model.predict(words[:3])),
        "translator": (
            elman.Translator(tokenizer="character", layers=1, **small).fit(
                pairs, [each.upper() for each in pairs]
            ),
            lambda model: model.predict(pairs[:2]),
        ),
        "describer": (
            elman.Describer(tokenizer="character", **small).fit(np.eye(3)[kinds], names),
            lambda model: model.predict(np.eye(3)),
        ),
        "forecaster": (
            elman.Forecaster(hidden_size=16, steps=2).fit(wave),
            lambda model: model.predict(),
        ),
    }


def damaged(content: bytes, draw: random.Random) -> bytes:
    """The bytes of a model file with one kind of damage."""
    end = 8 + int.from_bytes(content[:8], "little")
    kind = draw.choice(("header", "data", "end", "value", "value", "value", "tensor", "tensor"))
    changed = bytearray(content)
    if kind == "header":
        for _ in range(draw.randint(1, 3)):
            changed[draw.randrange(8, end)] = draw.choice(b'0123456789"[]{},:-.eE ')
    elif kind == "data":
        for _ in range(draw.randint(1, 8)):
            changed[draw.randrange(end, len(content))] = draw.randrange(256)
    elif kind == "end":
        return content[: draw.randrange(len(content))] + b"\0" * draw.choice((0, 0, 1, 9))
    elif kind == "value":
        header = json.loads(content[8:end])
        about = json.loads(header["__metadata__"]["elman"])
        change_value(about, draw)
        header["__metadata__"]["elman"] = json.dumps(about)
        text = json.dumps(header).encode()
        return len(text).to_bytes(8, "little") + text + content[end:]
    else:
        header = json.loads(content[8:end])
        header.pop("__metadata__")
        entry = draw.choice([each for each in header.values() if math.prod(each["shape"])])
        begin, until = (end + each for each in entry["data_offsets"])
        item = (until - begin) // math.prod(entry["shape"])
        kinds = {"F32": np.float32, "F64": np.float64}
        if entry["dtype"] in kinds:
            value = kinds[entry["dtype"]](draw.choice(FLOATS)).tobytes()
        else:
            value = draw.randbytes(item)
        count = (until - begin) // item
        places = range(count) if draw.random() < 0.5 else [draw.randrange(count)]
        for place in places:
            changed[begin + place * item : begin + (place + 1) * item] = value
    return bytes(changed)


def change_value(about: Any, draw: random.Random) -> None:
    """Replace, remove or repeat one value of a JSON object, however deep."""
    places: list[tuple[Any, Any]] = []

    def visit(value: Any) -> None:
        keys = value if isinstance(value, dict) else range(len(value))
        found = [(value, key) for key in keys]
        # Vocabularies are long, and must not hide the rest.
        places.extend(draw.sample(found, min(len(found), 12)))
        for key in keys:
            if isinstance(value[key], dict | list):
                visit(value[key])

    visit(about)
    parent, key = draw.choice(places)
    action = draw.choice(("replace", "replace", "remove", "other", "scale"))
    if action == "remove":
        del parent[key]
    elif action == "other":
        source, index = draw.choice(places)
        parent[key] = json.loads(json.dumps(source[index]))
    elif action == "scale" and type(parent[key]) in (int, float):
        parent[key] = type(parent[key])(parent[key] * draw.choice((-1, 2, 1000)))
    else:
        parent[key] = draw.choice(VALUES)


def outcome(path: Path, use: Use) -> str:
    """What became of a file: "answered", "refused", or the failure."""
    try:
        model = elman.load(path)
    except ElmanError as error:
        return "refused" if "\n" not in str(error) else f"more than a line: {error}"
    try:
        use(model)
        model.describe()
    except ElmanError as error:
        return "refused in use" if "\n" not in str(error) else f"more than a line: {error}"
    return "answered"


def run_cases(
    cases: list[str], folder: Path, sources: dict[str, tuple[bytes, Use]], output: Connection
) -> None:
    """Run cases in this process, which is a new one; each outcome is sent."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    room = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    signal.signal(signal.SIGALRM, _out_of_time)
    path = folder / f"{multiprocessing.current_process().pid}.safetensors"
    for case in cases:
        content, use = sources[case.rpartition("/")[0]]
        path.write_bytes(damaged(content, random.Random(case)))
        signal.alarm(SECONDS)
        try:
            result = outcome(path, use)
        except BaseException as error:
            last = error.__traceback__
            while last is not None and last.tb_next is not None:
                last = last.tb_next
            place = "" if last is None else f"{last.tb_frame.f_code.co_filename}:{last.tb_lineno}"
            result = f"{type(error).__name__}: {str(error)[:200]!r} at {place}"
        signal.alarm(0)
        output.send((case, result))


def _out_of_time(*_: object) -> None:
    raise TimeoutError(f"it took more than {SECONDS} s")


def results(
    cases: list[str], folder: Path, sources: dict[str, tuple[bytes, Use]]
) -> Iterator[tuple[str, str]]:
    """The outcome of each case; one that kills its process fails."""
    context = multiprocessing.get_context("fork")
    while cases:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=run_cases, args=(cases, folder, sources, theirs))
        process.start()
        theirs.close()
        done = 0
        try:
            while done < len(cases) and ours.poll(3 * SECONDS):
                yield ours.recv()
                done += 1
        except EOFError:
            pass
        process.kill()
        process.join()
        if done < len(cases):
            yield cases[done], f"the process ended with status {process.exitcode}"
            done += 1
        cases = cases[done:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=150, help="for each model file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", help="the case to repeat, such as 0/word/int8/17")
    options = parser.parse_args()
    torch.set_num_threads(1)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder, sources = Path(temporary), {}
        for name, (model, use) in models().items():
            for kind in ("float32", "int8"):
                model.save(folder / "sound", int8=kind == "int8")
                key = f"{options.seed}/{name}/{kind}"
                sources[key] = ((folder / "sound").read_bytes(), use)
                use(elman.load(folder / "sound"))
        cases = [f"{key}/{number}" for key in sources for number in range(options.cases)]
        if options.only:
            cases = [options.only]
        chunks = [cases[start : start + CHUNK] for start in range(0, len(cases), CHUNK)]
        counts: Counter[str] = Counter()
        with ThreadPoolExecutor(options.workers) as pool:
            run = partial(results, folder=folder, sources=sources)
            for found in pool.map(lambda chunk: list(run(chunk)), chunks):
                for case, result in found:
                    good = result in {"answered", "refused", "refused in use"}
                    counts[result if good else "failed"] += 1
                    if not good or options.only:
                        print(f"{case}: {result}", flush=True)
    figures = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    print(f"{sum(counts.values()):,} files in {time.monotonic() - begun:.0f} s: {figures}")
    sys.exit(1 if counts["failed"] else 0)


if __name__ == "__main__":
    main()
