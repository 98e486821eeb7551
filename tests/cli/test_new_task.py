"""A task that the package does not have: its folder and one line in TASKS are all that it needs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from textwrap import dedent

import pytest

from elman.tasks.table import TASKS

RECORD = """
    from elman.tasks.options import Option
    from elman.tasks.task import Detection, Task

    TASK = Task(
        name="count",
        package="counting",
        summary="how long each line is",
        detection=Detection(
            1, from_lines=lambda lines, _: "lines to count" if "#count" in lines[0] else None
        ),
        options=(Option("bonus", int, "To count: added to each.", ("predict",)),),
    )
"""
MODEL = """
    from typing import ClassVar

    from torch import nn

    from elman.explain.trace import ModelSummary, SequenceTrace, Trace
    from elman.nn.blocks import StackConfig
    from elman.tasks.estimator import Model
    from elman.tasks.run import TrainingData
    from elman.tasks.weights import Blueprint, Stored
    from elman.training.events import Finished

    class LineCounter(Model):
        task: ClassVar[str] = "count"
        _architecture_name: ClassVar[str] = "network"

        def _prepare(self, settings, source, **options):
            texts = "".join("".join(document.chunks()) for document in source.documents())
            return TrainingData(texts, None, {"content": "0"})

        def _learn(self, settings, data, run):
            self.network_ = nn.Linear(1, 1, bias=False)
            self._begin_record(data, lines=data.train.count("\\n"))
            yield Finished(step=1, best_step=1, best_loss=0.0, seconds=0.0, tokens=1,
                           interrupted=False)

        def predict(self, texts):
            return [len(text) for text in texts]

        def explain(self, text):
            summary = ModelSummary("gru", 1, 1, 1, (), ("forward",), ("character",), None, 1, {})
            return Trace("count", summary, (SequenceTrace("text", tuple(text), ()),), ())

        _config = StackConfig(vocabulary=1)

        def _compile(self, trained):
            return trained.module()

        def _contents(self):
            return {}

        def _restore(self, about):
            return Stored(Blueprint("torch.nn.Linear", (1, 1, False)), StackConfig(vocabulary=1))

        def _facts(self):
            return {}

    MODEL = LineCounter
"""
COMMANDS = """
    from dataclasses import dataclass

    from counting.task import TASK
    from elman.metrics.report import Evaluation
    from elman.tasks.commands import CommandWords, TaskCommands
    from elman.tasks.inspection import Inspection

    @dataclass(frozen=True)
    class LinesInspection(Inspection):
        lines: int

        @property
        def can_be_learned(self):
            return True

        def show(self, looks):
            print(f"{looks} {self.lines} lines: a line counter.")

    class CountingCommands(TaskCommands):
        task = TASK
        words = CommandWords("How long a line is", predicts="lines")

        @classmethod
        def open(cls, source, files):
            return source

        @classmethod
        def skipped(cls, source):
            return 0

        @classmethod
        def inspect(cls, files):
            return LinesInspection(len(lines(files.data)))

        def read(self, train, reading):
            return lines(self.files.data)

        def held_out(self):
            return ["a"]

        def cached(self, part):
            return None

        def fit_baseline(self, data):
            return None

        def evaluated(self, data, baseline):
            exact = self.model.predict(data) == [len(each) for each in data]
            return Evaluation("count", len(data), {"exact": float(exact)})

    COMMANDS = CountingCommands

    def lines(source):
        return [line for each in source.documents() for line in "".join(each.chunks()).splitlines()]
"""
REPORT = """
    from elman.console.report import PrimaryScore, ReportFormat

    FORMAT = ReportFormat(
        primary=(PrimaryScore("exact", "{:.1%}", "{:.0%}"),),
        print_details=lambda report: print(f"{report.examples} lines"),
        scores={"exact": ("exact", "{:.0%}")},
    )
"""
PREDICTIONS = """
    from elman.tasks.predictions import PredictionLines, as_lines

    def write_predictions(model, request):
        bonus = request.options.get("bonus", 0)
        for document in request.documents():
            answers = model.predict("".join(document.chunks()).splitlines())
            yield PredictionLines(as_lines(str(each + bonus) for each in answers), len(answers))
"""

OPERATIONS = """
    from typing_extensions import TypedDict

    from elman.server.operations.operation import ModelOperations, Operation
    from elman.server.operations.schemas import ApiRequest, Texts

    class CountRequest(ApiRequest):
        texts: Texts

    class CountResponse(TypedDict):
        counts: list[int]

    def count(model, requests):
        return [{"counts": model.predict(request.texts)} for request in requests]

    OPERATIONS = ModelOperations(
        (Operation("count", "Count each text.", CountRequest, CountResponse, count),)
    )
