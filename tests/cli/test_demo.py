"""The demo: what it trains, what it shows, and the next command that it prints."""

from __future__ import annotations

import importlib
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from elman.examples.split import hash_of
from elman.tasks.description.demo import drawn
from elman.tasks.seq2seq.generation import GeneratedText
from elman.tasks.translation.demo import A_DATE, FRENCH, print_attention

MODELS = (
    "python-words",
    "python-characters",
    "tokens",
    "surnames",
    "french-english",
    "digits",
    "sunspots",
)


@pytest.mark.usefixtures("small_examples")
def test_demo(elman):
    done = elman("demo", "--minutes", "0.004", "-o", "models")
    assert done.status == 0, done.err
    for title in (
        "0.004 minutes: the next word",
        "0.004 minutes: the next character",
        "0.002 minutes: Python's own source, each token tagged with what tokenize and ast say",
        "0.002 minutes: the language of a surname",
        "0.002 minutes: French numbers, dates, amounts and names into English",
        "0.002 minutes: handwritten digits into words",
        "0.002 minutes: sunspots after 1899",
    ):
        assert f"\n== {title}\n" in done.out
    assert "Three suggestions for what is being typed:\n  If the file does not ex…" in done.out
    assert "Its answer after every letter of Schmidtova:\n\n  S  " in done.out
    for name in MODELS:
        assert elman("info", f"models/{name}.safetensors").status == 0
    assert done.err.count("Trained ") == len(MODELS)
    assert ElementTree.parse("models/sunspots.svg").getroot().tag.endswith("svg")
    # The next command that it prints works.
    for command in (
        ("test", "models/surnames.safetensors", "models/surnames-test.tsv"),
        ("predict", "models/tokens.safetensors", "models/python-test.conll"),
        ("predict", "models/digits.safetensors", "models/digits-test.npy"),
        ("predict", "models/sunspots.safetensors", "--plot", "forecast.svg"),
    ):
        done = elman(*command)
        assert (done.status, bool(done.out)) == (0, True), done.err
    done = elman("predict", "models/french-english.safetensors", "-", stdin=b"14 mai\n")
    assert done.out.count("\n") == 1, done.err


@pytest.mark.usefixtures("small_examples")
def test_what_is_not_installed_is_reported_and_left_out(tmp_path, capsys, monkeypatch):
    for module in ("babel", "faker", "statsmodels"):
        result = [name for name in sys.modules if name.split(".")[0] == module]
        for name in [module, *result]:
            monkeypatch.setitem(sys.modules, name, None)
    for name in ("french_english", "surnames", "sunspots"):
        real = getattr(importlib.import_module(f"elman.examples.{name}"), name)
        monkeypatch.setattr(f"elman.examples.{name}", real)
    parts = importlib.import_module("elman.cli.demo").parts_at_hand(tmp_path)
    assert [part.task for part in parts] == ["language", "language", "tag", "describe"]
    about, *lines = capsys.readouterr().err.splitlines()
    assert about.startswith("The text: ")
    assert len(lines) == 3
    for line, name in zip(lines, ("Faker", "babel", "statsmodels"), strict=True):
        assert name in line
        assert line.endswith(". Try: pip install 'elman[examples]'")


def test_a_demo_shows_what_was_never_learned_from():
    assert {hash_of(phrase) % 10 for phrase in (*FRENCH, A_DATE)} == {0}


def test_attention_as_a_table(capsys):
    result = GeneratedText(
        text="Ada, 7",
        score=-0.1,
        probability=0.9,
        pieces=[" Ada", ",", " ", "7", ""],
        probabilities=[0.9] * 5,
        attention=[[0.95, 0.05], [0.5, 0.5], [0.1, 0.9], [0.0, 1.0], [0.31, 0.69]],
        source=[" sept", ""],
    )
    print_attention(result)
    assert capsys.readouterr().out.splitlines() == [
        "         sept (end)",
        "  Ada     9     .",
        "  ,       5     5",
        "  _       1     9",
        "  7       .     9",
        "  (end)   3     6",
    ]


def test_a_digit_in_characters():
    image = np.zeros(64, np.float32)
    image[[0, 9, 63]] = 16, 10, 1
    lines = drawn(image)
    assert [len(line) for line in lines] == [16] * 8
    assert lines[0].rstrip() == "@@"
    assert lines[1].rstrip() == "  **"
    assert lines[7] == " " * 14 + ".."
    assert "".join(lines[2:7]).strip() == ""
