"""elman predict with texts instead of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import elman as package


def test_a_class_for_each_text(elman, reading):  # noqa: ARG001
    model = package.load("classes.st")
    texts = ["the cat sat on the mat", "bird", 'a bird,\nlooked at: "the" dog']
    done = elman("predict", "classes.st", *texts)
    assert (done.status, done.err) == (0, "")
    assert (
        done.out.splitlines()
        == model.predict([" ".join(each.splitlines()) for each in texts]).tolist()
    )
    rows = list(map(json.loads, elman("predict", "classes.st", *texts, "--json").out.splitlines()))
    assert [row["line"] for row in rows] == [1, 2, 3]
    assert [row["label"] for row in rows] == done.out.splitlines()


def test_a_text_is_never_the_header_of_a_table(elman, reading):  # noqa: ARG001
    done = elman("predict", "classes.st", "text,label", '{"text": "a bird"}')
    assert (done.status, len(done.out.splitlines())) == (0, 2)


def test_a_person_reads_text_class_and_probability(elman, reading, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr("elman.tasks.classification.predictions.prints_to_terminal", lambda: True)
    text = "the cat  sat on the mat"
    label = package.load("classes.st").predict([text])[0]
    probability = package.load("classes.st").predict_proba([text]).max()
    done = elman("predict", "classes.st", text, "the dog " * 40)
    first, second = done.out.splitlines()
    assert first == f"the cat sat on the mat  {label}  {probability:.2f}"
    assert second.partition("  ")[0] == ("the dog " * 40)[:59] + "…"
    assert elman("predict", "classes.st", stdin=b"\na bird\n\n").out.count("\n") == 3


def test_words_and_tags_of_a_text(elman, reading):  # noqa: ARG001
    done = elman("predict", "tags.st", "the cat sat on the mat.")
    words = ["the", "cat", "sat", "on", "the", "mat", "."]
    (tags,) = package.load("tags.st").predict([words])
    rows = [f"{word}\t{tag}" for word, tag in zip(words, tags, strict=True)]
    assert (done.status, done.err, done.out) == (0, "", "\n".join(rows) + "\n\n")
    (row,) = map(json.loads, elman("predict", "tags.st", "the cat", "--json").out.splitlines())
    assert row["words"] == ["the", "cat"]


def test_running_text_in_a_file_is_split(elman, reading):  # noqa: ARG001
    text = "the cat sat on the mat.\n\na bird looked at the river.\n"
    Path("tale.txt").write_text(text, encoding="utf-8")
    done = elman("predict", "tags.st", "tale.txt")
    note = "tale.txt: running text; each line is a sentence, split into words.\n"
    assert (done.status, done.err) == (0, note)
    texts = [line for line in text.splitlines() if line]
    assert done.out == elman("predict", "tags.st", *texts).out
    piped = elman("predict", "tags.st", stdin=text.encode())
    assert (piped.out, piped.err) == (done.out, note.replace("tale.txt", "standard input"))


@pytest.mark.parametrize("row", ["EU NNP I-NP I-ORG", "dogs dog NOUN nsubj", "the DET det"])
def test_rows_of_words_and_columns_are_no_running_text(elman, reading, row):  # noqa: ARG001
    done = elman("predict", "tags.st", stdin=f"{row}\n\n".encode())
    assert done.status == 1
    assert "is not a tag that the model knows" in done.err


def test_a_translation_of_a_text(elman, rewriting):  # noqa: ARG001
    done = elman("predict", "french.st", "le chat voit", "le roi")
    assert (done.status, done.err) == (0, "")
    assert done.out == elman("predict", "french.st", stdin=b"le chat voit\nle roi\n").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("classes.st", "revues.csv"), "revues.csv: no such file or folder. "),
        (("classes.st", "a bird", "--sheet", "X"), "--sheet: texts in quotes have no sheets. "),
        (("classes.st", "who.csv", "a bird"), "INPUT: 'a bird' is a text, and who.csv a file. "),
        (
            ("sold.st", "a bird"),
            "INPUT: 'a bird' is not a file, and the model does not read texts. ",
        ),
        (
            ("winds.st", "a bird"),
            "INPUT: 'a bird' is not a file, and the model does not read texts. ",
        ),
    ],
)
def test_what_cannot_be_predicted(elman, reading, rewriting, arguments, message):  # noqa: ARG001
    done = elman("predict", *arguments)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith(f"elman: {message}")


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_table_without_a_header_is_read_as_in_training(elman, reading, delimiter):  # noqa: ARG001
    rows = [line.split(",") for line in Path("who.csv").read_text("utf-8").splitlines()[1:]]
    lines = (delimiter.join([str(row), *cells]) + "\n" for row, cells in enumerate(rows))
    path = Path("bare.csv" if delimiter == "," else "bare.tsv")
    path.write_text("".join(lines), encoding="utf-8")
    done = elman("predict", "classes.st", str(path))
    assert (done.status, done.err) == (0, "")
    assert done.out == elman("predict", "classes.st", "who.csv").out
