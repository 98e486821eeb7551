"""Scores of a classifier, from the labels of texts and the probabilities it gave them.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.errors import EmptyTextError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.floating[Any]]
    Integers = npt.NDArray[np.integer[Any]]
    Booleans = npt.NDArray[np.bool_]


BINS = 15  # of confidence, as in the paper's experiments
CONFUSIONS = 20  # shown


class ClassPredictions(NamedTuple):
    """What a classifier says of N texts: (K,) classes, and (N, K) the probability of each."""

    classes: Sequence[str]
    probabilities: Floats

    @property
    def labels(self) -> list[str]:
        """(N,) the likeliest class of each text."""
        return [self.classes[best] for best in self.probabilities.argmax(axis=1)]

    @property
    def confidences(self) -> Floats:
        """(N,) the probability of the likeliest class."""
        confidences: Floats = self.probabilities.max(axis=1)
        return confidences


@dataclass(frozen=True)
class ClassScores:
    """One class: the share of its predictions that are right, the share of its members that are
    found, the harmonic mean of the two, and how many members it has."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Confusion:
    """How often one class was taken for another."""

    gold: str
    predicted: str
    count: int


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """The share of texts whose predicted label is their own.

    Raises:
        ValueError: another number of labels.
        EmptyTextError: no labels.
    """
    return float(right(gold, predicted).mean())


def right(gold: Sequence[str], predicted: Sequence[str]) -> Booleans:
    """(N,) whether each prediction is right.

    Raises:
        ValueError: another number of labels.
        EmptyTextError: no labels.
    """
    if not gold:
        raise EmptyTextError("no label to score")
    return np.array([a == b for a, b in zip(gold, predicted, strict=True)])


def class_table(gold: Sequence[str], predicted: Sequence[str]) -> list[ClassScores]:
    """A row for each class that occurs in either, by name; 0 stands for 0 / 0.

    Raises:
        ValueError: another number of labels.
    """
    from sklearn.metrics import precision_recall_fscore_support

    names = sorted({*gold, *predicted})
    coded = (class_indices(labels, names) for labels in (gold, predicted))
    columns = precision_recall_fscore_support(*coded, labels=np.arange(len(names)), zero_division=0)
    return [
        ClassScores(name, float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in zip(names, *columns, strict=True)
    ]


def class_indices(labels: Sequence[str], names: Sequence[str]) -> Integers:
    """(N,) the place of each label among the names."""
    places = {name: place for place, name in enumerate(names)}
    return np.fromiter((places[label] for label in labels), np.int64, len(labels))


def macro_f1(table: Sequence[ClassScores]) -> float:
    """The mean F1 of the classes, a rare one counting as much as a frequent one."""
    return float(np.mean([row.f1 for row in table]))


def confusions(
    gold: Sequence[str], predicted: Sequence[str], most: int = CONFUSIONS
) -> list[Confusion]:
    """The most frequent mistakes, the most frequent first; equal ones by name."""
    pairs = Counter((a, b) for a, b in zip(gold, predicted, strict=True) if a != b)
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Confusion(a, b, count) for (a, b), count in ranked[:most]]


def calibration_error(confidences: Floats, correct: Booleans, bins: int = BINS) -> float:
    """The expected calibration error: how far confidence is from accuracy, on average.

    Confidences fall in bins of equal width, (m - 1) / M < p <= m / M, and the bins' gaps between
    mean confidence and accuracy are weighted with their members (Guo et al. 2017, equation 3).

    Args:
        confidences: (N,) the probability of the predicted class.
        correct: (N,) whether it was right.
        bins: M.

    Raises:
        ValueError: the two are not of the same length.
        EmptyTextError: no confidence.
    """
    if confidences.shape != correct.shape:
        raise ValueError(f"expected two equal lengths, found {confidences.shape}, {correct.shape}")
    if not len(confidences):
        raise EmptyTextError("no probability to score")
    wide = confidences.astype(np.float64)
    bin_ = np.clip(np.ceil(wide * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(bin_, weights=correct - wide, minlength=bins)
    return float(np.abs(gaps).sum() / len(wide))


def area_under_roc(inside: Floats, outside: Floats) -> float:
    """How well a score parts texts that belong to some class from those that belong to none.

    It is the chance that a text of the first kind has the higher score, ties counting half.

    Args:
        inside: the scores, such as confidences, of texts in scope.
        outside: those of texts out of scope.

    Raises:
        EmptyTextError: there are none of one kind.
    """
    from sklearn.metrics import roc_auc_score

    if not len(inside) or not len(outside):
        raise EmptyTextError("no text in scope, or none out of it, to score")
    belongs = np.repeat([1, 0], [len(inside), len(outside)])
    return float(roc_auc_score(belongs, np.concatenate([inside, outside])))
