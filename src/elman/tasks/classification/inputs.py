"""Check the inputs of a classifier: texts and labels.

Shapes: N texts, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from elman.errors import EmptyTextError, InputError, SettingError
from elman.tasks.inputs import (
    HELD_OUT,
    MAX_HELD_OUT,
    as_texts,
    hashed,
    listed_values,
    warn_of_unseen,
)
from elman.text.byte_decoding import without_surrogates

Label = str | int | float | bool


class LabelledTexts(NamedTuple):
    """N texts and their classes."""

    texts: list[str]
    classes: np.ndarray[Any, Any]  # (N,) indices into labels
    labels: Sequence[Label]  # (K,) sorted
    weights: np.ndarray[Any, Any] | None = None  # (N,) of the texts, above 0
    unseen: Sequence[tuple[str, Label]] = ()  # validation texts with labels that training lacks

    @property
    def content(self) -> str:
        """sha256 in hex of the texts and their labels."""
        return hashed(self.rows)

    @property
    def rows(self) -> list[tuple[str, Label]]:
        """Each text with its label; at last those with unseen labels."""
        labels = [self.labels[index] for index in self.classes.tolist()]
        return [*zip(self.texts, labels, strict=True), *self.unseen]

    def chosen(self, indices: np.ndarray[Any, Any]) -> LabelledTexts:
        """The rows with these indices."""
        texts = [self.texts[index] for index in indices.tolist()]
        weights = None if self.weights is None else self.weights[indices]
        return self._replace(texts=texts, classes=self.classes[indices], weights=weights)


def as_labels(labels: Any, count: int, location: str = "labels") -> list[Label]:
    """Convert labels to a list, one for each text.

    Args:
        labels: a list, array or column.
        count: number of texts.
        location: for errors.

    Raises:
        InputError: no labels, another number than texts, or a value that is not a label.
    """
    if labels is None:
        raise InputError(
            "requires y to be passed, but the target y is None",
            location=location,
            hint="Give each text its label: fit(texts, labels)",
        )
    found = _one_for_each(labels, count, "label", location)
    for number, each in enumerate(found, start=1):
        if not _is_label(each):
            raise InputError(
                f"the label {each!r} of text {number} is not one",
                location=location,
                hint="A label is a word or a number.",
            )
    return found


def _one_for_each(values: Any, count: int, what: str, location: str) -> list[Any]:
    """Convert values to a list, of which each text has one.

    Raises:
        InputError: there is another number of them.
    """
    found = listed_values(values)
    if found is None or len(found) != count:
        raise InputError(
            f"{count} texts have {'no' if found is None else len(found)} {what}s",
            location=location,
            hint=f"Give each text one {what}.",
        )
    return found


def _is_label(value: Any) -> bool:
    """Whether it is a non-empty string without surrogates, or a finite number."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return bool(value) and without_surrogates(value) == value
    return isinstance(value, int)


def index_labels(texts: Any, labels: Any, sample_weight: Any = None) -> LabelledTexts:
    """Training texts, with labels as class indices.

    Args:
        texts, labels: (N,) each.
        sample_weight: (N,) of the texts; those of weight 0 are left out. None: they have none.

    Raises:
        InputError: as `as_texts` and `as_labels`; no texts; fewer than two classes; weights that
            are none.
    """
    listed = as_texts(texts)
    if not listed:
        raise EmptyTextError(
            "found 0 sample(s): no text to learn from", location="texts", hint="Give it some."
        )
    named = as_labels(labels, len(listed))
    weights = None
    if sample_weight is not None:
        every = as_weights(sample_weight, len(listed))
        kept = np.flatnonzero(every).tolist()
        listed, named = [listed[index] for index in kept], [named[index] for index in kept]
        weights = every[kept]
    try:
        known = sorted(set(named))
    except TypeError as error:
        raise InputError(
            "some are words, others numbers", location="labels", hint="Make all of them words."
        ) from error
    if len(known) < 2:
        raise InputError(
            f"all {len(listed):,} texts are of one class, {known[0]!r}",
            location="labels",
            hint="Give texts of at least two classes.",
        )
    return LabelledTexts(listed, _indices(named, known), known, weights)


