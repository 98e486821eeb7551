"""The baseline of texts: what it learns, what it leaves out, and a figure that others can check."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from elman.errors import EmptyTextError, InputError
from elman.tasks.classification.baseline import TextBaseline

ROOT = Path(__file__).parents[2]
SST2 = Path(os.environ.get("ELMAN_DATA", ROOT / "../shared/data")) / "sst2"

TEXTS = ["a good film", "good fun", "not bad", "a bad film", "bad fun", "not good"] * 5
LABELS = ["positive", "positive", "positive", "negative", "negative", "negative"] * 5


def test_words_and_pairs_of_words_are_distinguished():
    baseline = TextBaseline().fit(TEXTS, LABELS)
    assert baseline.predict(["GOOD", "bad", "not good", "not bad"]) == [
        "positive",
        "negative",
        "negative",
        "positive",
    ]
    assert baseline.classes == ("negative", "positive")
    assert baseline.name == "TF-IDF of words (1-2) with logistic regression"
    probabilities = baseline.predict_proba(["good", "nothing known here"])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert probabilities[0, 1] > 0.6


def test_names_are_read_by_their_characters():
    names = ["Kowalski", "Nowicki", "Zielinski", "Rossi", "Bianchi", "Moretti", "Papadakis"]
    labels = ["Polish"] * 3 + ["Italian"] * 3 + ["Greek"]
    baseline = TextBaseline().fit(names, labels)
    assert baseline.predict(["Malinowski", "Conti"]) == ["Polish", "Italian"]
    assert baseline.name == "TF-IDF of characters (1-4) with logistic regression"
    assert baseline.predict_proba(names).shape == (7, 3)
    # What one name alone has, d, says no more than what none has, x.
    d, x = baseline.predict_proba(["d", "x"])
    np.testing.assert_array_equal(d, x)


@pytest.mark.parametrize("texts", [[": - )", ": - ("], ["猫", "犬"], ["a b", "c d"]])
def test_texts_without_a_word(texts):
    assert TextBaseline().fit(texts, ["x", "y"]).predict(texts)[0] in {"x", "y"}


def test_the_majority_of_equals_is_the_first_by_name():
    assert TextBaseline().fit(TEXTS, LABELS).majority == "negative"
    assert TextBaseline().fit(TEXTS[:3] + TEXTS, LABELS[:3] + LABELS).majority == "positive"


def test_no_class_is_lost_however_few_texts_are_read(monkeypatch):
    monkeypatch.setattr("elman.tasks.classification.baseline.MAX_OCCURRENCES", 1)
    baseline = TextBaseline().fit([*TEXTS, "so so"], [*LABELS, "neither"])
    assert baseline.name.endswith("of 3 texts drawn from 31")
    assert baseline.predict_proba(TEXTS).shape == (30, 3)


def test_of_a_large_set_some_are_drawn(monkeypatch):
    monkeypatch.setattr("elman.tasks.classification.baseline.MAX_OCCURRENCES", 60)
    baseline = TextBaseline().fit(TEXTS, LABELS)
    drawn = int(baseline.name.split(" texts drawn from ")[0].rsplit(maxsplit=1)[-1])
    assert baseline.name.endswith("drawn from 30")
    assert 8 <= drawn <= 14  # about 5 occurrences a text


def test_many_classes_allow_fewer_texts(monkeypatch):
    monkeypatch.setattr("elman.tasks.classification.baseline.MAX_PRODUCTS", 120)
    two = TextBaseline().fit(TEXTS, LABELS).name
    three = TextBaseline().fit([*TEXTS, "so so"], [*LABELS, "neither"]).name
    counts = [int(name.split(" of ")[-1].split()[0]) for name in (two, three)]
    assert counts[1] < counts[0] / 2


def test_of_many_n_grams_the_commonest_are_kept(monkeypatch):
    monkeypatch.setattr("elman.tasks.classification.baseline.MAX_WEIGHTS", 4)
    assert TextBaseline().fit(TEXTS, LABELS).name.endswith(", the 4 commonest")
    three = TextBaseline().fit([*TEXTS, "so so"], [*LABELS, "neither"])
    assert three.name.endswith(", the 1 commonest")  # weights are n-grams times classes


def test_an_unfinished_fit_is_no_warning(monkeypatch):
    monkeypatch.setattr("elman.tasks.classification.baseline.STEPS", 1)
    TextBaseline().fit(TEXTS, LABELS)  # warnings are errors here


def test_nothing_to_learn():
    with pytest.raises(EmptyTextError, match="no texts"):
        TextBaseline().fit([], [])
    with pytest.raises(InputError, match="every text has the label 'a'"):
        TextBaseline().fit(["x", "y"], ["a", "a"])
    with pytest.raises(ValueError, match="2 texts, but 1 labels"):
        TextBaseline().fit(["x", "y"], ["a"])


@pytest.mark.skipif(not SST2.exists(), reason="sst2 is not in $ELMAN_DATA")
def test_the_baseline_of_sst2():
    """0.813 of the test sentences, as logistic regression on TF-IDF is known to have it."""
    rows = {}
    for split in ("train", "test"):
        with (SST2 / f"{split}.csv").open(newline="", encoding="utf-8") as file:
            rows[split] = list(zip(*list(csv.reader(file))[1:], strict=True))
    baseline = TextBaseline().fit(*rows["train"])
    texts, labels = rows["test"]
    right = np.array(baseline.predict(texts)) == np.array(labels)
    assert right.mean() == pytest.approx(0.813, abs=0.004)
