"""Baselines of translators and describers: the target of the nearest training source.

Shapes: M training sources, N test sources, D vector size.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from elman.metrics.generated_text import check_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.floating[Any]]


NGRAMS = (3, 5)  # characters, within words and at their boundaries
MAX_SOURCES = 200_000  # the last ones are kept
MAX_HOLDERS = 10_000
"""Maximum number of sources with an n-gram. More frequent n-grams are ignored: they are slow and
hardly distinguish sources. This bounds the time of a query by its number of n-grams."""
BATCH_SIZE = 128  # each source has a similarity to all M


class NearestSource:
    """A translation memory: returns the target of the most similar source.

    Similarity is the cosine of TF-IDF vectors of n-grams of 3 to 5 characters, with counts n as
    1 + log n. The first of equally similar sources wins. A source that shares no n-gram with the
    memory gets the most frequent target.

    Attributes:
        name: for the report.
    """

    def fit(self, sources: Sequence[str], targets: Sequence[str]) -> Self:
        """Store M sources and their targets.

        Raises:
            ValueError: the numbers of sources and targets differ.
            EmptyTextError: there are no sources.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        check_pairs(sources, targets)
        self.name = "nearest source"
        if len(sources) > MAX_SOURCES:
            self.name += f", of the last {MAX_SOURCES:,}"
        sources, self._targets = sources[-MAX_SOURCES:], targets[-MAX_SOURCES:]
        self._commonest = Counter(self._targets).most_common(1)[0][0]
        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=NGRAMS,
            max_df=min(MAX_HOLDERS, len(sources)),
            sublinear_tf=True,
            dtype=np.float32,
        )
        try:
            self._memory: Any = self._vectorizer.fit_transform(sources).T.tocsr()
        except ValueError:  # no n-grams within the limits
            self._memory = None
        return self

    def answers(self, sources: Sequence[str]) -> list[str]:
        """The target of the nearest source of each (N,)."""
        if self._memory is None:
            return [self._commonest] * len(sources)
        answers: list[str] = []
        for start in range(0, len(sources), BATCH_SIZE):
            queries = self._vectorizer.transform(sources[start : start + BATCH_SIZE])
            cosines = queries @ self._memory  # sparse: (BATCH_SIZE, M)
            nearest = np.asarray(cosines.argmax(axis=1)).ravel()
            similarities = cosines.max(axis=1).toarray().ravel()
            answers += [
                self._targets[index] if cosine > 0 else self._commonest
                for index, cosine in zip(nearest, similarities, strict=True)
            ]
        return answers


class NearestVector:
    """Returns the target of the vector at the smallest Euclidean distance, without scaling.

    Attributes:
        name: for the report.
    """

    name = "nearest vector"

    def fit(self, vectors: Floats, targets: Sequence[str]) -> Self:
        """Store vectors (M, D) and their targets.

        Raises:
            ValueError: the numbers differ, or vectors are not (M, D) finite numbers.
            EmptyTextError: there are no vectors.
        """
        from sklearn.neighbors import NearestNeighbors

        check_pairs(targets, vectors)
        self._targets = targets
        self._neighbors = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(vectors)
        return self

    def answers(self, vectors: Floats) -> list[str]:
        """The target of the nearest vector of each, for vectors (N, D)."""
        nearest = self._neighbors.kneighbors(vectors, return_distance=False)
        return [self._targets[index] for index in nearest.ravel()]
