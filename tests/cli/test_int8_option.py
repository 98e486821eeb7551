"""--int8: what each command does with weights of 8 bits, and what it reports of the loss."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import elman as package
from elman.bundle import open_bundle
from elman.kernels import core

SMALL = ("--steps", "20", "--hidden-size", "16")
TALE = ("train", "tale.txt", *SMALL)


def answered(done):
    assert done.status == 0, done.err
    return done.out


def is_int8(path):
    return open_bundle(path).about.get("int8") is True


def weights_of(path):
    data = Path(path).read_bytes()
    return data[8 + int.from_bytes(data[:8], "little") :]


@pytest.fixture
def everything(here, reading, rewriting):
    """A folder of its own, which one is in, with files and models of every task."""
    first, *sold = Path("sold.csv").read_text().splitlines()
    Path("unknown.csv").write_text("\n".join([first, *(f"{row}5" for row in sold)]))
    assert here == reading == rewriting
    return here


# elman test


CHIEF = {
    "character.st held.txt": ("nats_per_token", r"\d\.\d{4} nats per [a-z]+"),
    "word.st held.txt": ("nats_per_token", r"\d\.\d{4} nats per [a-z]+"),
    "classes.st who.csv": ("accuracy", r"\d+\.\d\d% accuracy"),
    "tags.st kinds.conll": ("accuracy", r"\d+\.\d\d% accuracy"),
    "french.st held.fr held.en": ("bleu", r"\d+\.\d\d BLEU"),
    "winds.st winds.npy winds.txt": ("chrf", r"\d+\.\d\d chrF"),
    "sold.st unknown.csv": ("mase", r"\d+\.\d{4} MASE"),
}


@pytest.mark.parametrize("arguments", CHIEF)
def test_the_change_of_the_main_score_is_reported(elman, everything, arguments):  # noqa: ARG001
    name, words = CHIEF[arguments]
    exact = json.loads(answered(elman("test", *arguments.split(), "--json")))
    report = json.loads(answered(elman("test", *arguments.split(), "--json", "--int8")))
    assert "int8" not in exact
    comparison = report.pop("int8")
    assert report.keys() == exact.keys()
    assert (report["baseline"], report["examples"]) == (exact["baseline"], exact["examples"])
    assert comparison["score"] == name
    assert comparison["int8"] == report["scores"][name]
    assert comparison["float32"] == exact["scores"][name]
    *table, line = answered(elman("test", *arguments.split(), "--int8")).splitlines()
    match = re.fullmatch(rf"int8: {words}, float32 [\d.%]+( \((.*) %\))?", line)
    assert match
    if comparison["float32"]:
        assert comparison["change"] == pytest.approx(comparison["int8"] / comparison["float32"] - 1)
        assert match[2] == f"{100 * comparison['change']:+.2f}"
    else:
        assert comparison["change"] is match[2] is None
    assert not any(each.startswith("int8") for each in table)


def test_scores_are_those_of_the_rounded_weights(elman, everything):  # noqa: ARG001
    arguments = ("character.st", "held.txt", "--json")
    exact, rounded = (
        json.loads(answered(elman("test", *arguments, *more)))["scores"]
        for more in ((), ("--int8",))
    )
    model = package.load("character.st", int8=True)
    assert rounded["nats_per_token"] == pytest.approx(-model.score(Path("held.txt")), rel=1e-6)
    assert rounded != exact


def test_of_a_file_that_was_saved_so_there_is_nothing_to_compare(elman, everything):  # noqa: ARG001
    package.load("character.st").save("small.st", int8=True)
    expected = json.loads(answered(elman("test", "character.st", "held.txt", "--json", "--int8")))
    del expected["int8"]
    for more in ((), ("--int8",)):
        report = answered(elman("test", "small.st", "held.txt", "--json", *more))
        assert json.loads(report) == expected
        assert "int8" not in answered(elman("test", "small.st", "held.txt", *more))


# Other commands


ASKED = {
    "generate": ("generate", "character.st", "the c", "--seed", "1", "--length", "200"),
    "score": ("score", "character.st", "the cat", "--json"),
    "suggest": ("suggest", "word.st", "the ", "--json"),
    "classify": ("predict", "classes.st", "who.csv", "--json"),
    "tag": ("predict", "tags.st", "kinds.conll", "--json"),
    "translate": ("predict", "french.st", "held.fr", "--json"),
    "describe": ("predict", "winds.st", "winds.npy", "--json"),
    "forecast": ("predict", "sold.st", "--json"),
}


@pytest.mark.parametrize("name", ASKED)
def test_answers_are_those_of_a_file_that_was_saved_so(elman, everything, name):  # noqa: ARG001
    command, path, *rest = ASKED[name]
    package.load(path).save("small.st", int8=True)
    rounded = answered(elman(command, path, *rest, "--int8"))
    assert rounded == answered(elman(command, "small.st", *rest))
    # Targets are also written with products of integers, of matrices of any size.
    written = name in {"translate", "describe"} and core.module() is not None
    changed = written or any(
        weight.dim() == 2 and min(weight.shape) >= 16
        for weight in package.load(path).network_.parameters()
    )
    assert (rounded != answered(elman(command, path, *rest))) is changed


def test_info_names_it(elman, everything):  # noqa: ARG001
    package.load("word.st").save("small.st", int8=True)
    for path, expected in (("word.st", False), ("small.st", True)):
        assert json.loads(answered(elman("info", path, "--json")))["int8"] is expected
        rows = [each.split() for each in answered(elman("info", path)).splitlines()]
        assert ["int8", "yes" if expected else "no"] in rows


# elman train


def test_a_model_is_written_with_weights_of_8_bits(elman, everything):
    """Else it is the model that it would be without: its training, and what it answers."""
    done = elman(*TALE, "-o", "small.st", "--int8")
    out = answered(done).splitlines()
    assert re.fullmatch(
        r"int8: \d\.\d{4} nats per character, float32 \d\.\d{4} \([-+]\d\.\d\d %\)", out[-2]
    )
    assert out[-1].startswith("small.st: ")
    assert is_int8("small.st")
    answered(elman(*TALE, "-o", "large.st"))
    assert not is_int8("large.st")
    package.load("large.st").save("again.st", int8=True)
    assert weights_of("again.st") == weights_of("small.st")
    assert not list(everything.glob("*.checkpoint"))


def test_its_record_has_the_scores_that_it_has(elman, everything):  # noqa: ARG001
    report = json.loads(answered(elman(*TALE, "-o", "small.st", "--int8", "--json")))
    exact = json.loads(answered(elman(*TALE, "-o", "large.st", "--json")))
    recorded = open_bundle("small.st").about["training"]["scores"]
    assert recorded == report["scores"] == report["training"]["scores"]
    assert report["int8"]["int8"] == recorded["nats_per_token"]
    assert report["int8"]["float32"] == exact["scores"]["nats_per_token"]
    assert report["scores"] != exact["scores"]
    assert report["baseline"] == exact["baseline"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("who.csv", "--tokenizer", "word"), "accuracy"),
        (("kinds.conll",), "accuracy"),
        (("said.fr", "said.en"), "BLEU"),
        (("winds.npy", "winds.txt"), "chrF"),
    ],
)
def test_any_task(elman, everything, arguments, words):  # noqa: ARG001
    out = answered(elman("train", *arguments, *SMALL, "-o", "small.st", "--int8"))
    assert re.search(rf"\nint8: [\d.%]+ {words}, float32 ", out)
    assert is_int8("small.st")


def test_a_forecaster_has_learned_from_what_was_held_out(elman, everything):  # noqa: ARG001
    done = elman(
        *("train", "sold.csv", "--steps", "2", "--hidden-size", "16", "-o", "small.st", "--int8")
    )
    assert "int8" not in answered(done)
    assert done.err.splitlines()[-1] == (
        "These scores are of the float32 weights. Score the int8 weights: elman test small.st FILE"
    )
    assert is_int8("small.st")


def test_an_interrupted_training_too(elman, everything, interrupt_after):  # noqa: ARG001
    interrupt_after(5)
    assert elman(*TALE, "-o", "small.st", "--int8").status == 130
    assert is_int8("small.st")
    interrupt_after(10**6)
    answered(elman(*TALE, "-o", "small.st", "--int8", "--resume"))
    answered(elman(*TALE, "-o", "straight.st", "--int8"))
    assert weights_of("small.st") == weights_of("straight.st")


def test_a_scoring_that_fails_loses_no_model(elman, everything, monkeypatch):  # noqa: ARG001
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("elman.tasks.language_modeling.baseline.best_ngram", interrupted)
    assert elman(*TALE, "-o", "small.st", "--int8").status == 130
    assert is_int8("small.st")
