"""The baselines beside every model that writes: what was written for the nearest source.

Shapes: M sources learned from, N sources to answer, D numbers of a vector.
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


NGRAMS = (3, 5)  # characters, within words and at their edges
MAX_SOURCES = 200_000  # that are held in memory: the last
MAX_HOLDERS = 10_000
"""Sources that may hold an n-gram. One that more of them hold says little of which is nearest, and
costs most: the time for an answer is at most this, times its n-grams, however many sources there
are."""
AT_ONCE = 128  # sources answered, each with a similarity to every one in memory


class NearestSource:
    """A translation memory: the target of the source that is most alike.

    Alike is the cosine of TF-IDF vectors of n-grams of 3 to 5 characters, their counts damped to
    1 + log n. Of sources equally near the first is taken. A source that shares no n-gram with any
    is answered with the commonest target.

    Attributes:
        name: what it is, for the report.
    """

    def fit(self, sources: Sequence[str], targets: Sequence[str]) -> Self:
        """Keep M sources and their targets.

        Raises:
            ValueError: another number of targets.
            EmptyTextError: no source.
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
        except ValueError:  # no n-gram, or none that tells sources apart
            self._memory = None
        return self

    def answers(self, sources: Sequence[str]) -> list[str]:
        """(N,) the target of each one's nearest source."""
        if self._memory is None:
            return [self._commonest] * len(sources)
        answers: list[str] = []
        for start in range(0, len(sources), AT_ONCE):
            asked = self._vectorizer.transform(sources[start : start + AT_ONCE])
            cosines = asked @ self._memory  # sparse: (AT_ONCE, M)
            nearest = np.asarray(cosines.argmax(axis=1)).ravel()
            alike = cosines.max(axis=1).toarray().ravel()
            answers += [
                self._targets[place] if cosine > 0 else self._commonest
                for place, cosine in zip(nearest, alike, strict=True)
            ]
        return answers


class NearestVector:
    """The target of the vector at the smallest Euclidean distance, numbers taken as they are.

    Attributes:
        name: what it is, for the report.
    """

    name = "nearest vector"

    def fit(self, vectors: Floats, targets: Sequence[str]) -> Self:
        """Keep (M, D) vectors and their targets.

        Raises:
            ValueError: another number of targets, or vectors that are not (M, D) finite numbers.
            EmptyTextError: no vector.
        """
        from sklearn.neighbors import NearestNeighbors

        check_pairs(targets, vectors)
        self._targets = targets
        self._neighbors = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(vectors)
        return self

    def answers(self, vectors: Floats) -> list[str]:
        """(N,) the target of each one's nearest vector, of (N, D)."""
        nearest = self._neighbors.kneighbors(vectors, return_distance=False)
        return [self._targets[place] for place in nearest.ravel()]
