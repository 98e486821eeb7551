"""elman score: how probable lines are."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import elman as package
from elman import Classifier, LanguageModel
from elman.nn.compiled.mixture import log_softmax

LINES = ["the cat sat on the mat.", "", "mat the on sat cat the.", "q" * 40, "the dog.", "é\tà"]


@pytest.fixture(scope="module", params=["character", "subword", "word"])
def model(request):
    settings = {"tokenizer": request.param, "hidden_size": 16, "steps": 20}
    return LanguageModel(**settings).fit(
        "the cat sat on the mat.\na bird looked at the dog.\n" * 80
    )


def by_steps(model, line):
    """The log-probability of a line's tokens and of its end, token by token."""
    log_p, state = model.step_many(["\n"], model.start())
    total = 0.0
    for token in model.tokenizer_.encode(f"{line}\n").tolist():
        total += float(log_p[0, token])
        logits, state = model.predicting.step(np.array([token]), state)
        log_p = log_softmax(logits)
    return total


def test_log_probabilities_are_those_of_steps(model):
    expected = [by_steps(model, line) for line in LINES]
    np.testing.assert_allclose(model.score_samples(LINES), expected, rtol=2e-4)


def test_lines_do_not_depend_on_their_batch(model):
    many = ["the cat sat.", *LINES, "x " * 3000]
    alone = [model.score_samples([line])[0] for line in many]
    np.testing.assert_allclose(model.score_samples(many), alone, rtol=2e-4)


def test_what_was_learned_is_more_probable(model):
    learned, turned = model.score_samples([LINES[0], LINES[2]])
    assert learned > turned


def test_a_table_of_lines(elman, here):  # noqa: ARG001
    Path("some.txt").write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    done = elman("score", "word.st", "some.txt")
    assert (done.status, done.err) == (0, "")
    header, *rows = done.out.splitlines()
    assert header.split("\t") == ["rank", "nats", "perplexity", "text"]
    assert [row.rpartition("\t")[2] for row in rows] == [line.replace("\t", " ") for line in LINES]
    answers = [
        json.loads(row) for row in elman("score", "word.st", "some.txt", "--json").out.splitlines()
    ]
    assert [row["text"] for row in answers] == LINES
    assert answers[1]["rank"] is None
    answered = [row for row in answers if row["rank"] is not None]
    scored = package.load("word.st").score_samples([row["text"] for row in answered])
    np.testing.assert_allclose([-row["nats"] for row in answered], scored)
    for row in answered:
        assert row["perplexity"] == pytest.approx(math.exp(row["nats"] / row["tokens"]))
    order = np.argsort([row["perplexity"] for row in answered])
    assert [answered[index]["rank"] for index in order] == [1, 2, 3, 4, 5]
    piped = elman("score", "word.st", stdin=Path("some.txt").read_bytes())
    assert piped.out == done.out


def test_texts(elman, here):  # noqa: ARG001
    done = elman("score", "character.st", "the cat sat on the mat.", "zzzz")
    assert [row.split("\t")[0] for row in done.out.splitlines()] == ["rank", "1", "2"]


def test_what_cannot_be_scored(elman, here):  # noqa: ARG001
    Classifier(hidden_size=4, steps=1).fit(["a", "b"] * 10, ["x", "y"] * 10).save("classes.st")
    for arguments, message in (
        (
            ("classes.st", "a b"),
            "classes.st: it is a model for the task 'classify', not",
        ),
        (("word.st", "gone.txt"), "gone.txt: no such file or folder"),
        (("word.st", " "), "INPUT: there is no line to score"),
    ):
        done = elman("score", *arguments)
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
        assert done.err.startswith(f"elman: {message}")


TABLE = 'id,said,by\n1,the cat sat on the mat.,a\n2,"a bird\nlooked at the dog.",b\n3,,c\n'
SAID = ["the cat sat on the mat.", "a bird looked at the dog.", ""]


def rows_of(done):
    assert (done.status, done.err) == (0, "")
    return done.out.splitlines()[1:]


def test_a_column_of_a_table(elman, here):  # noqa: ARG001
    Path("said.csv").write_text(TABLE)
    Path("said.txt").write_text("".join(f"{line}\n" for line in SAID))
    lines = rows_of(elman("score", "word.st", "said.txt"))
    assert rows_of(elman("score", "word.st", "said.csv", "--text-column", "said")) == lines
    listed = elman("score", "word.st", "said.csv", "--text-column", "said", "--json").out
    places = [(row["line"], row["text"]) for row in map(json.loads, listed.splitlines())]
    assert places == list(zip((2, 3, 5), SAID, strict=True))
    for arguments, message in (
        (("said.csv", "--text-column", "words"), "said.csv:1: no column is called 'words'"),
        (("the cat", "--text-column", "said"), "--text-column: texts in quotes have no columns"),
    ):
        done = elman("score", "word.st", *arguments)
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
        assert done.err.startswith(f"elman: {message}")


def test_the_column_that_was_trained_on(elman, here):  # noqa: ARG001
    header, *rows = TABLE.splitlines(keepends=True)
    Path("many.csv").write_text(header + "".join(rows) * 60)
    Path("said.csv").write_text(TABLE)
    Path("said.txt").write_text("".join(f"{line}\n" for line in SAID))
    trained = ("--task", "language", "--tokenizer", "word", "--steps", "5", "--hidden-size", "8")
    done = elman("train", "many.csv", "-o", "said.st", "--text-column", "said", *trained)
    assert done.status == 0, done.err
    lines = rows_of(elman("score", "said.st", "said.txt"))
    assert rows_of(elman("score", "said.st", "said.csv")) == lines
    assert rows_of(elman("score", "said.st", stdin=TABLE.encode())) == lines
    found = [
        json.loads(elman("test", "said.st", "many.csv", "--json", *columns).out)["scores"]
        for columns in ((), ("--text-column", "said"), ("--text-column", "by"))
    ]
    assert found[0] == found[1] != found[2]
    Path("other.csv").write_text("id,review\n1,the cat sat\n")
    for command in ("score", "test"):
        done = elman(command, "said.st", "other.csv")
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
        assert "other.csv: no column is called 'said', as the one that the model" in done.err
    by = rows_of(elman("score", "said.st", "said.csv", "--text-column", "by"))
    assert [row.split("\t")[-1] for row in by] == ["a", "b", "c"]
