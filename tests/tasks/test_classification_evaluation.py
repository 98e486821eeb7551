"""A classifier's report: its figures against scikit-learn's, its intervals against loops."""

from __future__ import annotations

import json

import numpy as np
import pytest
from checks import assert_intervals
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from elman.errors import EmptyTextError
from elman.metrics.classification import ClassPredictions
from elman.tasks.classification.baseline import TextBaseline
from elman.tasks.classification.evaluation import evaluate_classes, macro_f1_of_draws, shuffle_test

rows = st.lists(st.tuples(*[st.integers(0, 4)] * 2, st.integers(0, 3)), min_size=1, max_size=12)


@settings(deadline=None)
@given(rows.filter(lambda drawn: sum(count for *_, count in drawn)))
def test_macro_f1_of_a_draw_is_that_of_its_texts(drawn):
    gold, predicted, counts = map(np.array, zip(*drawn, strict=True))
    result = macro_f1_of_draws(gold, predicted, np.stack([counts, counts * 2]) * 1.0, 5)
    texts = np.repeat(gold, counts), np.repeat(predicted, counts)
    expected = metrics.f1_score(*texts, average="macro", zero_division=0)
    assert result == pytest.approx([expected, expected])


def report_on(right, seed=0, warnings=()):
    """300 texts of three classes, one rare; the share `right` of the answers is right."""
    generator = np.random.default_rng(seed)
    topics = {"cats": "purr meow fur", "dogs": "bark wag bone", "newts": "pond gills slime"}
    gold = [str(each) for each in generator.choice(list(topics), 300, p=[0.5, 0.4, 0.1])]
    # Every third text is about something else than its label.
    subjects = [
        str(generator.choice(list(topics))) if n % 3 == 0 else g for n, g in enumerate(gold)
    ]
    texts = [f"{generator.choice(topics[s].split())} {topics[s]} again" for s in subjects]
    baseline = TextBaseline().fit(texts, gold)
    classes = ("newts", "cats", "dogs")  # in another order than the baseline's
    answers = [g if generator.random() < right else "cats" for g in gold]
    probabilities = np.array([[0.8 if c == a else 0.1 for c in classes] for a in answers])
    predictions = ClassPredictions(classes, probabilities)
    report = evaluate_classes(texts, gold, predictions, baseline, warnings)
    return texts, gold, predictions, baseline, report


def test_the_report():
    texts, gold, predictions, baseline, report = report_on(0.9, warnings=("a warning",))
    theirs = baseline.predict(texts)
    for scores, predicted in ((report.scores, predictions.labels), (report.baseline, theirs)):
        assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(gold, predicted))
        f1 = metrics.f1_score(gold, predicted, average="macro")
        assert scores["macro_f1"] == pytest.approx(f1)
    assert report.scores["calibration_error"] == pytest.approx(abs(0.8 - report.scores["accuracy"]))
    assert report.baseline["name"] == baseline.name
    assert report.baseline["majority_accuracy"] == gold.count("cats") / 300
    as_json = json.loads(json.dumps(report.to_json()))
    assert as_json["task"] == "classify"
    assert as_json["examples"] == 300
    assert as_json["warnings"] == ["a warning"]
    assert [row["label"] for row in as_json["details"]["classes"]] == ["cats", "dogs", "newts"]
    assert sum(row["support"] for row in as_json["details"]["classes"]) == 300
    first = as_json["details"]["confusions"][0]
    assert (first["gold"], first["predicted"]) == ("dogs", "cats")


def test_the_intervals_are_those_of_redrawn_texts():
    texts, gold, predictions, baseline, report = report_on(0.8)
    columns = np.array([gold, predictions.labels, baseline.predict(texts)])
    generator = np.random.default_rng(1)
    drawn = {"accuracy": [], "macro_f1": []}
    for _ in range(300):
        g, ours, theirs = columns[:, generator.integers(0, 300, 300)]
        drawn["accuracy"].append((g == ours).mean() - (g == theirs).mean())
        f1 = [metrics.f1_score(g, each, average="macro") for each in (ours, theirs)]
        drawn["macro_f1"].append(f1[0] - f1[1])
    assert_intervals(report.interval, drawn, tolerance=1 / 6)


def test_a_label_that_the_classifier_never_heard_of():
    predictions = ClassPredictions(("a", "b"), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]))
    report = evaluate_classes(["x", "y", "z"], ["a", "b", "new"], predictions)
    assert report.scores["accuracy"] == pytest.approx(2 / 3)
    assert report.details["confusions"] == [{"gold": "new", "predicted": "a", "count": 1}]
    assert report.baseline is None
    assert report.interval == {}


def test_a_label_that_only_the_baseline_gives():
    baseline = TextBaseline().fit(["fur", "fins", "fins"], ["cats", "newts", "newts"])
    predictions = ClassPredictions(("cats", "dogs"), np.array([[0.9, 0.1], [0.2, 0.8]]))
    report = evaluate_classes(["fur", "fins"], ["cats", "dogs"], predictions, baseline)
    assert report.scores["macro_f1"] == 1
    assert report.baseline["macro_f1"] == pytest.approx(1 / 3)  # of cats, dogs and newts
    assert report.baseline["majority_accuracy"] == 0


def test_what_order_was_worth():
    gold = ["a", "b"] * 50
    shuffled = ["a"] * 100
    result = shuffle_test(gold, gold, shuffled)
    assert (result["accuracy"], result["accuracy_shuffled"], result["difference"]) == (1, 0.5, 0.5)
    low, high = result["interval"]
    # The root of 0.5 * 0.5 / 100, 1.96 times to either side.
    assert (low, high) == pytest.approx((0.402, 0.598), abs=0.02)
    assert shuffle_test(gold, shuffled, shuffled)["interval"] == [0, 0]
    with pytest.raises(EmptyTextError):
        shuffle_test([], [], [])
