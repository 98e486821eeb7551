"""elman peek on pairs, on vectors with descriptions and on series of numbers."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path

import numpy as np
import pytest

FRENCH = ["le chat dort", "le chien dort", "un chat noir", "le chat dort"]
ENGLISH = ["the cat sleeps", "the dog sleeps", "a black cat", "the cat is asleep"]
MONTHS = [f"{year}-{month:02}" for year in range(2001, 2011) for month in range(1, 13)]


def wave(step: int) -> float:
    return round(100 + step + 20 * math.sin(step * math.pi / 6), 2)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    columns = "".join(f"{a}\t{b}\n" for a, b in zip(FRENCH, ENGLISH, strict=True))
    sold = [f"{month},{wave(step)}" for step, month in enumerate(MONTHS)]
    for name, text in {
        "train.fr": "\n".join(FRENCH) + "\n",
        "train.en": "\n".join(ENGLISH) + "\n",
        "val.fr": "un chat noir\nbonjour\n",
        "val.en": "a black cat\nhello\n",
        "pairs.tsv": f"fr\ten\n{columns}",
        "my table.tsv": f"words\tmeaning\n{columns}",
        "same.fr": "oui\noui\n",
        "same.en": "yes\naye\n",
        "names.txt": "seven\nnine\n\nseven\n",
        "sold.csv": "\n".join(["month,sold", *sold]) + "\n",
        "gaps.csv": "\n".join(["month,sold", *sold[:40], "2004-05,", *sold[41:]]) + "\n",
        "short.csv": "a\n1\n2\n3\n",
    }.items():
        Path(name).write_text(text, encoding="utf-8")
    np.save("digits.npy", [[0, 1, 2], [0, 5, 2], [0, 9, math.nan], [0, 1, 2]])


def test_parallel_files(peek):
    arguments = ("train.fr", "train.en", "--valid", "val.fr", "--valid", "val.en")
    lines = peek(*arguments).splitlines()
    spread = "3 as a median, {} at the 95th percentile, {} at most"
    assert lines == [
        "pairs                          4",
        "different sources              3",
        f"words a source                 {spread.format(3, 3)}",
        f"words a target                 {spread.format(4, 4)}",
        "characters a source            12 as a median, 13 at the 95th percentile, 13 at most",
        "characters a target            14 as a median, 17 at the 95th percentile, 17 at most",
        "target to source               1.12 characters to one, as a median",
        "duplicate pairs                0",
        "sources with several targets   1",
        "targets that are their source  0",
        "lengths far off the median     0",
        "validation pairs               2",
        "of which in training too       1 (50%)",
        "",
        "Note: validation sources that are in training too make scores look better.",
        "",
        "It looks like texts with another text each (two parallel files): a translator.",
        "Next: elman train train.fr train.en --valid val.fr --valid val.en -o model.safetensors",
    ]


def test_a_pair_that_hardly_goes_together_is_named(peek):
    for name, line in (("train.fr", "bon"), ("train.en", "what a fine day this is")):
        with Path(name).open("a") as file:
            file.write(f"{line}\n")
    out = peek("train.fr", "train.en")
    assert "\nNote: 1 pair has lengths that hardly go together; the first is train.fr:5.\n" in out


def test_vectors(peek):
    lines = peek("digits.npy", "names.txt", "--skip-bad-rows").splitlines()
    assert lines == [
        "vectors                            3",
        "different vectors                  2",
        "numbers a vector                   3, from 0 to 5",
        "numbers that never vary            2",
        "different descriptions             2",
        "words a description                1 as a median, 1 at the 95th percentile, 1 at most",
        "characters a description           5 as a median, 5 at the 95th percentile, 5 at most",
        "duplicate rows                     1",
        "vectors described in several ways  0",
        "bad rows left out                  1",
        "",
        "It looks like vectors with a text each: a describer.",
        "Next: elman train digits.npy names.txt --skip-bad-rows -o model.safetensors",
    ]


def test_series(peek):
    lines = peek("gaps.csv").splitlines()
    assert lines == [
        "steps            120",
        "dates            2001-01 to 2010-12, monthly",
        "season           12 steps",
        "horizon          12 steps",
        "missing numbers  1",
        "",
        "series  least     mean  greatest  missing",
        "sold       89  159.518       231        1",
        "",
        "Note: the first row without a number is gaps.csv:42; --impute fills it in.",
        "",
        "It looks like numbers in step, to be predicted: a forecaster.",
        "Next: elman train gaps.csv -o model.safetensors --impute linear",
    ]


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        ("same.fr same.en", "there is one source only; two or more are needed."),
        ("one.npy one.txt", "all vectors are the same; two or more are needed."),
        ("short.csv", "3 values are too few for a season of 1 and a horizon of 1: 12 are needed."),
    ],
)
def test_what_nothing_can_be_learned_from(peek, arguments, note):
    np.save("one.npy", np.ones((2, 2)))
    Path("one.txt").write_text("a\nb\n")
    out = peek(*arguments.split())
    assert f"\nNote: {note}\n" in out
    assert "Next: " not in out


SEEN = {
    ("translate", "rows"): {
        "train.fr train.en": "two parallel files",
        "pairs.tsv": "TSV, fr -> en",
        "pairs.tsv --source-column en": "set by --source-column",
    },
    ("classify", "labels"): {"pairs.tsv --label-column en": "set by --label-column"},
    ("describe", "vectors"): {"digits.npy names.txt --skip-bad-rows": "an array of vectors"},
    ("forecast", "horizon"): {
        "sold.csv": "a table of numbers, 2 columns",
        "sold.csv --series sold": "set by --series",
    },
}


@pytest.mark.parametrize(("task", "count"), SEEN)
def test_the_task_in_json(peek, task, count):
    for arguments, seen in SEEN[task, count].items():
        report = json.loads(peek(*arguments.split(), "--json"))
        assert (report["task"], report["seen"]) == (task, seen)
        assert count in report


@pytest.mark.parametrize(
    ("typed_line", "typed"),
    [
        ("pairs.tsv --task translate", "pairs.tsv"),
        ("'my table.tsv' --task translate --target-column meaning", None),
        ("'my table.tsv' --task translate", None),
        ("sold.csv --series sold --task forecast", "sold.csv --series sold"),
        ("sold.csv --task language", None),
    ],
)
def test_the_next_command_trains_the_same_task(elman, peek, typed_line, typed):
    words = shlex.split(typed_line)
    out = peek(*words)
    command = shlex.split(out.splitlines()[-1].removeprefix("Next: "))
    assert command[:2] == ["elman", "train"]
    if typed is not None:
        assert shlex.join(command[2:]) == f"{typed} -o model.safetensors"
    done = elman(*command[1:], "--steps", "1", "--hidden-size", "8", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["task"] == words[words.index("--task") + 1]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("digits.npy names.txt", "names.txt:3: the description is empty. Fix it, or skip such"),
        ("digits.npy", "digits.npy: vectors without descriptions. Name a text file with one line"),
        ("digits.npy names.txt --column 1 --task describe", "--column: it does not apply to"),
        ("sold.csv --valid sold.csv", "--valid: it does not apply to the task 'forecast'."),
        ("sold.csv --series bought", "sold.csv: no column is called 'bought': there is sold. Name"),
        (
            "sold.csv short.csv --task forecast",
            "sold.csv and 1 more: 2 files, but series are read from one",
        ),
        ("train.fr val.en --task translate", "train.fr:3: 4 lines, but 2 lines in val.en: its end"),
    ],
)
def test_what_cannot_be_looked_at(refused_peek, arguments, line):
    assert refused_peek(*arguments.split()).startswith(line)
