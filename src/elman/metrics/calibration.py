"""Calibration of a classifier on validation texts: temperature and rejection threshold.

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
"""The bounds of the search. With every validation text correct, T would go to 0 and all
probabilities to 1, which a small sample does not justify."""

LOG_WEIGHTS = ((-5.0, 1.5), (-5.0, 2.5))
"""The bounds of log 1 / T and log w: a bad network may nearly be silenced."""

TINY = 1e-30
BISECTIONS = 30
KEPT = 0.95  # the fraction of correct predictions that the threshold keeps


def fit_temperature(logits: Floats, labels: Integers) -> float:
    """The T that maximises the likelihood of the labels under softmax(logits / T).

    Guo et al. 2017, section 4.2. The mean negative log-likelihood is convex in b = 1 / T, so its
    derivative, the mean of E_b[z] - z_label, increases with b, and bisection finds its zero.

    Args:
        logits: (N, K) of validation texts.
        labels: (N,) the class of each.

    Raises:
        ValueError: the shapes do not match.
        EmptyTextError: there is no text.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"expected (N, K) and (N,), found {logits.shape} and {labels.shape}")
    if not len(logits):
        raise EmptyTextError("no text to fit a temperature on")
    z = logits.astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    label_mean = z[np.arange(len(z)), labels].mean()

    def slope(b: float) -> float:
        weights = np.exp(b * z)
        expected = (weights * z).sum(axis=1) / weights.sum(axis=1)
        return float(expected.mean() - label_mean)

    if slope(1.0) == 0:  # equal logits do not determine T
        return 1.0
    low, high = sorted(-np.log(TEMPERATURES))  # of log b
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if slope(np.exp(middle)) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))


def fit_weights(logits: Floats, scores: Floats, labels: Integers) -> tuple[float, float]:
    """The T and w that suit the labels under softmax(logits / T + w scores).

    A product of experts: logits of a network and scores of another model (G. Hinton, 'Training
    Products of Experts by Minimizing Contrastive Divergence', 2002, section 1). The logarithms of
    1 / T and of w have a standard normal prior: a few texts that are all correct do not justify
    certainty.

    Args:
        logits, scores: (N, K) of validation texts.
        labels: (N,) the class of each.
    """
    from scipy.optimize import minimize

    z = np.stack([logits, scores]).astype(np.float64)
    rows = np.arange(len(labels))
    gold = z[:, rows, labels]  # (2, N)

    def loss(logs: Floats) -> tuple[float, Floats]:
        weights = np.exp(logs)
        both = np.tensordot(weights, z, 1)
        both -= both.max(axis=1, keepdims=True)
        p = np.exp(both)
        p /= p.sum(axis=1, keepdims=True)
        likelihood = np.log(p[rows, labels] + TINY).sum()
        slope = weights * ((p * z).sum(axis=2) - gold).sum(axis=1)
        return 0.5 * float((logs**2).sum()) - float(likelihood), slope + logs

    found = minimize(loss, (0.0, 0.0), jac=True, method="L-BFGS-B", bounds=LOG_WEIGHTS)
    of_logits, of_scores = np.exp(found.x).tolist()
    return 1 / of_logits, of_scores


def fit_rejection(
    confidences: Floats, correct: Booleans, out_of_scope: Floats | None = None
) -> float:
    """The threshold P: a prediction with a lower confidence is rejected.

    With out-of-scope texts: the lowest P that maximises the correct decisions over both kinds; a
    rejection is correct for out-of-scope texts only. Without them: the highest P that keeps 95 % of
    the correct predictions.

    Args:
        confidences: (N,) the probability of the predicted class, of in-scope validation texts.
        correct: (N,) whether each prediction is correct.
        out_of_scope: the confidences of texts of no class, or None.

    Returns:
        P, 0 to 1; a confidence equal to it is not rejected.

    Raises:
        ValueError: confidences and correct differ in length.
        EmptyTextError: there are no in-scope texts, or an empty `out_of_scope`.
    """
    if confidences.shape != correct.shape:
        raise ValueError(f"expected two equal lengths, found {confidences.shape}, {correct.shape}")
    if not len(confidences) or (out_of_scope is not None and not len(out_of_scope)):
        raise EmptyTextError("no text to fit the rejection threshold on")
    kept = np.sort(confidences[correct].astype(np.float64))
    if out_of_scope is None:
        return float(kept[int((1 - KEPT) * len(kept))]) if len(kept) else 0.0
    rejected = np.sort(out_of_scope.astype(np.float64))
    observed = np.unique(np.concatenate([confidences, rejected]))
    # Midpoints, so that no confidence equals the threshold.
    thresholds = np.concatenate([[0.0], (observed[1:] + observed[:-1]) / 2])
    lost = np.searchsorted(kept, thresholds)
    gained = np.searchsorted(rejected, thresholds)
    return float(thresholds[np.argmax(gained - lost)])
