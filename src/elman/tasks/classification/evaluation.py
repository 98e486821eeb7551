"""The evaluation of a classifier, its baseline, and the shuffle test.

Shapes: N texts, K classes; in the bootstrap G distinct rows and S samples.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.metrics.classification import (
    ClassPredictions,
    accuracy,
    calibration_error,
    class_indices,
    class_table,
    confusions,
    correct,
    macro_f1,
)
from elman.metrics.intervals import Interval, bootstrap_difference, bootstrap_rows
from elman.metrics.report import Evaluation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from elman.metrics.classification import Floats, Integers
    from elman.tasks.classification.baseline import TextBaseline


def evaluate_classes(
    texts: Sequence[str],
    gold: Sequence[str],
    answers: ClassPredictions,
    baseline: TextBaseline | None = None,
    warnings: tuple[str, ...] = (),
    parts: Mapping[str, ClassPredictions] | None = None,
) -> Evaluation:
    """Score a classifier and a baseline on the same texts.

    Args:
        texts: (N,) input of the baseline.
        gold: (N,) their labels.
        answers: predictions of the classifier.
        baseline: fitted to the training data of the classifier; None for none.
        warnings: included in the report.
        parts: predictions of each part of the classifier alone, by its name.

    Raises:
        ValueError: the numbers of texts, labels or predictions differ.
        EmptyTextError: there are no texts.
    """
    predicted = answers.labels
    scores = _scores(gold, answers)
    table = class_table(gold, predicted)
    details: dict[str, Any] = {
        "classes": [asdict(row) for row in table],
        "confusions": [asdict(pair) for pair in confusions(gold, predicted)],
    }
    if parts:
        details["alone"] = {name: _alone(gold, predicted, part) for name, part in parts.items()}
    if baseline is None:
        return Evaluation("classify", len(gold), scores, warnings=warnings, details=details)

    others = baseline.answers(texts)
    named = {
        "name": baseline.name,
        **_scores(gold, others),
        "majority_accuracy": accuracy(gold, [baseline.majority] * len(gold)),
    }
    differences = {
        "accuracy": _accuracy_difference(gold, predicted, others.labels),
        "macro_f1": _macro_f1_difference(gold, predicted, others.labels),
    }
    interval = {name: (each.low, each.high) for name, each in differences.items()}
    return Evaluation("classify", len(gold), scores, named, interval, warnings, details)


def _alone(gold: Sequence[str], predicted: Sequence[str], part: ClassPredictions) -> dict[str, Any]:
    """The accuracy of a part, and the interval of the whole classifier's gain over it."""
    gain = _accuracy_difference(gold, predicted, part.labels)
    return {"accuracy": accuracy(gold, part.labels), "gain": [gain.low, gain.high]}


def shuffle_test(
    gold: Sequence[str], predicted: Sequence[str], shuffled: Sequence[str]
) -> dict[str, Any]:
    """How much accuracy a classifier loses if the words of each text are shuffled.

    Args:
        gold: (N,) labels.
        predicted: (N,) predictions for the texts.
        shuffled: (N,) predictions for the same texts with shuffled words.

    Returns:
        accuracy, accuracy_shuffled, their difference, and its 95 % interval.

    Raises:
        ValueError: the numbers of labels differ.
        EmptyTextError: there are no labels.
    """
    lost = _accuracy_difference(gold, predicted, shuffled)
    return {
        "accuracy": accuracy(gold, predicted),
        "accuracy_shuffled": accuracy(gold, shuffled),
        "difference": lost.mean,
        "interval": [lost.low, lost.high],
    }


def _scores(gold: Sequence[str], answers: ClassPredictions) -> dict[str, float]:
    predicted = answers.labels
    return {
        "accuracy": accuracy(gold, predicted),
        "macro_f1": macro_f1(class_table(gold, predicted)),
        "calibration_error": calibration_error(answers.confidences, correct(gold, predicted)),
    }


def _accuracy_difference(
    gold: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> Interval:
    return bootstrap_difference(correct(gold, ours), correct(gold, theirs), block=1)


def _macro_f1_difference(
    gold: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> Interval:
    names = sorted({*gold, *ours, *theirs})
    rows = np.stack([class_indices(labels, names) for labels in (gold, ours, theirs)], axis=1)
    return bootstrap_rows(rows, partial(_difference_of_draws, classes=len(names)))


def _difference_of_draws(kinds: Integers, drawn: Floats, classes: int) -> Floats:
    gold, ours, theirs = kinds.T
    return macro_f1_of_draws(gold, ours, drawn, classes) - macro_f1_of_draws(
        gold, theirs, drawn, classes
    )


def macro_f1_of_draws(gold: Integers, predicted: Integers, drawn: Floats, classes: int) -> Floats:
    """Macro F1 (S,) of bootstrap samples, over the classes that occur in each.

    Args:
        gold, predicted: (G,) class indices of distinct rows.
        drawn: (S, G) count of each row in each sample.
        classes: K.
    """
    hit = gold == predicted
    hits = _sums(drawn[:, hit], gold[hit], classes)
    members = _sums(drawn, gold, classes) + _sums(drawn, predicted, classes)
    f1 = 2 * hits / np.maximum(members, 1)
    means: Floats = f1.sum(axis=1) / (members > 0).sum(axis=1)
    return means


def _sums(drawn: Floats, labels: Integers, classes: int) -> Floats:
    """Counts (S, K) of each class, from counts (S, G) of rows with labels (G,)."""
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    sums = np.zeros((len(drawn), classes))
    if len(present):
        sums[:, present] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return sums
