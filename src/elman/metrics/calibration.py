"""Probabilities that mean something, and when to answer 'none of these': fitted on validation.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from elman.errors import EmptyTextError

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.floating[Any]]
    Integers = npt.NDArray[np.integer[Any]]
    Booleans = npt.NDArray[np.bool_]


TEMPERATURES = (0.25, 10.0)
"""The search's bounds. A network that has every validation text right would be driven to T = 0 and
to probabilities of 1, which no small sample can vouch for."""

HALVINGS = 30
KEPT = 0.95


def fit_temperature(logits: Floats, labels: Integers) -> float:
    """The T for which softmax(logits / T) gives the labels the highest likelihood.

    Guo et al. 2017, section 4.2. The mean negative log-likelihood is convex in b = 1 / T, so its
    slope, the mean of E_b[z] - z_label, rises with b, and the search halves where it is zero.

    Args:
        logits: (N, K) of validation texts.
        labels: (N,) the class of each.

    Raises:
        ValueError: shapes that do not fit together.
        EmptyTextError: no text.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"expected (N, K) and (N,), found {logits.shape} and {labels.shape}")
    if not len(logits):
        raise EmptyTextError("no text to fit a temperature on")
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    of_labels = z[np.arange(len(z)), labels].mean()

    def slope(b: float) -> float:
        weights = np.exp(b * z)
        expected = (weights * z).sum(axis=1) / weights.sum(axis=1)
        return float(expected.mean() - of_labels)

    if slope(1.0) == 0:  # logits that are all alike say nothing of T
        return 1.0
    least, most = sorted(-np.log(TEMPERATURES))  # of log b
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        if slope(np.exp(middle)) < 0:
            least = middle
        else:
            most = middle
    return float(np.exp(-(least + most) / 2))


def fit_rejection(confidences: Floats, correct: Booleans, outside: Floats | None = None) -> float:
    """The P below which a confidence is answered with 'none of these'.

    With texts out of scope: the P that makes most answers right over both, where rejecting is
    right for a text out of scope and wrong for any other; of several the lowest. Without them:
    the highest P that keeps 95 % of the right answers.

    Args:
        confidences: (N,) the probability of the predicted class, of validation texts in scope.
        correct: (N,) whether each prediction was right.
        outside: the confidences for texts that belong to no class, or None.

    Returns:
        P from 0 to 1; a confidence equal to it is not rejected.

    Raises:
        ValueError: confidences and correct differ in length.
        EmptyTextError: no text in scope, or none out of it where such are given.
    """
    if confidences.shape != correct.shape:
        raise ValueError(f"expected two equal lengths, found {confidences.shape}, {correct.shape}")
    if not len(confidences) or (outside is not None and not len(outside)):
        raise EmptyTextError("no text to fit the threshold of rejection on")
    kept = np.sort(confidences[correct].astype(np.float64))
    if outside is None:
        return float(kept[int((1 - KEPT) * len(kept))]) if len(kept) else 0.0
    rejected = np.sort(outside.astype(np.float64))
    seen = np.unique(np.concatenate([confidences, rejected]))
    # Halfway between what was seen, so that no answer stands on the edge.
    thresholds = np.concatenate([[0.0], (seen[1:] + seen[:-1]) / 2])
    lost = np.searchsorted(kept, thresholds)
    gained = np.searchsorted(rejected, thresholds)
    return float(thresholds[np.argmax(gained - lost)])
