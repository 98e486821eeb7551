"""The formulas of layers on arrays, in float32.

Shapes: N rows, W width, V vocabulary.
"""

from __future__ import annotations

import numpy as np

from elman.kernels.core import EPSILON
from elman.nn.compiled.weights import Array, Floats, Weights

_NUMBERS = 2**16
"""Numbers whose exponentials are computed at once, few enough to stay in the cache."""


def linear(weights: Weights, x: Floats) -> Floats:
    """x (N, K) -> (N, W)."""
    weight, bias = weights["weight"], weights["bias"]
    y: Floats = x @ weight.T + bias
    return y


def rms_norm(x: Floats, weight: Floats) -> Floats:
    """As `elman.kernels.pointwise.rms_norm`."""
    scale = 1 / np.sqrt(np.square(x).mean(-1, keepdims=True) + np.float32(EPSILON))
    y: Floats = x * scale * weight
    return y


def gated_mlp(weights: Weights, x: Floats) -> Floats:
    """As `elman.nn.blocks.GatedMLP`: x (N, W) -> (N, W)."""
    gate = linear(weights.under("gate"), x)
    value = linear(weights.under("into"), x)
    return linear(weights.under("out"), gate / (1 + np.exp(-gate)) * value)


def softmax(x: Floats) -> Floats:
    """Over the last dimension."""
    weights = np.exp(x - x.max(-1, keepdims=True))
    y: Floats = weights / weights.sum(-1, keepdims=True)
    return y


def subtract_max(logits: Floats) -> Array:
    """Subtract from each row of logits (N, V) its largest, in place.

    Returns:
        (N,) log(sum(exp(row))) of what is left: subtract it for the log-probabilities. NaN for a
        row with a logit that is NaN or infinite.
    """
    sums = np.empty(len(logits), dtype=np.float32)
    size = max(1, _NUMBERS // logits.shape[1])
    exponentials = np.empty((min(size, len(logits)), logits.shape[1]), dtype=np.float32)
    with np.errstate(invalid="ignore"):
        for start in range(0, len(logits), size):
            part = logits[start : start + size]
            part -= part.max(axis=1, keepdims=True)
            own = np.exp(part, out=exponentials[: len(part)])
            own.sum(axis=1, out=sums[start : start + size])
        return np.log(sums, out=sums)
