"""Damaged model files: `make fuzz`.

A small model of each task, with float32 and with int8 weights, is damaged in one place: bytes of
the header or of the tensors, the end of the file, a value of the header, the values of a tensor.
Each such file is loaded and used in a process with little memory and time. It must answer, or
be refused in one line; anything else (a traceback, a crash, no end) is printed with its case.

The cases follow from the seed: `python bench/fuzz_models.py --only CASE` repeats one.
"""

from __future__ import annotations

import json
import math
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

import elman
from elman.errors import ElmanError
from limited import parse_options, refused, run_all
from small_models import Use, models

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
        return refused(error, "refused")
    try:
        use(model)
        model.describe()
    except ElmanError as error:
        return refused(error, "refused in use")
    return "answered"


def main() -> None:
    options = parse_options(__doc__, 150, "model file")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder, sources = Path(temporary), {}
        for name, (model, use) in models().items():
            for kind in ("float32", "int8"):
                model.save(folder / "sound", int8=kind == "int8")
                key = f"{options.seed}/{name}/{kind}"
                sources[key] = ((folder / "sound").read_bytes(), use)
                use(elman.load(folder / "sound"))

        def run(case: str) -> str:
            content, use = sources[case.rpartition("/")[0]]
            path = folder / f"{os.getpid()}.safetensors"
            path.write_bytes(damaged(content, random.Random(case)))
            return outcome(path, use)

        cases = [f"{key}/{number}" for key in sources for number in range(options.cases)]
        run_all(cases, run, {"answered", "refused", "refused in use"}, options)


if __name__ == "__main__":
    main()
