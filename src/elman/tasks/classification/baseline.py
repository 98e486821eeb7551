"""The baseline of classifiers: TF-IDF with logistic regression.

Shapes: N texts, K classes.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from elman.errors import EmptyTextError, InputError
from elman.metrics.classification import ClassPredictions, class_indices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elman.metrics.classification import Floats, Integers


C = 10.0  # weak regularisation suits short texts
STEPS = 200  # of L-BFGS; most data sets converge in fewer than 50
WORD = re.compile(r"\w\w")  # a word of the vectoriser has two letters or more

# Limit the baseline to about a minute. Its time is proportional to n-grams x classes, over all
# texts (occurrences) and over distinct n-grams (weights).
MAX_OCCURRENCES = 20_000_000
MAX_PRODUCTS = 400_000_000
MAX_WEIGHTS = 5_000_000


class TextBaseline:
    """TF-IDF with logistic regression (C = 10), and the majority class.

    N-grams of 1 or 2 words; for texts that are single words, such as names, of 1 to 4 characters
    that occur in at least two texts. Counts n become 1 + log n.

    Large data sets are subsampled, and only the most frequent n-grams are kept; `name` says so.

    Attributes:
        name: for the report.
        classes: (K,) sorted labels.
        majority: the most frequent label.
    """

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Self:
        """Fit to N texts and their labels.

        Raises:
            ValueError: the numbers of texts and labels differ.
            EmptyTextError: there are no texts.
            InputError: all labels are the same.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        if len(texts) != len(labels):
            raise ValueError(f"{len(texts)} texts, but {len(labels)} labels")
        if not texts:
            raise EmptyTextError("no texts to fit the baseline to")
        self.classes = tuple(sorted(set(labels)))
        if len(self.classes) < 2:
            raise InputError(
                f"every text has the label {self.classes[0]!r}",
                hint="A classifier needs at least two",
            )
        # Ties go to the first label in sorted order.
        counts = Counter(labels)
        self.majority = max(self.classes, key=lambda label: counts[label])
        columns = 1 if len(self.classes) == 2 else len(self.classes)

        characters = _are_single_words(texts)
        target = class_indices(labels, self.classes)
        chosen = _subset(_occurrences(texts, characters), target, columns)
        settings: dict[str, Any] = (
            {"analyzer": "char_wb", "ngram_range": (1, 4), "min_df": 2}
            if characters
            else {"ngram_range": (1, 2)}
        )
        most = MAX_WEIGHTS // columns
        self._model = make_pipeline(
            TfidfVectorizer(**settings, sublinear_tf=True, max_features=most, dtype=np.float32),
            LogisticRegression(C=C, max_iter=STEPS),
        )
        with warnings.catch_warnings():
            # Further steps would change the third digit only.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model.fit([texts[number] for number in chosen], target[chosen])

        what = "characters (1-4)" if characters else "words (1-2)"
        self.name = f"TF-IDF of {what} with logistic regression"
        if len(self._model[0].vocabulary_) == most:
            self.name += f", the {most:,} commonest"
        if len(chosen) < len(texts):
            self.name += f", of {len(chosen):,} texts drawn from {len(texts):,}"
        return self

    def answers(self, texts: Sequence[str]) -> ClassPredictions:
        """Predictions for N texts."""
        return ClassPredictions(self.classes, self.predict_proba(texts))

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Probability (N, K) of each class."""
        probabilities: Floats = self._model.predict_proba(texts)
        return probabilities

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The most probable class of each text (N,)."""
        return self.answers(texts).labels


def _are_single_words(texts: Sequence[str]) -> bool:
    """Whether texts are single words, or have no words for the vectoriser."""
    words = float(np.median([len(text.split()) for text in texts]))
    return words <= 1.5 or not any(WORD.search(text) for text in texts)


def _occurrences(texts: Sequence[str], characters: bool) -> Integers:
    """Approximate number of n-grams (N,) of each text: 4 per character, or 2 per word."""
    sizes = (4 * len(text) if characters else 2 * len(text.split()) for text in texts)
    return np.fromiter(sizes, np.int64, len(texts))


def _subset(occurrences: Integers, target: Integers, columns: int) -> Integers:
    """Indices of a random subset within the limits, with at least one text of each class."""
    firsts = np.unique(target, return_index=True)[1]
    drawn = np.random.default_rng(0).permutation(len(target))
    order = np.concatenate([firsts, drawn[~np.isin(drawn, firsts)]])
    within = occurrences[order].cumsum() <= min(MAX_OCCURRENCES, MAX_PRODUCTS // columns)
    within[: len(firsts)] = True
    return np.sort(order[within])
