"""Metrics of classifiers against scikit-learn and against loops."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from elman.errors import EmptyTextError
from elman.metrics.classification import (
    ClassPredictions,
    accuracy,
    area_under_roc,
    calibration_error,
    class_table,
    confusions,
    macro_f1,
)

pairs = st.lists(st.tuples(*[st.sampled_from("abcde")] * 2), min_size=1, max_size=40)
shares = st.floats(0, 1) | st.sampled_from([number / 15 for number in range(16)])


@settings(deadline=None)
@given(pairs)
def test_accuracy_and_f1_equal_scikit_learn(drawn):
    gold, predicted = map(list, zip(*drawn, strict=True))
    assert accuracy(gold, predicted) == pytest.approx(metrics.accuracy_score(gold, predicted))
    expected = metrics.f1_score(gold, predicted, average="macro", zero_division=0)
    assert macro_f1(class_table(gold, predicted)) == pytest.approx(expected)


def test_class_table_by_hand():
    gold = ["a", "a", "a", "b", "c"]
    predicted = ["a", "a", "b", "b", "d"]
    table = {row.label: row for row in class_table(gold, predicted)}
    assert list(table) == ["a", "b", "c", "d"]
    a, b = table["a"], table["b"]
    assert (a.precision, a.recall, a.support) == (1, pytest.approx(2 / 3), 3)
    assert a.f1 == pytest.approx(0.8)
    assert (b.precision, b.recall, b.support) == (0.5, 1, 1)
    assert (table["c"].recall, table["c"].f1, table["c"].support) == (0, 0, 1)
    assert (table["d"].precision, table["d"].support) == (0, 0)  # never a label, but an answer


@given(pairs, st.integers(1, 30))
def test_confusions_equal_the_off_diagonal_of_the_matrix(drawn, limit):
    gold, predicted = map(list, zip(*drawn, strict=True))
    matrix = metrics.confusion_matrix(gold, predicted, labels=list("abcde"))
    np.fill_diagonal(matrix, 0)
    result = confusions(gold, predicted, limit)
    assert [each.count for each in result] == sorted(matrix[matrix > 0], reverse=True)[:limit]
    for each in result:
        assert matrix["abcde".index(each.gold), "abcde".index(each.predicted)] == each.count


@given(st.lists(st.tuples(shares, st.booleans()), min_size=1, max_size=60))
def test_calibration_error_equals_the_sum_over_bins(drawn):
    expected = 0.0
    for m in range(1, 16):
        # A confidence of exactly 0 has no bin in the paper; it counts in the first.
        bin_ = [(p, ok) for p, ok in drawn if (m - 1) < p * 15 <= m or (m == 1 and p == 0)]
        if bin_:
            accurate, confident = np.mean([ok for _, ok in bin_]), np.mean([p for p, _ in bin_])
            expected += len(bin_) / len(drawn) * abs(accurate - confident)
    confidences, correct = map(np.array, zip(*drawn, strict=True))
    assert calibration_error(confidences, correct) == pytest.approx(expected, abs=1e-9)


def test_calibration_error_of_the_extremes():
    assert calibration_error(np.ones(9, np.float32), np.zeros(9, bool)) == 1
    confident = np.repeat(0.8, 10)
    assert calibration_error(confident, np.arange(10) < 8) == pytest.approx(0)


@given(st.lists(shares, min_size=1, max_size=20), st.lists(shares, min_size=1, max_size=20))
def test_area_under_roc_is_the_probability_of_ranking_a_pair_correctly(inside, outside):
    won = [(a > b) + 0.5 * (a == b) for a in inside for b in outside]
    result = area_under_roc(np.array(inside), np.array(outside))
    assert result == pytest.approx(np.mean(won))


def test_labels_are_the_most_probable_classes():
    answers = ClassPredictions(("x", "y"), np.array([[0.25, 0.75], [0.625, 0.375]]))
    assert answers.labels == ["y", "x"]
    assert answers.confidences.tolist() == [0.75, 0.625]


def test_empty_inputs_are_refused():
    empty = np.array([])
    with pytest.raises(EmptyTextError):
        accuracy([], [])
    with pytest.raises(EmptyTextError):
        calibration_error(empty, empty.astype(bool))
    for sides in ((empty, np.ones(1)), (np.ones(1), empty)):
        with pytest.raises(EmptyTextError):
            area_under_roc(*sides)


def test_different_lengths_are_refused():
    with pytest.raises(ValueError, match="argument 2 is"):
        accuracy(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="equal lengths"):
        calibration_error(np.ones(2), np.ones(3, bool))


def test_optional_packages_are_imported_lazily():
    script = """
import sys, elman.metrics.keyboard, elman.tasks.classification.evaluation
import elman.tasks.tagging.evaluation
import elman.tasks.seq2seq.evaluation
assert not {"sklearn", "sacrebleu", "rapidfuzz", "torch"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