"""


@pytest.fixture
def counting(tmp_path, monkeypatch):
    """A folder with a text and the new task's package beside it."""
    package = tmp_path / "counting"
    package.mkdir()
    sources = {
        "task": RECORD,
        "model": MODEL,
        "commands": COMMANDS,
        "report": REPORT,
        "predictions": PREDICTIONS,
    }
    for name, source in ({"__init__": ""} | sources).items():
        (package / f"{name}.py").write_text(dedent(source), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    from counting.task import TASK

    monkeypatch.setitem(TASKS, TASK.name, TASK)
    (tmp_path / "lines.txt").write_text("#count\nab\nabc\n", encoding="utf-8")
    yield tmp_path
    for name in [each for each in sys.modules if each.split(".")[0] == "counting"]:
        del sys.modules[name]


def test_every_command_knows_it(elman, counting):
    peeked = elman("peek", "lines.txt")
    assert peeked.status == 0, peeked.err
    assert "It looks like 3 lines: a line counter." in peeked.out
    assert json.loads(elman("peek", "lines.txt", "--json").out)["task"] == "count"
    trained = elman("train", "lines.txt", "-o", "count.st")
    assert trained.status == 0, trained.err
    assert "Task: count, how long each line is (lines to count; change it with --task)." in (
        trained.err
    )
    assert "exact   100%" in trained.out
    assert "1 lines" in trained.out
    assert "elman predict count.st -" in trained.out
    tested = elman("test", "count.st", "lines.txt", "--json")
    assert json.loads(tested.out)["scores"] == {"exact": 1.0}
    predicted = elman("predict", "count.st", stdin=b"four\n\nfive5\n")
    assert predicted.out.split() == ["4", "0", "5"], predicted.err
    assert "count" in elman("info", "count.st").out
    explained = elman("explain", "count.st", "abc", "--json")
    assert json.loads(explained.out)["sequences"][0]["tokens"] == ["a", "b", "c"]
    page = elman("explain", "count.st", "abc", "-o", "count.html")
    assert page.status == 0, page.err
    assert "How long a line is" in (counting / "count.html").read_text(encoding="utf-8")


def test_what_it_lacks_is_reported_in_one_line(elman, counting):  # noqa: ARG001
    assert elman("train", "lines.txt", "-o", "count.st").status == 0
    exported = elman("export", "count.st", "--onnx", "count.onnx")
    assert exported.status == 1
    assert "have no ONNX graph" in exported.err
    assert exported.err.count("\n") == 1
    refused = elman("train", "lines.txt", "-o", "other.st", "--directions", "2")
    assert refused.status == 1
    assert "--directions: it does not apply to the task 'count'" in refused.err


def test_its_options_are_options_of_the_command(elman, counting):
    script = (
        "from elman.tasks.table import TASKS\n"
        "from counting.task import TASK\n"
        "TASKS[TASK.name] = TASK\n"
        "import sys\n"
        "from elman.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    assert elman("train", "lines.txt", "-o", "count.st").status == 0
    command = [sys.executable, "-c", script, "predict", "count.st", "lines.txt", "--bonus", "10"]
    done = subprocess.run(command, cwd=counting, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["16", "12", "13"], done.stderr


def served(path, in_a_thread):
    """What a server of one model answers: its description, a request to count, and its paths."""
    httpx = pytest.importorskip("httpx", reason="httpx is not installed")
    pytest.importorskip("fastapi", reason="the extra serve is not installed")
    from elman.server.api import Api
    from elman.server.app import ServerConfig, create_app
    from elman.server.registry import load_models

    async def converse():
        config = ServerConfig()
        async with Api(load_models([path]), config.sessions, config.limits) as api:
            transport = httpx.ASGITransport(create_app(api, config))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                model = await client.get("/models/count")
                counted = await client.post("/models/count/count", json={"texts": ["a", "four"]})
                described = await client.get("/openapi.json")
        return model.json(), counted, described.json()["paths"]

    return in_a_thread(converse())


def test_the_server_runs_its_operations(elman, counting, in_a_thread):
    (counting / "counting" / "operations.py").write_text(dedent(OPERATIONS), encoding="utf-8")
    importlib.invalidate_caches()
    assert elman("train", "lines.txt", "-o", "count.st").status == 0
    model, counted, paths = served(counting / "count.st", in_a_thread)
    assert model["operations"] == ["count"]
    assert counted.json() == {"counts": [1, 4]}
    assert "/models/{name}/count" in paths


def test_without_operations_the_server_describes_its_model(elman, counting, in_a_thread):
    assert elman("train", "lines.txt", "-o", "count.st").status == 0
    model, counted, paths = served(counting / "count.st", in_a_thread)
    assert model["task"] == "count"
    assert model["operations"] == []
    assert counted.status_code == 404
    assert "/models/{name}/count" not in paths
