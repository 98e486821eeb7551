"""elman export, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_a_page_and_a_graph(elman, here):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    done = elman("export", "word.st", "--web", "page", "--onnx", "word.onnx")
    assert done.status == 0, done.err
    assert "python -m http.server -d page" in done.out
    assert "ONNX Runtime agrees within" in done.out
    assert done.err == ""
    assert (here / "page" / "index.html").exists()
    assert (here / "word.onnx").stat().st_size > 1000


@pytest.mark.usefixtures("here")
def test_a_graph_without_the_counts_says_so(elman):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    settings = ("--steps", "2", "--hidden-size", "8", "--counts", "on")
    done = elman("train", "tale.txt", "-o", "both.st", *settings)
    assert done.status == 0, done.err
    done = elman("export", "both.st", "--onnx", "both.onnx")
    assert done.status == 0, done.err
    assert done.err.count("\n") == 1
    assert "the network alone" in done.err


def test_in_json(elman, here):
    done = elman("export", "character.st", "--web", "page", "--json")
    report = json.loads(done.out)["web"]
    files = [file.stat().st_size for file in (here / "page").rglob("*") if file.is_file()]
    assert report == {"folder": "page", "files": len(files), "bytes": sum(files)}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("word.st",), "no format is named"),
        (("missing.st", "--web", "page"), "missing.st: cannot be read"),
        (("tale.txt", "--web", "page"), "tale.txt: it is not a model file"),
        (("word.st", "--web", "."), "this folder is not empty"),
        (("word.st", "--onnx", "nowhere/word.onnx"), "there is no folder nowhere"),
    ],
)
def test_what_goes_wrong_is_one_line(elman, arguments, message):
    before = sorted(Path().iterdir())
    done = elman("export", *arguments)
    assert done.status == 1
    assert message in done.err
    assert done.err.count("\n") == 1
    assert sorted(Path().iterdir()) == before


@pytest.mark.usefixtures("hub", "here")
def test_to_the_hub_and_back(elman):
    done = elman("push", "word.st", "ada/tale")
    assert done.out == "word.st is in ada/tale: http://hub/ada/tale/public\n"
    done = elman("pull", "ada/tale", "-o", "back.st")
    assert done.status == 0, done.err
    assert done.out.endswith(" is a model for the task 'language'.\n")
    assert Path("back.st").read_bytes() == Path("word.st").read_bytes()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", [("push", "word.st", "a/b/c"), ("pull", "a/b/c", "-o", "m.st")])
def test_a_name_that_is_none(elman, command):
    pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    done = elman(*command)
    assert (done.status, done.out) == (1, "")
    assert done.err == "elman: hub: 'a/b/c' is not the name of a repository. It is: NAME/MODEL\n"
