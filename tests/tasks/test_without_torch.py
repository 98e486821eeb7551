"""A tagger and a forecaster from their files predict where torch cannot be imported."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from elman import Forecaster, Tagger
from elman.kernels import core

pytestmark = pytest.mark.skipif(core.module() is None, reason="there is no native core")

WORDS = [["Ada", "met", "Grace", "Hopper"], ["it", "rains"], ["Rome"]] * 4
TAGS = [["B-X", "O", "B-X", "I-X"], ["O", "O"], ["B-Y"]] * 4
ASKED = [["Grace", "met", "an", "unseen", "word"], [], ["Rome", "rains"]]

PROGRAM = """
import builtins, json, sys

imported = builtins.__import__

def refuse(name, *arguments, **options):
    if name.partition(".")[0] == "torch":
        raise ImportError("torch is not here")
    return imported(name, *arguments, **options)

builtins.__import__ = refuse
import elman

kind, path, asked = json.loads(sys.stdin.read())
model = elman.load(path)
if kind == "tag":
    found = [
        model.predict(asked),
        model.predict_best(asked, 2),
        [each.tolist() for each in model.marginals(asked)],
        model.predict_by_parts(asked),
        model.score(asked[:1], [["O"] * len(asked[0])]),
    ]
else:
    found = [
        [part.tolist() for part in model.predict()[2:7]],
        model.predict(history=asked).median.tolist(),
        model.evaluate(asked).scores,
    ]
model.save(path + ".copy")
assert "torch" not in sys.modules
print(json.dumps(found))
"""


def without_torch(kind, path, asked):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([kind, str(path), asked]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("int8", [False, True])
def test_tagger(tmp_path, int8):
    model = Tagger(steps=3, hidden_size=16, seed=1).fit(WORDS, TAGS)
    if int8:
        model.to_int8()
    path = tmp_path / "tagger.safetensors"
    model.save(path)
    tags, best, marginals, parts, score = without_torch("tag", path, ASKED)
    assert tags == model.predict(ASKED)
    assert parts == model.predict_by_parts(ASKED)
    assert score == model.score(ASKED[:1], [["O"] * len(ASKED[0])])
    for found, expected in zip(best, model.predict_best(ASKED, 2), strict=True):
        assert [each for each, _ in found] == [each for each, _ in expected]
        np.testing.assert_allclose([p for _, p in found], [p for _, p in expected], atol=1e-6)
    for row, known in zip(marginals, model.marginals(ASKED), strict=True):
        np.testing.assert_allclose(np.reshape(row, known.shape), known, atol=1e-6)
    assert (tmp_path / "tagger.safetensors.copy").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("int8", [False, True])
def test_forecaster(tmp_path, int8):
    steps = np.arange(120)
    series = 50 + 0.1 * steps + 10 * np.sin(steps * np.pi / 6) + steps % 5
    model = Forecaster(steps=3, horizon=6, seed=1).fit(series[:100])
    if int8:
        model.to_int8()
    path = tmp_path / "forecaster.safetensors"
    model.save(path)
    quantiles, continued, scores = without_torch("forecast", path, series.tolist())
    for found, expected in zip(quantiles, model.predict()[2:7], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(continued, model.predict(history=series).median, rtol=1e-6)
    assert scores == pytest.approx(model.evaluate(series).scores, rel=1e-5)
    assert (tmp_path / "forecaster.safetensors.copy").read_bytes() == path.read_bytes()
