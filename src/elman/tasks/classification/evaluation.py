"""A classifier's report, its baseline's beside it, and what the order of words was worth.

Shapes: N texts, K classes; in the bootstrap G kinds of texts and S draws.
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
    from collections.abc import Sequence

    from elman.metrics.classification import Floats, Integers
    from elman.tasks.classification.baseline import TextBaseline


def evaluate_classes(
    texts: Sequence[str],
    gold: Sequence[str],
    answers: ClassPredictions,
    baseline: TextBaseline | None = None,
    warnings: tuple[str, ...] = (),
) -> Evaluation:
    """Score what a classifier said of texts, and what a baseline says of the very same texts.

    Args:
        texts: (N,) for the baseline to read.
        gold: (N,) their labels.
        answers: the classifier's.
        baseline: fitted to what the classifier learned from.
        warnings: what a reader should know.

    Raises:
        ValueError: another number of texts, labels or answers.
        EmptyTextError: no text.
    """
    predicted = answers.labels
    scores = _scores(gold, answers)
    table = class_table(gold, predicted)
    details: dict[str, Any] = {
        "classes": [asdict(row) for row in table],
        "confusions": [asdict(pair) for pair in confusions(gold, predicted)],
    }
    if baseline is None:
        return Evaluation("classify", len(gold), scores, warnings=warnings, details=details)

    others = baseline.answers(texts)
    named = {
        "name": baseline.name,
        **_scores(gold, others),
        "majority_accuracy": accuracy(gold, [baseline.majority] * len(gold)),
    }
    found = {
        "accuracy": _accuracy_difference(gold, predicted, others.labels),
        "macro_f1": _macro_f1_difference(gold, predicted, others.labels),
    }
    interval = {name: (each.low, each.high) for name, each in found.items()}
    return Evaluation("classify", len(gold), scores, named, interval, warnings, details)


def shuffle_test(
    gold: Sequence[str], predicted: Sequence[str], shuffled: Sequence[str]
) -> dict[str, Any]:
    """What the order of words was worth to a classifier.

    Args:
        gold: (N,) labels.
        predicted: (N,) the answers to the texts as they are.
        shuffled: (N,) the answers to the same texts with their words shuffled.

    Returns:
        accuracy, accuracy_shuffled, their difference, and its 95 % interval.

    Raises:
        ValueError: another number of labels.
        EmptyTextError: no label.
    """
    found = _accuracy_difference(gold, predicted, shuffled)
    return {
        "accuracy": accuracy(gold, predicted),
        "accuracy_shuffled": accuracy(gold, shuffled),
        "difference": found.mean,
        "interval": [found.low, found.high],
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
    """Macro F1 of many draws at once: (G,) labels of either kind, (S, G) counts -> (S,).

    Of a draw, as of a text, the classes that occur in it count.
    """
    hit = gold == predicted
    hits = _sums(drawn[:, hit], gold[hit], classes)
    members = _sums(drawn, gold, classes) + _sums(drawn, predicted, classes)
    f1 = 2 * hits / np.maximum(members, 1)
    means: Floats = f1.sum(axis=1) / (members > 0).sum(axis=1)
    return means


def _sums(drawn: Floats, labels: Integers, classes: int) -> Floats:
    """(S, G) counts of kinds with (G,) labels -> (S, K) counts of classes."""
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    sums = np.zeros((len(drawn), classes))
    if len(present):
        sums[:, present] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return sums
