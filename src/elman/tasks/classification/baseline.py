"""The baseline beside every classifier: TF-IDF with logistic regression.

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


C = 10.0  # little regularisation: what suits short texts
STEPS = 200  # of L-BFGS; most sets are done in fewer than 50
WORD = re.compile(r"\w\w")  # what the vectoriser takes for a word has two letters or more

# A baseline is worth a minute, not ten. The time goes into n-grams x classes, for every text
# (occurrences) and for every n-gram (weights).
MAX_OCCURRENCES = 20_000_000
MAX_PRODUCTS = 400_000_000
MAX_WEIGHTS = 5_000_000


class TextBaseline:
    """TF-IDF with logistic regression (C = 10), and the majority.

    Words alone and in pairs; where the texts are single words, such as names, 1 to 4 characters
    within a word that occur in at least two. Counts are damped: 1 + log n.

    Of a large set only some texts are read, and of many n-grams only the commonest are kept;
    `name` says so.

    Attributes:
        name: what it is, for the report.
        classes: (K,) the labels, by name.
        majority: the commonest label.
    """

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Self:
        """Learn from N texts and their labels.

        Raises:
            ValueError: another number of labels than of texts.
            EmptyTextError: no texts.
            InputError: one label only.
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
        # The first of equals by name, whatever the order of the texts.
        counts = Counter(labels)
        self.majority = max(self.classes, key=lambda label: counts[label])
        columns = 1 if len(self.classes) == 2 else len(self.classes)

        characters = _are_single_words(texts)
        target = class_indices(labels, self.classes)
        chosen = _chosen(_occurrences(texts, characters), target, columns)
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
            # Further steps would change the third digit: not worth a user's worry.
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
        """What it says of N texts."""
        return ClassPredictions(self.classes, self.predict_proba(texts))

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """(N, K) the probability of each class."""
        probabilities: Floats = self._model.predict_proba(texts)
        return probabilities

    def predict(self, texts: Sequence[str]) -> list[str]:
        """(N,) the likeliest class of each text."""
        return self.answers(texts).labels


def _are_single_words(texts: Sequence[str]) -> bool:
    """Names, say; or texts with nothing in them that the vectoriser would take for a word."""
    words = float(np.median([len(text.split()) for text in texts]))
    return words <= 1.5 or not any(WORD.search(text) for text in texts)


def _occurrences(texts: Sequence[str], characters: bool) -> Integers:
    """(N,) the n-grams of each text, about: 4 begin at each character, or 2 at each word."""
    sizes = (4 * len(text) if characters else 2 * len(text.split()) for text in texts)
    return np.fromiter(sizes, np.int64, len(texts))


def _chosen(occurrences: Integers, target: Integers, columns: int) -> Integers:
    """The texts to learn from: drawn at random as far as time allows, one of each class first."""
    firsts = np.unique(target, return_index=True)[1]
    drawn = np.random.default_rng(0).permutation(len(target))
    order = np.concatenate([firsts, drawn[~np.isin(drawn, firsts)]])
    within = occurrences[order].cumsum() <= min(MAX_OCCURRENCES, MAX_PRODUCTS // columns)
    within[: len(firsts)] = True
    return np.sort(order[within])
