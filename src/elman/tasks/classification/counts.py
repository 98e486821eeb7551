"""The linear part of a classifier: its budget, its place in a model file, its running scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.bundle import Array, Layout
from elman.counts.sparse_linear import MAX_FEATURES, SparseLinear
from elman.errors import ModelFileError
from elman.tasks.classification.config import ClassifierSettings
from elman.tasks.classification.inputs import LabelledTexts
from elman.tasks.classification.weighting import weights_of_classes, weights_of_texts
from elman.tasks.weights import prefixed
from elman.text.progress import ProgressCallback

if TYPE_CHECKING:
    from elman.explain.trace import CountsPart

PRODUCTS = 1_000_000_000
"""Bound of the work of a fit, features of all texts times classes: a minute, about."""

PRODUCTS_A_MINUTE = 100_000_000
"""The same for each minute of the budget: a tenth of it, about."""

PREFIX = "counts."

LARGEST = 1e6
"""No weight of the linear part is near it."""


def fit(
    settings: ClassifierSettings,
    rows: LabelledTexts,
    most_bytes: int,
    progress: ProgressCallback | None,
) -> SparseLinear | None:
    """Fit the linear part, before the network is trained.

    Args:
        settings: of the classifier.
        rows: the training set.
        most_bytes: of the linear part in a file.
        progress: called with the name of the step.

    Returns:
        The linear part; None if the settings want none.
    """
    if not settings.has_counts:
        return None
    if progress is not None:
        progress("counting n-grams", 0, 1)
    minutes = None if settings.steps is not None else settings.minutes
    most = PRODUCTS if minutes is None else min(PRODUCTS, int(minutes * PRODUCTS_A_MINUTE))
    return SparseLinear.fit(
        rows.texts,
        rows.classes,
        len(rows.labels),
        max_bytes=most_bytes,
        max_products=most,
        class_weights=weights_of_classes(settings, rows),
        sample_weights=weights_of_texts(rows),
    )


class LinearTrace:
    """What the linear part does to the answers after each token of a text.

    Args:
        linear: the weights.
        tokens: (T,) as a person reads them.
        weight: of the scores in the answer.
        words: whether each token is a word.

    Attributes:
        added: (T, K) what it adds to the logits.
    """

    def __init__(
        self, linear: SparseLinear, tokens: Sequence[str], weight: float, words: bool
    ) -> None:
        self._linear, self._tokens, self._weight = linear, tokens, weight
        self._states = linear.states(tokens) if words else []
        if words:
            scores = np.concatenate([linear.running(state) for state in self._states[1:]])
        else:  # the last word of a prefix may be unfinished, so nothing can be carried on
            prefixes = ["".join(tokens[: length + 1]) for length in range(len(tokens))]
            scores = linear.scores(prefixes)
        self.added = weight * scores

    def part(self, index: int, target: int) -> CountsPart:
        """What it adds to the logit of a target, less the mean of all.

        Args:
            index: of the token after which there is the answer.
            target: the index of the class.
        """
        from elman.explain.summary import TOP
        from elman.explain.trace import CountedFeature, CountsPart

        added = self.added[index]
        total = float(added[target] - added.mean())
        if not self._states:
            return CountsPart(total, ())
        words = self._weight * self._linear.contributions(self._states[: index + 2])
        of_words = words[:, target] - words.mean(axis=1)
        top = np.argsort(-np.abs(of_words), kind="stable")[:TOP]
        features = (CountedFeature(self._tokens[word], float(of_words[word])) for word in top)
        return CountsPart(total, tuple(features))


# Model files


def arrays(linear: SparseLinear) -> dict[str, Array]:
    """The arrays of a model file, by name."""
    names = ("keys", "steps", "scale", "bias")
    return {f"{PREFIX}{name}": getattr(linear, name) for name in names}


def contents(linear: SparseLinear) -> dict[str, Any]:
    """The plain data of a model file."""
    return {"features": len(linear.keys), "characters": linear.characters}


def layout(about: Any, classes: int) -> Layout:
    """The types and shapes of the arrays in a model file; none if it has no counts.

    Args:
        about: of `contents`, or None.
        classes: K.

    Raises:
        ModelFileError: it is not what `contents` returns.
    """
    match about:
        case None:
            return {}
        case {"features": features, "characters": bool()} if (
            len(about) == 2 and type(features) is int and 0 <= features <= MAX_FEATURES
        ):
            return prefixed(
                PREFIX,
                {
                    "keys": (np.int32, (features,)),
                    "steps": (np.int8, (features, classes)),
                    "scale": (np.float32, (classes,)),
                    "bias": (np.float32, (classes,)),
                },
            )
    raise ModelFileError("its counts are malformed")


def restored(about: Any, beside: dict[str, Array]) -> SparseLinear | None:
    """The linear part of a model file; None if it has no counts.

    Args:
        about: of `contents`, or None.
        beside: the arrays of `layout`.

    Raises:
        ModelFileError: the arrays are not those of a linear part.
    """
    if about is None:
        return None
    parts = {name.removeprefix(PREFIX): array for name, array in beside.items()}
    if not (np.diff(parts["keys"].astype(np.int64)) > 0).all():
        raise ModelFileError("the features of its counts are not sorted")
    scale = parts["scale"]
    sound = (scale > 0) & (scale < LARGEST) & (np.abs(parts["bias"]) < LARGEST)  # False for NaN
    if not sound.all():
        raise ModelFileError("the weights of its counts are out of range")
    return SparseLinear(**parts, characters=about["characters"])
