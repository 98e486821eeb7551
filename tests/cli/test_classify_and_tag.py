"""elman train and elman test on texts with labels and words with tags."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SMALL = ("--steps", "30", "--hidden-size", "16")
CLASSIFY = ("train", "who.csv", "-o", "m.st", "--tokenizer", "word", *SMALL)
TAG = ("train", "kinds.conll", "-o", "m.st", *SMALL)


@pytest.fixture(autouse=True)
def folder(reading):
    """With who.csv and kinds.conll, and models of the like."""
    return reading


def answered(done):
    assert done.status == 0, done.err
    return done.out


def test_a_table_becomes_a_classifier(elman):
    done = elman(*CLASSIFY)
    out = answered(done)
    assert "accuracy" in out
    assert "baseline: TF-IDF of words (1-2) with logistic regression\n" in out
    assert "The commonest class alone: " in out
    assert "The model is " in out
    assert "elman predict m.st -" in out
    assert done.err.startswith(
        "Task: classify, a label for each text (CSV, text in column text, label in column label; "
        "change it with --task).\n"
    )


def test_sentences_become_a_tagger(elman):
    done = elman(*TAG)
    out = answered(done)
    assert "baseline: each word's most frequent tag" in out
    assert done.err.startswith("Task: tag, a tag for each word (CoNLL, 2 columns a word")
    report = json.loads(answered(elman("test", "m.st", "learned.conll", "--json")))
    assert report["task"] == "tag"
    assert 0 < report["scores"]["accuracy"] <= 1
    assert report["baseline"]["accuracy"] > 0.9, "its tags follow from the words"


def test_scores_of_a_classifier(elman):
    answered(elman(*CLASSIFY))
    report = json.loads(
        answered(
            elman(
                "test", "m.st", "who.csv", "--shuffle-words", "--out-of-scope", "who.csv", "--json"
            )
        )
    )
    assert report["scores"].keys() == {
        "accuracy",
        "macro_f1",
        "calibration_error",
        "roc_auc_out_of_scope",
    }
    # The same texts are inside and outside.
    assert report["scores"]["roc_auc_out_of_scope"] == pytest.approx(0.5)
    order = report["details"]["order"]
    assert order["accuracy"] == report["scores"]["accuracy"]
    assert order["difference"] == pytest.approx(order["accuracy"] - order["accuracy_shuffled"])
    out = answered(elman("test", "m.st", "who.csv", "--shuffle-words"))
    assert "With their words shuffled: " in out


def test_the_training_data_is_found_again(elman, tmp_path, monkeypatch):
    for command, data in ((CLASSIFY, "who.csv"), (TAG, "kinds.conll")):
        answered(elman(*command))
        monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / f"cache of {data}"))
        arguments = ("test", "m.st", data, "--json")
        assert json.loads(answered(elman(*arguments)))["baseline"] is None
        assert json.loads(answered(elman(*arguments, "--train", data)))["baseline"]
        assert json.loads(answered(elman(*arguments)))["baseline"], "and now it is known"
        other = "classes.st" if data == "who.csv" else "tags.st"
        done = elman("test", other, data, "--train", data)
        assert done.status == 1
        assert f"{data}: this is not the training data of the model. Name the same" in done.err


def test_unlabelled_text_is_read_first(elman):
    Path("more.txt").write_text("the old dog walked to the river\n" * 30)
    arguments = (*CLASSIFY, "--unlabelled", "more.txt", "--json")
    report = json.loads(answered(elman(*arguments)))
    assert report["training"]["unlabelled_texts"] == 30


def test_an_interrupted_run_goes_on(elman, interrupt_after):
    with pytest.MonkeyPatch.context():
        interrupt_after(12)
        stopped = elman(*CLASSIFY)
    assert stopped.status == 130
    assert "add --resume to the same command" in stopped.err
    assert Path("m.st").exists()
    assert "there is an unfinished training of m.st" in elman(*CLASSIFY).err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*CLASSIFY, "--components", "none"), "elman: --components: "),
        ((*CLASSIFY, "--task", "classify", "--column", "2"), "elman: --column: "),
        ((*TAG, "--tokenizer", "word"), "elman: --tokenizer: "),
        ((*TAG, "--task", "tag", "--text-column", "a"), "elman: --text-column: "),
        (("test", "tags.st", "kinds.conll", "--shuffle-words"), "elman: --shuffle-words: "),
        ((*CLASSIFY, "--class-weight", "odd"), "elman: --class-weight: 'odd' is not known. "),
        ((*CLASSIFY, "--directions", "3"), "elman: --directions: 3 is out of range. "),
        ((*CLASSIFY, "--tokenizer", "sound"), "elman: --tokenizer: 'sound' is not known. "),
    ],
)
def test_what_a_task_has_no_use_for(elman, arguments, message):
    done = elman(*arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines()[-1].startswith(message)
    assert not Path("m.st").exists()


BAD = {
    "text,label\nfine,good\na,b,c\n": "bad.csv:3: expected 2 columns (text,label), found 3. ",
    "text,label\nfine,good\nalone\n": "bad.csv:3: expected 2 columns (text,label), found 1. ",
    "text,label\nfine,good\n   ,bad\n": "bad.csv:3: ",
    "text,label\nfine,good\ndull,\n": "bad.csv:3: ",
    "text,label\nfine,good\nwarm,good\n": "bad.csv: every row has the label 'good'. ",
    'text,label\nfine,good\n"dull,bad\n': "bad.csv:3: ",
    "text,label\n": "bad.csv: ",
}


@pytest.mark.parametrize("content", BAD)
def test_bad_tables(elman, content):
    Path("bad.csv").write_text(content)
    done = elman("train", "bad.csv", "-o", "m.st", "--task", "classify", *SMALL)
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines()[-1].startswith(f"elman: {BAD[content]}")
    assert not Path("m.st").exists()


def test_a_label_that_training_never_had_is_an_error(elman):
    rows = Path("who.csv").read_text().splitlines()[:21]
    Path("known.csv").write_text("\n".join(rows))
    Path("new.csv").write_text("\n".join([*rows, "where is the whale,whale"]))
    known, new = (
        json.loads(answered(elman("test", "classes.st", name, "--json")))
        for name in ("known.csv", "new.csv")
    )
    assert new["examples"] == known["examples"] + 1 == 21
    assert new["scores"]["accuracy"] == pytest.approx(known["scores"]["accuracy"] * 20 / 21)
    said = "No training example has the label of 1 text (whale); scored as errors."
    assert said in new["warnings"]
    assert said not in known["warnings"]
    outcomes = [elman(*CLASSIFY, "--json", "--valid", name) for name in ("known.csv", "new.csv")]
    assert [done.status for done in outcomes] == [0, 0]
    assert "1 validation text has a label that no training text has ('whale')" in outcomes[1].err
    without, scored = (json.loads(done.out)["scores"]["accuracy"] for done in outcomes)
    assert scored == pytest.approx(without * 20 / 21)


def test_a_tag_that_training_never_had_is_an_error(elman):
    rows = "the\tDET\ncat\tWORD\n\n"
    Path("known.conll").write_text(rows)
    Path("new.conll").write_text(f"{rows}sat\tSEAT\n\n")
    known, new = (
        json.loads(answered(elman("test", "tags.st", name, "--json")))
        for name in ("known.conll", "new.conll")
    )
    assert new["examples"] == known["examples"] + 1 == 3
    assert new["scores"]["accuracy"] == pytest.approx(known["scores"]["accuracy"] * 2 / 3)
    said = "No training example has the tag of 1 word (SEAT); scored as errors."
    assert said in new["warnings"]
    done = elman("train", "kinds.conll", "--valid", "new.conll", "-o", "m.st", *SMALL)
    assert done.status == 0
    assert said in done.out + done.err


def test_data_of_another_task(elman):
    done = elman("test", "classes.st", "kinds.conll")
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert done.err.startswith("elman: kinds.conll:1: ")
    done = elman("test", "tags.st", "who.csv")
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert done.err.startswith("elman: who.csv:")


def test_columns_that_are_named_tell_the_task(elman):
    Path("odd.tsv").write_text("one\ttwo\n" + "".join(f"a{n % 7}\tb{n % 2}\n" for n in range(30)))
    refused = elman("train", "odd.tsv", "-o", "m.st", *SMALL, "--json")
    assert refused.err.startswith("elman: odd.tsv: it is a table without known columns of texts")
    done = elman("train", "odd.tsv", "-o", "m.st", *SMALL, "--label-column", "two", "--json")
    assert (
        "Task: classify, a label for each text (set by --label-column; change it with --task"
        in done.err
    )
    assert json.loads(answered(done))["task"] == "classify"
