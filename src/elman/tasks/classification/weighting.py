"""How much each class and each text counts in the training of a classifier.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from elman.errors import InputError
from elman.ranges import listed
from elman.tasks.classification.config import ClassifierSettings
from elman.tasks.classification.inputs import LabelledTexts

Floats = npt.NDArray[np.float32]


def weights_of_classes(settings: ClassifierSettings, rows: LabelledTexts) -> Floats | None:
    """The weight of each class (K,); None where all weigh the same.

    Args:
        settings: `class_weight` is used.
        rows: the training set.

    Raises:
        InputError: `class_weight` names a label that no text has.
    """
    given = settings.class_weight
    if given is None:
        return None
    if isinstance(given, str):  # "balanced"
        return _balanced(rows.classes, len(rows.labels))
    unknown = [label for label in given if label not in set(rows.labels)]
    if unknown:
        raise InputError(
            f"no text has the label {unknown[0]!r}",
            location="class-weight",
            hint=f"The labels are {listed([repr(label) for label in rows.labels[:10]])}.",
        )
    return np.array([given.get(label, 1.0) for label in rows.labels], dtype=np.float32)


def weights_of_texts(rows: LabelledTexts) -> Floats | None:
    """The weight of each text (N,), with a mean of 1; None where all weigh the same."""
    if rows.weights is None:
        return None
    weights: Floats = (rows.weights / rows.weights.mean()).astype(np.float32)
    return weights


def _balanced(classes: npt.NDArray[np.integer[Any]], count: int) -> Floats:
    """Weights (K,): the cube root of the mean class size over the size of each class.

    Without the root, a text of a rare class would cause a very large step.
    """
    sizes = np.maximum(np.bincount(classes, minlength=count), 1)
    weights: Floats = ((sizes.mean() / sizes) ** (1 / 3)).astype(np.float32)
    return weights
