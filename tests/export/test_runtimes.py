"""The graph of every task in other runtimes than ONNX Runtime for Python: `make check-runtimes`."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import elman
from elman.export.onnx.parity import TOLERANCE, TRIAL_SHAPES
from elman.tasks.table import TASKS

from .graphs import stirred, written

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

HERE = Path(__file__).parent
WEB = HERE.parent.parent / "node_modules/onnxruntime-web/dist/ort.node.min.mjs"
CELLS = ("mingru", "lstm")
KINDS = np.arange(30) % 3
WAVE = np.array([100 + step + 20 * math.sin(step * math.pi / 6) for step in range(120)])


def fitted(task, cell):
    small = {"hidden_size": 16, "steps": 4, "cell": cell}
    texts, labels = ["so warm", "so dull"] * 20, ["good", "bad"] * 20
    words = [["Ada", "lives", "in", "London"], ["Bob", "sat"]] * 20
    tags = [["B-P", "O", "O", "B-L"], ["B-P", "O"]] * 20
    dates = [f"le {day} mai" for day in range(40)], [f"May {day}" for day in range(40)]
    names = [["north", "south wind", "west"][kind] for kind in KINDS]
    models = {
        "language": lambda: elman.LanguageModel(**small).fit("so warm, so dull.\n" * 200),
        "classify": lambda: elman.Classifier(tokenizer="word", **small).fit(texts, labels),
        "tag": lambda: elman.Tagger(**small).fit(words, tags),
        "translate": lambda: elman.Translator(tokenizer="character", **small).fit(*dates),
        "describe": lambda: elman.Describer(tokenizer="character", **small).fit(
            np.eye(3)[KINDS], names
        ),
        "forecast": lambda: elman.Forecaster(**small).fit(WAVE),
    }
    return models[task]()


@pytest.fixture(scope="module", params=[(task, cell) for task in TASKS for cell in CELLS])
def graph(request, tmp_path_factory):
    """The path of a graph, and batches of inputs and the model's outputs."""
    folder = tmp_path_factory.mktemp("graph")
    task, cell = request.param
    model = fitted(task, cell)
    written(model if task == "forecast" else stirred(model), folder)
    trial = TASKS[task].onnx(elman.load(folder / "model.st")).trial
    return folder / "model.onnx", [trial(number) for number in range(len(TRIAL_SHAPES))]


def check(outputs, expected):
    for name, target in expected.items():
        known = ~np.isnan(target)
        atol = 10 * TOLERANCE * max(1.0, float(np.abs(target[known]).max(initial=0)))
        np.testing.assert_allclose(outputs[name][known], target[known], atol=atol, rtol=0)


@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")
def test_openvino(graph):
    import openvino

    path, trials = graph
    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    compiled = core.compile_model(core.read_model(path), "CPU")
    for inputs, expected in trials:
        found = compiled(inputs).to_dict()
        check({name: value for key, value in found.items() for name in key.names}, expected)


def as_json(array):
    return {"type": str(array.dtype), "dims": array.shape, "data": array.ravel().tolist()}


@pytest.mark.skipif(not WEB.is_file(), reason="onnxruntime-web is not installed")
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_onnxruntime_web(graph):
    path, trials = graph
    batches = [{name: as_json(each) for name, each in inputs.items()} for inputs, _ in trials]
    command = ["node", str(HERE / "onnx_web.mjs"), str(WEB), str(path)]
    done = subprocess.run(
        command, input=json.dumps(batches), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    for (_, expected), answer in zip(trials, json.loads(done.stdout), strict=True):
        outputs = {
            name: np.array([np.nan if each is None else each for each in value["data"]]).reshape(
                value["dims"]
            )
            for name, value in answer.items()
        }
        check(outputs, expected)
