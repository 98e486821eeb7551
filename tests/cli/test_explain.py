"""elman explain: each task's trace in the terminal, as JSON, in a file; and what it refuses."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from elman import load
from elman.explain.summary import MAX_TOKENS

TEXTS = {"classes.st": "the cat sat", "tags.st": "the old cat sat", "french.st": "le chat"}


@pytest.mark.parametrize("model", ["classes.st", "tags.st"])
@pytest.mark.usefixtures("reading")
def test_readers(elman, model):
    assert_explained(elman, model, TEXTS[model])


@pytest.mark.parametrize("model", ["character.st", "word.st"])
@pytest.mark.usefixtures("here")
def test_language(elman, model):
    done = assert_explained(elman, model, "the cat")
    assert done.out.splitlines()[0].split() == [
        "after",
        "prediction",
        "actual",
        "attributed",
        "to",
    ]


@pytest.mark.usefixtures("here")
def test_the_share_of_the_network(elman):
    settings = ("--tokenizer", "word", "--steps", "5", "--hidden-size", "8", "--counts", "on")
    done = elman("train", "tale.txt", "-o", "both.st", *settings)
    assert done.status == 0, done.err
    done = assert_explained(elman, "both.st", "the cat")
    columns = ["after", "prediction", "actual", "network's share", "attributed to"]
    assert re.split(r"\s{2,}", done.out.splitlines()[0].strip()) == columns


@pytest.mark.usefixtures("rewriting")
def test_rewriters(elman):
    assert_explained(elman, "french.st", TEXTS["french.st"])
    done = assert_explained(elman, "winds.st", "winds.npy", ask=np.load("winds.npy")[0])
    assert "#" in done.out
    second = elman("explain", "winds.st", "winds.npy", "--row", "2", "--json").out
    assert json.loads(second) == load("winds.st").explain(np.load("winds.npy")[1]).as_dict()
    for given in ([], ["sold.csv"], ["sold.csv", "--series", "sold"]):
        done = assert_explained(elman, "sold.st", *given, ask=None)
        columns = ["step", "median", "80 %", "the counts add", "attributed to"]
        assert re.split("  +", done.out.splitlines()[0].strip()) == columns


def assert_explained(elman, model, *given, **asked):
    wanted = load(model).explain(asked.get("ask", given[0] if given else None)).as_dict()
    result = elman("explain", model, *given, "--json")
    assert (result.status, result.err) == (0, "")
    assert json.loads(result.out) == wanted
    done = elman("explain", model, *given, "-o", "trace.json")
    assert done.status == 0
    assert done.err == "The trace is in trace.json.\n"
    assert json.loads(Path("trace.json").read_text(encoding="utf-8")) == wanted
    lines = done.out.splitlines()
    assert "attributed to" in lines[0]
    assert len(lines) > len(wanted["outputs"])
    layers = sum(len(each["layers"]) for each in wanted["sequences"])
    assert sum(": " in line for line in lines[-layers:]) == layers
    return done


@pytest.mark.usefixtures("reading")
def test_the_attribution_of_a_class(elman):
    """The subject decides the class, so it has the largest attribution."""
    lines = elman("explain", "classes.st", "the cat sat on the mat").out.splitlines()
    columns = ["after", "answer", "the counts add", "attributed to"]
    assert re.split("  +", lines[0].strip()) == columns
    note = lines.index("States and attributions are those of the network alone.")
    last = next(line for line in lines[:note] if line.startswith("mat"))
    assert last.split()[1] == "cat"
    of_last = " ".join(lines[lines.index(last) : note])
    assert re.search(r"cat \+.*cat \+", of_last), "by the counts and by the network"
    assert "the cat sat on the mat" in lines[note + 2]


@pytest.mark.usefixtures("here")
def test_stdin(elman):
    piped = elman("explain", "word.st", "-", "--json", stdin="the café\n".encode())
    assert piped.out == elman("explain", "word.st", "the café", "--json").out


def test_two_texts_and_a_page(elman, here):
    """Both are told of, and the page holds both."""
    done = elman("explain", "word.st", "the cat", "a bird", "--json", "-o", "trace.html")
    assert (done.status, done.err) == (0, "The trace is in trace.html.\n")
    wanted = [load("word.st").explain(text).as_dict() for text in ("the cat", "a bird")]
    assert [json.loads(line) for line in done.out.splitlines()] == wanted
    page = (here / "trace.html").read_text(encoding="utf-8")
    held = page.partition('id="traces">')[2].partition("</script>")[0]
    tokens = [
        each["sequences"][0]["tokens"]
        for each in json.loads(gzip.decompress(base64.b64decode(held)))
    ]
    assert tokens == [each["sequences"][0]["tokens"] for each in wanted]


@pytest.mark.usefixtures("here")
def test_what_is_typed_is_printed_as_it_is(elman):
    done = elman("explain", "character.st", "[red]a\tb\n\x1b")
    assert done.status == 0
    assert "\\t" in done.out
    assert "\x1b" not in done.out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((), "TEXT: a text is needed. Type one"),
        (("",), "nothing to read"),
        (("so " * MAX_TOKENS * 2,), f"a trace holds {MAX_TOKENS} at most. Explain a part of it."),
        (("so", "-o", "trace.pdf"), "a trace is written as .html or .json, not as .pdf"),
        (("so", "-o", "no/trace.json"), "there is no folder no"),
        (("so", "it", "-o", "trace.json"), "holds one trace, and there are two"),
        (("so", "--row", "1"), "--row: it does not apply to the task 'language'"),
        (("so", "--series", "sold"), "--series: it does not apply"),
    ],
)
def test_what_is_refused(elman, here, given, message):
    before = sorted(path.name for path in here.iterdir())
    refused(elman("explain", "character.st", *given), message)
    assert sorted(path.name for path in here.iterdir()) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("winds.st",), "a file is needed"),
        (("winds.st", "none.npy"), "none.npy"),
        (("winds.st", "winds.npy", "--row", "31"), "--row: 31 is out of range"),
        (("sold.st", "none.csv"), "none.csv"),
        (("sold.st", "--series", "tea"), "'tea' is not one that it has learned"),
    ],
)
@pytest.mark.usefixtures("rewriting")
def test_what_is_refused_of_numbers(elman, given, message):
    refused(elman("explain", *given), message)


def refused(done, message):
    assert done.status == 1
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert message in done.err
