"""Translators and describers from their files, in a process where torch cannot be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import elman
import seq2seq_models
from elman.kernels import core
from seq2seq_models import PAIRS, answered, small

pytestmark = pytest.mark.skipif(core.sets() == (core.OFF,), reason="there is no native core")

ASKED = ["abd", "", "unheard of", "漢字 😀"]
DRAW = np.random.default_rng(0)
KINDS = DRAW.integers(0, 3, 90)
VECTORS = (DRAW.normal(0, 0.3, (90, 3)) + 2 * np.eye(3)[KINDS]).astype(np.float32)
SAID = [["one", "two", "one more"][kind] for kind in KINDS.tolist()]

PROGRAM = """
import json, sys


class NoTorch:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "torch":
            raise ImportError("there is no torch here")


sys.meta_path.insert(0, NoTorch())
sys.path.insert(0, sys.argv[1])
import elman
from seq2seq_models import answered

path, asked = sys.argv[2:]
print(json.dumps(answered(elman.load(path), json.loads(asked))))
"""


def without_torch(path: Path, asked) -> object:
    folder = Path(seq2seq_models.__file__).parent
    command = [sys.executable, "-c", PROGRAM, folder, path, json.dumps(asked)]
    run = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert not run.returncode, run.stderr
    return json.loads(run.stdout)


def assert_same(result, expected) -> None:
    """Texts are identical; numbers may differ in their last digits."""
    if isinstance(expected, dict):
        assert result.keys() == expected.keys()
        result, expected = list(result.values()), list(expected.values())
    if isinstance(expected, list | tuple):
        assert len(result) == len(expected)
        for one, other in zip(result, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, float):
        assert result == pytest.approx(expected, abs=1e-5)
    else:
        assert result == expected


@pytest.mark.parametrize(
    ("model", "data", "asked"),
    [
        (small(), PAIRS, ASKED),
        (small(cell="lstm", attention="additive", order="reversed"), PAIRS, ASKED),
        (small(cell="gru", attention="none"), PAIRS, ASKED),
        (
            elman.Describer(hidden_size=8, layers=1, steps=40),
            (VECTORS, SAID),
            VECTORS[:5].tolist(),
        ),
    ],
    ids=["dot", "additive", "no attention", "describer"],
)
def test_they_answer_as_before(tmp_path, model, data, asked):
    path = tmp_path / "m.safetensors"
    model.fit(*data).save(path)
    if model.task == "describe":
        assert model.nearest_ is not None
    assert_same(without_torch(path, asked), answered(model, asked))
