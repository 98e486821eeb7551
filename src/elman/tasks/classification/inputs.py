"""What a classifier is given, held against what it needs: texts, each with its label.

Shapes: N texts, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.tasks.inputs import HELD_OUT, MAX_HELD_OUT, as_texts, hashed, listed_values
from elman.text.byte_decoding import without_surrogates

Label = str | int | float | bool


class LabelledTexts(NamedTuple):
    """N texts and their classes."""

    texts: list[str]
    classes: np.ndarray[Any, Any]  # (N,) places among the labels
    labels: Sequence[Label]  # (K,) in order

    @property
    def content(self) -> str:
        """sha256 in hex of the texts and their labels."""
        return hashed(self.rows)

    @property
    def rows(self) -> list[tuple[str, Label]]:
        """Each text with its label."""
        classes = self.classes.tolist()
        return [(text, self.labels[place]) for text, place in zip(self.texts, classes, strict=True)]

    def chosen(self, places: np.ndarray[Any, Any]) -> LabelledTexts:
        """Some of them."""
        texts = [self.texts[place] for place in places.tolist()]
        return self._replace(texts=texts, classes=self.classes[places])


def as_labels(labels: Any, count: int, location: str = "labels") -> list[Label]:
    """Anything that holds labels as a list of them, one for each text.

    Raises:
        InputError: none, another number than there are texts, or what can be no label.
    """
    if labels is None:
        raise InputError(
            "requires y to be passed, but the target y is None",
            location=location,
            hint="Give each text its label: fit(texts, labels)",
        )
    found = listed_values(labels)
    if found is None or len(found) != count:
        raise InputError(
            f"{count} texts have {'no' if found is None else len(found)} labels",
            location=location,
            hint="Give each text one label.",
        )
    for number, each in enumerate(found, start=1):
        if not _is_label(each):
            raise InputError(
                f"the label {each!r} of text {number} is none",
                location=location,
                hint="A label is a word or a number.",
            )
    return found


def _is_label(value: Any) -> bool:
    """Whether it is a word that can be written, or a number that is one."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return bool(value) and without_surrogates(value) == value
    return isinstance(value, int)


def numbered(texts: Any, labels: Any) -> LabelledTexts:
    """Texts to learn from.

    Raises:
        InputError: as `as_texts` and `as_labels` have it; no text; one class only.
    """
    listed = as_texts(texts)
    if not listed:
        raise EmptyTextError(
            "found 0 sample(s): no text to learn from", location="texts", hint="Give it some."
        )
    named = as_labels(labels, len(listed))
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
    return LabelledTexts(listed, _places(named, known), known)


def numbered_as(pair: Any, known: Sequence[Label], location: str) -> LabelledTexts:
    """Texts and their labels, to be scored by what was learned of others.

    Raises:
        InputError: no such pair; a label that was not learned; else as `numbered`.
    """
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise InputError(
            "expected two lists", location=location, hint="Give it as (texts, labels)."
        )
    texts, labels = pair
    listed = as_texts(texts, location)
    named = as_labels(labels, len(listed), location)
    learned = set(known)
    unknown = next((number for number, each in enumerate(named) if each not in learned), None)
    if unknown is not None:
        raise InputError(
            f"the label {named[unknown]!r} of text {unknown + 1} does not occur in training",
            location=location,
            hint="Leave such texts out, or learn from some of them too.",
        )
    return LabelledTexts(listed, _places(named, known), known)


def _places(labels: Sequence[Label], known: Sequence[Label]) -> np.ndarray[Any, Any]:
    among = {label: place for place, label in enumerate(known)}
    return np.array([among[label] for label in labels], dtype=np.int64)


def split(rows: LabelledTexts, seed: int) -> tuple[LabelledTexts, LabelledTexts]:
    """What to learn from and what to hold out: a tenth of each class, drawn at random, of a
    class with few texts none; where nothing would be held out, one text is looked at twice."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(rows.texts))
    order = order[np.argsort(rows.classes[order], kind="stable")]  # class after class
    sizes = np.bincount(rows.classes)
    places = np.arange(len(order)) - np.repeat(sizes.cumsum() - sizes, sizes)  # in its class
    every = max(round(1 / HELD_OUT), -(-len(order) // MAX_HELD_OUT))
    held = places % every == every - 1
    learned_from = rows.chosen(np.sort(order[~held]))
    return learned_from, rows.chosen(np.sort(order[held])) if held.any() else learned_from


def tags_of_texts() -> Any:
    """What scikit-learn should know: a classifier, of texts."""
    from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

    return Tags(
        estimator_type="classifier",
        target_tags=TargetTags(required=True),
        classifier_tags=ClassifierTags(),
        input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
    )