def as_weights(weights: Any, count: int, location: str = "sample_weight") -> np.ndarray[Any, Any]:
    """Convert the weights of texts to an array (N,) of float64.

    Args:
        weights: a list, array or column.
        count: N.
        location: for errors.

    Raises:
        InputError: another number than texts; a value below 0 or not finite; no value above 0.
    """
    found = _one_for_each(weights, count, "weight", location)
    for number, each in enumerate(found, start=1):
        if not isinstance(each, int | float) or not 0 <= each < math.inf:
            raise InputError(
                f"the weight {each!r} of text {number} is not one",
                location=location,
                hint="A weight is a finite number, 0 or above.",
            )
    if not any(found):
        raise InputError(
            "every weight is zero", location=location, hint="Give some text a weight above 0."
        )
    return np.array(found, dtype=np.float64)


def index_labels_as(pair: Any, known: Sequence[Label], location: str) -> LabelledTexts:
    """Validation texts, with labels as indices into those of the training set.

    Texts with labels that the training set lacks are set apart, since no model can learn them: they
    count as errors. A warning says how many there are.

    Args:
        pair: texts and labels.
        known: labels of the training set.
        location: for errors.

    Raises:
        InputError: not a pair; no text with a label of the training set; as `index_labels`.
    """
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise InputError(
            "expected two lists", location=location, hint="Give it as (texts, labels)."
        )
    texts, labels = pair
    listed = as_texts(texts, location)
    named = as_labels(labels, len(listed), location)
    learned = set(known)
    rows = list(zip(listed, named, strict=True))
    seen = [row for row in rows if row[1] in learned]
    unseen = [row for row in rows if row[1] not in learned]
    if unseen and not seen:
        raise InputError(
            f"no text has a label that occurs in training, such as {known[0]!r}",
            location=location,
            hint="Check that the labels are written alike.",
        )
    warn_of_unseen([label for _, label in unseen], "text", "label")
    indices = _indices([label for _, label in seen], known)
    return LabelledTexts([text for text, _ in seen], indices, known, unseen=unseen)


def _indices(labels: Sequence[Label], known: Sequence[Label]) -> np.ndarray[Any, Any]:
    index_of_label = {label: index for index, label in enumerate(known)}
    return np.array([index_of_label[label] for label in labels], dtype=np.int64)


def split(rows: LabelledTexts, seed: int) -> tuple[LabelledTexts, LabelledTexts]:
    """Split into training and validation set: a random tenth of each class, none of a small class.

    If that leaves no validation text, the training set is used for validation too.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(rows.texts))
    order = order[np.argsort(rows.classes[order], kind="stable")]  # grouped by class
    sizes = np.bincount(rows.classes)
    indices = np.arange(len(order)) - np.repeat(sizes.cumsum() - sizes, sizes)  # within its class
    every = max(round(1 / HELD_OUT), -(-len(order) // MAX_HELD_OUT))
    held_out = indices % every == every - 1
    train = rows.chosen(np.sort(order[~held_out]))
    return train, rows.chosen(np.sort(order[held_out])) if held_out.any() else train


def sklearn_tags() -> Any:
    """Tags for scikit-learn: a classifier of texts."""
    from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

    return Tags(
        estimator_type="classifier",
        target_tags=TargetTags(required=True),
        classifier_tags=ClassifierTags(),
        input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
    )


def unlabelled_texts(given: Sequence[str], has_network: bool) -> list[str]:
    """Texts without labels, for pretraining.

    Raises:
        InputError: they are not texts; SettingError: there is no network to learn from them.
    """
    texts = as_texts(given, "unlabelled")
    if texts and not has_network:
        raise SettingError(
            "counts learn from labelled texts only",
            location="unlabelled",
            hint="Leave it out, or let a network learn from it: counts on.",
        )
    return texts
