"""elman peek on tables and tagged sentences; on running text it is in test_answers.py, on pairs,
vectors and numbers in test_peek_rewriting.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "train.csv": "stars,review\n5,so good\n1,bad\n5,so good\n5,bad\n5,fine film all in all\n",
        "valid.csv": "stars,review\n5,bad\n3,new\n",
        "one.csv": "text,label\na,x\nb,x\n",
        "broken.csv": "text,label\na,x\nb,y\nc\n",
        "train.conll": "Anna\tB-PER\nSmith\tI-PER\nleft\tO\n\nhere\tI-LOC\nis\tO\nshe\tO\n\n" * 2,
        "valid.conll": "here\tB-LOC\nis\tO\nshe\tO\n\nit\tB-MISC\n",
        "plain.conll": "the DET\n\ncat NOUN\n",
        "one.conll": "the O\n\ncat O\n",
        "words.conll": "the\ncat\n",
        "odd.tsv": "spelling\tsound\nbe\tB IY\nsee\tS IY\ntea\tT IY\n",
    }.items():
        Path(name).write_text(text)


ROWS = """\
rows                      5
labels                    2
commonest label           80% of the rows
words a text              2 as a median, 5 at the 95th percentile, 5 at most
characters a text         7 as a median
duplicate rows            1
conflicting texts         1
validation rows           2
of which in training too  1 (50%)

label  rows  share
5         4    80%  ##############################
1         1    20%  ########

Note: 1 text has different labels in different rows.
Note: validation texts that are in training too make scores look better.
Note: no training example has these labels of validation: 3.

It looks like texts with a label each (CSV, text in column review, label in column stars)\
: a classifier.
Next: elman train train.csv --valid valid.csv -o model.safetensors
"""


def test_rows(peek):
    assert peek("train.csv", "--valid", "valid.csv") == ROWS


SENTENCES = """\
sentences                 4
words                     12
tags                      4
scheme                    bio
illegal tags              2 in 2 sentences
words a sentence          3 as a median, 3 at the 95th percentile, 3 at most
duplicate sentences       2
validation sentences      2
of which in training too  1 (50%)

tag    words  share
O          6    50%  ##############################
B-PER      2    17%  ##########
I-PER      2    17%  ##########
I-LOC      2    17%  ##########

The first illegal tags:
  train.conll:5: I-LOC cannot begin a sentence
  train.conll:13: I-LOC cannot begin a sentence

Note: validation sentences that are in training too make scores look better.
Note: no training example has these tags of validation: B-LOC, B-MISC.

It looks like words with a tag each (CoNLL): a tagger.
Next: elman train train.conll --valid valid.conll -o model.safetensors
"""


def test_sentences(peek):
    assert peek("train.conll", "--valid", "valid.conll") == SENTENCES


def test_plain_tags_have_no_scheme(peek):
    out = peek("plain.conll")
    assert "\nscheme               none, each tag is a word's own\n" in out
    assert "\nillegal tags         0\n" in out


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        ("one.csv", "every row has the same label; rows of two or more are needed."),
        ("one.conll", "the words have one tag only; two or more are needed."),
    ],
)
def test_nothing_to_tell_apart(peek, arguments, note):
    out = peek(arguments)
    assert f"\nNote: {note}\n" in out
    assert "Next: " not in out


def test_many_labels_and_long_ones(peek):
    rows = [f"text {number},label {number}" for number in range(30)]
    Path("many.csv").write_text("\n".join(["text,label", *rows, f"a,{'long ' * 20}"]))
    lines = peek("many.csv").splitlines()
    assert "and 11 more of 1 each" in lines
    assert max(map(len, lines[8:30])) <= 100
    Path("more.csv").write_text("\n".join(["text,label", *rows, *rows[:25]]))
    assert "and 10 more of 1 to 2 each" in peek("more.csv")


@pytest.mark.parametrize(
    ("arguments", "task", "seen", "count"),
    [
        ("train.csv", "classify", "CSV, text in column review, label in column stars", "rows"),
        ("plain.conll", "tag", "CoNLL, 2 columns a word, blank lines between s", "sentences"),
        ("plain.conll --task language", "language", "set by --task", "lines"),
        ("odd.tsv --label-column sound", "classify", "set by --label-column", "rows"),
        ("odd.tsv --text-column spelling", "classify", "set by --text-column", "rows"),
        ("odd.tsv --column 2", "tag", "set by --column", "sentences"),
        ("words.conll --task language", "language", "set by --task", "lines"),
    ],
)
def test_the_task_in_json(peek, arguments, task, seen, count):
    result = json.loads(peek(*arguments.split(), "--json"))
    assert result["task"] == task
    assert result["seen"].startswith(seen)
    assert count in result


def test_a_table_of_unknown_columns_is_text_only_if_that_is_typed(peek, elman):
    refused = elman("peek", "odd.tsv")
    assert refused.status == 1
    assert refused.err.startswith("elman: odd.tsv: it is a table without known columns of texts")
    assert "--task language" in refused.err
    read = peek("odd.tsv", "--task", "language")
    assert "\nNext: elman train odd.tsv --task language -o model.safetensors" in read


def test_what_was_typed_is_typed_again(peek):
    Path("my rows.csv").write_text("text,label,no\na,x,1\nb,y,2\nc\n", encoding="utf-16")
    options = (
        "'my rows.csv' --text-column no --label-column label --skip-bad-rows --encoding utf-16"
    )
    typed = ["my rows.csv", *options.split("' ")[1].split()]
    out = peek(*typed, "--task", "classify")
    assert f"\nNext: elman train {options} -o model.safetensors\n" in out
    assert "\nIt is read as texts with a label each" in out
    assert "\nbad rows left out  1\n" in out


def test_a_task_is_typed_again_only_where_it_is_needed(peek):
    out = peek("train.conll", "--task", "tag")
    assert out.endswith("\nNext: elman train train.conll -o model.safetensors\n")
    out = peek("train.csv", "--task", "language")
    assert "\nNext: elman train train.csv --task language -o model.safetensors --tokenizer " in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            "odd.tsv --task language --valid odd.tsv",
            "--valid: it does not apply to the task 'language'.",
        ),
        (
            "odd.tsv --task language --skip-bad-rows",
            "--skip-bad-rows: it does not apply to the task 'lang",
        ),
        ("train.csv --label-column stars --column 2", "--column: it does not apply to the"),
        ("train.conll --task tag --text-column a", "--text-column: it does not apply to the"),
        ("train.csv --task sing", "--task: 'sing' is not known. It is language, classify, tag,"),
        ("train.csv --task tag", "train.csv:1: one column only, words without tags. One word a"),
        ("odd.tsv --task classify", "odd.tsv:1: cannot identify the column of the text: the first"),
        ("train.csv --label-column mood", "train.csv:1: no column is called 'mood': there are"),
        ("broken.csv", "broken.csv:4: expected 2 columns (text,label), found 1. Quote a text"),
        ("train.conll --column 3", "train.conll:1: column 3 holds no tags: there are 2 columns"),
        (
            "train.csv --valid none.csv",
            "none.csv: no such file or folder. List what is there",
        ),
        ("train.csv --valid valid.conll", "valid.conll:1: cannot identify the column of the text"),
    ],
)
def test_what_cannot_be_looked_at(refused_peek, arguments, line):
    assert refused_peek(*arguments.split()).startswith(line)
