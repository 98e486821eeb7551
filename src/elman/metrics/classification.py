"""Metrics of classifiers, from gold labels and predicted probabilities.

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
CONFUSIONS = 20  # reported, at most


class ClassPredictions(NamedTuple):
    """The predictions for N texts: (K,) classes and (N, K) probabilities."""

    classes: Sequence[str]
    probabilities: Floats

    @property
    def labels(self) -> list[str]:
        """(N,) the most probable class of each text."""
        return [self.classes[best] for best in self.probabilities.argmax(axis=1)]

    @property
    def confidences(self) -> Floats:
        """(N,) the probability of that class."""
        confidences: Floats = self.probabilities.max(axis=1)
        return confidences


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall, F1 and support (the number of gold labels) of one class."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Confusion:
    """How often one class was predicted for another."""

    gold: str
    predicted: str
    count: int


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """The fraction of texts with a correct label.

    Raises:
        ValueError: the numbers of labels differ.
        EmptyTextError: there are no labels.
    """
    return float(correct(gold, predicted).mean())


def correct(gold: Sequence[str], predicted: Sequence[str]) -> Booleans:
    """(N,) whether each prediction is correct.

    Raises:
        ValueError: the numbers of labels differ.
        EmptyTextError: there are no labels.
    """
    if not gold:
        raise EmptyTextError("no label to score")
    return np.array([a == b for a, b in zip(gold, predicted, strict=True)])


def class_table(gold: Sequence[str], predicted: Sequence[str]) -> list[ClassScores]:
    """One row for each class of either, sorted by name; 0 / 0 counts as 0.

    Raises:
        ValueError: the numbers of labels differ.
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
    """(N,) the index of each label in the names."""
    indices = {name: index for index, name in enumerate(names)}
    return np.fromiter((indices[label] for label in labels), np.int64, len(labels))


def macro_f1(table: Sequence[ClassScores]) -> float:
    """The unweighted mean F1 of the classes."""
    return float(np.mean([row.f1 for row in table]))


def confusions(
    gold: Sequence[str], predicted: Sequence[str], limit: int = CONFUSIONS
) -> list[Confusion]:
    """The most frequent confusions, at most `limit`, by count and then by name."""
    pairs = Counter((a, b) for a, b in zip(gold, predicted, strict=True) if a != b)
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Confusion(a, b, count) for (a, b), count in ranked[:limit]]


def calibration_error(confidences: Floats, correct: Booleans, bins: int = BINS) -> float:
    """The expected calibration error: the mean distance of confidence and accuracy.

    Confidences are binned by (m - 1) / M < p <= m / M; the distances of mean confidence and
    accuracy in each bin are weighted by its size (Guo et al. 2017, equation 3).

    Args:
        confidences: (N,) the probability of the predicted class.
        correct: (N,) whether it is correct.
        bins: M.

    Raises:
        ValueError: the lengths differ.
        EmptyTextError: there are no confidences.
    """
    if confidences.shape != correct.shape:
        raise ValueError(f"expected two equal lengths, found {confidences.shape}, {correct.shape}")
    if not len(confidences):
        raise EmptyTextError("no probability to score")
    wide = confidences.astype(np.float64)
    bin_ = np.clip(np.ceil(wide * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(bin_, weights=correct - wide, minlength=bins)
    return float(np.abs(gaps).sum() / len(wide))


def area_under_roc(in_scope: Floats, out_of_scope: Floats) -> float:
    """The area under the ROC curve of a score for in-scope against out-of-scope texts.

    It is the probability that an in-scope text has the higher score; a tie counts half.

    Args:
        in_scope: the scores, such as confidences, of texts of some class.
        out_of_scope: those of texts of no class.

    Raises:
        EmptyTextError: one of the two is empty.
    """
    from sklearn.metrics import roc_auc_score

    if not len(in_scope) or not len(out_of_scope):
        raise EmptyTextError("no in-scope or no out-of-scope text to score")
    labels = np.repeat([1, 0], [len(in_scope), len(out_of_scope)])
    return float(roc_auc_score(labels, np.concatenate([in_scope, out_of_scope])))
