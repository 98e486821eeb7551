"""Sparse linear classification of texts: weights of hashed word and character n-grams.

The score of a class is the sum of its weights of the distinct words and pairs of neighbouring words
of a text, over the square root of their number; plus the same of the character n-grams of its
words; plus a bias. So a text can be scored word by word, in a state of constant size.

Sources: S. Wang, C. Manning, 'Baselines and Bigrams: Simple, Good Sentiment and Topic
Classification' (2012), for linear models of n-grams; K. Weinberger et al., 'Feature Hashing for
Large Scale Multitask Learning' (2009).

Shapes: N texts, T words of a text, K classes, D features.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.counts.text_features import (
    START,
    Integers,
    TextHashes,
    counted_shares,
    distinct,
    indices_among,
    only,
    word_features,
    word_ngrams,
)
from elman.text.subword_hashing import words_of

Floats = npt.NDArray[np.float32]

C = 1.0
"""The inverse strength of the L2 regularisation of the weights, for features of unit norm."""

MAX_ITERATIONS = 10  # of the solver, one pass over the texts each
TOLERANCE = 0.1

MAX_FEATURES = 2**18
"""The most features: the state of a text has a bit for each."""

MAX_WEIGHTS = 40_000_000
"""The most weights to fit, 8 bytes each: those of the features of most texts."""

MIN_TEXTS = 2
"""The fewest texts that a feature occurs in."""

TINY = 1e-12

STEPS = 127
"""The largest of the integers that weights are rounded to, times a scale for each class."""

TEXTS = 512
"""Texts scored at once."""

NGRAMS_A_CHARACTER = 4
"""About how many character n-grams a text has for each character."""

WORDS_A_CHARACTER = 0.4
"""About how many words and pairs of words a text has for each character."""


class RunningScores(NamedTuple):
    """The state of N texts that are scored word by word."""

    words: Floats  # (N, K) the sum of the weights of words and pairs so far
    characters: Floats  # (N, K) that of the character n-grams
    counts: Floats  # (N, 2) the number of either
    seen: npt.NDArray[np.uint8]  # (N, D / 8) a bit for each feature
    before: Integers  # (N, 1) the hash of the last word


@dataclass(frozen=True, eq=False)
class SparseLinear:
    """The weights of a sparse linear classifier.

    Attributes:
        keys: (D,) int32, the features in ascending order.
        steps: (D, K) int8, each weight divided by the scale of its class.
        scale: (K,) float32.
        bias: (K,) float32.
        characters: whether character n-grams are used.
    """

    keys: npt.NDArray[np.int32]
    steps: npt.NDArray[np.int8]
    scale: Floats
    bias: Floats
    characters: bool

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        target: Integers,
        classes: int,
        *,
        max_bytes: int,
        max_products: int,
        class_weights: Floats | None = None,
        sample_weights: Floats | None = None,
    ) -> SparseLinear:
        """Fit a linear support vector machine for each class against the rest, on the features of
        at least two texts, weighted by inverse document frequency.

        Args:
            texts: N texts.
            target: (N,) the class of each; each class occurs.
            classes: K.
            max_bytes: bound of the size of the weights: those that change the scores most stay.
            max_products: bound of the features of all texts times K, to which the time is
                proportional: if it is exceeded, only words are used, and of these only a random
                part of the texts.
            class_weights: (K,) weights of the classes; None: all weigh the same.
            sample_weights: (N,) weights of the texts; None: all weigh the same.

        Returns:
            The weights; no features at all if no two texts share one. Where `max_bytes` leaves
            some out, the features that are left count alone.
        """
        from scipy import sparse
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC

        columns = 1 if classes == 2 else classes
        characters, chosen = _within(texts, target, max_products // columns)
        hashes = TextHashes([texts[index] for index in chosen.tolist()], characters)
        target = target[chosen]
        keys = hashes.distinct()
        indices, starts = hashes.features(keys)
        frequency = np.bincount(indices, minlength=len(keys))
        kept = _most(frequency, min((frequency >= MIN_TEXTS).sum(), MAX_WEIGHTS // columns))
        indices, starts = only(kept, indices, starts, len(keys))
        keys, frequency = keys[kept], frequency[kept]
        if not len(keys):
            none = np.zeros((0, classes), dtype=np.int8)
            zeros = np.zeros(classes, dtype=np.float32)
            return cls(keys, none, zeros + 1, zeros, characters)
        idf = np.log((1 + len(target)) / (1 + frequency)) + 1
        shares = counted_shares(indices, starts, keys)
        x = sparse.csr_matrix((shares, indices, starts), shape=(len(target), len(keys)))
        x = x @ sparse.diags(idf)
        norm = np.sqrt(max(x.multiply(x).sum() / len(target), TINY))
        solver = LinearSVC(
            C=C,
            tol=TOLERANCE,
            max_iter=MAX_ITERATIONS,
            class_weight=None if class_weights is None else dict(enumerate(class_weights)),
            random_state=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            weights_of_rows = None if sample_weights is None else sample_weights[chosen]
            solver.fit(x / norm, target, sample_weight=weights_of_rows)
        weights, bias = solver.coef_.T * (idf / norm)[:, None], solver.intercept_
        if classes == 2:  # one column: of the second class, against the first
            weights, bias = np.hstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
        most = min(MAX_FEATURES, max_bytes // (keys.itemsize + classes))
        kept = _most(frequency * np.square(weights).sum(axis=1), most)
        keys, weights = keys[kept], weights[kept]
        scale = np.maximum(np.abs(weights).max(axis=0, initial=0), TINY) / STEPS
        steps = np.rint(weights / scale).astype(np.int8)
        return cls(keys, steps, scale.astype(np.float32), bias.astype(np.float32), characters)

    @property
    def classes(self) -> int:
        """K."""
        return len(self.bias)

    @cached_property
    def weights(self) -> Floats:
        """(D, K) the weights of the features."""
        weights: Floats = self.steps * self.scale
        return weights

    def scores(self, texts: Sequence[str]) -> Floats:
        """The scores (N, K) of texts."""
        parts = [texts[first : first + TEXTS] for first in range(0, len(texts), TEXTS)]
        scores: Floats = np.concatenate([self._scores_of(part) for part in parts])
        return scores

    def _scores_of(self, texts: Sequence[str]) -> Floats:
        indices, starts = TextHashes(texts, self.characters).features(self.keys)
        shares = counted_shares(indices, starts, self.keys)[:, None]
        scores = np.repeat(self.bias[None], len(texts), axis=0)
        known = np.diff(starts) > 0  # texts with a feature
        if known.any():
            added = self.weights[indices] * shares
            scores[known] += np.add.reduceat(added, starts[:-1][known], axis=0)
        return scores

    def start(self, rows: int) -> RunningScores:
        """The state of N texts before their first word."""
        words = np.zeros((rows, self.classes), dtype=np.float32)
        counts = np.zeros((rows, 2), dtype=np.float32)
        seen = np.zeros((rows, -(-len(self.keys) // 8)), dtype=np.uint8)
        before = np.full((rows, 1), START, dtype=np.int64)
        return RunningScores(words, words.copy(), counts, seen, before)

    def advance(self, texts: Sequence[str], state: RunningScores) -> RunningScores:
        """The state after more words of each text (N,)."""
        after = copy.deepcopy(state)
        for row, text in enumerate(texts):
            words = [word_features(word) for word in words_of(text)]
            if not words:
                continue
            hashes = [word_ngrams(words, int(after.before[row, 0]))]
            hashes += [word.ngrams for word in words] if self.characters else []
            seen = after.seen[row]
            found = distinct(indices_among(self.keys, np.concatenate(hashes)))
            found = found[found < len(self.keys)]
            found = found[seen[found >> 3] >> (found & 7) & 1 == 0]
            np.bitwise_or.at(seen, found >> 3, (1 << (found & 7)).astype(np.uint8))
            is_ngram = self.keys[found] & 1 == 1
            after.words[row] += self.weights[found[~is_ngram]].sum(axis=0)
            after.characters[row] += self.weights[found[is_ngram]].sum(axis=0)
            after.counts[row] += (~is_ngram).sum(), is_ngram.sum()
            after.before[row] = words[-1].hash
        return after

    def running(self, state: RunningScores) -> Floats:
        """The scores (N, K) of the texts so far."""
        return _means(state, state.counts) + self.bias

    def states(self, words: Sequence[str]) -> list[RunningScores]:
        """The states of a text (T + 1) before its first word and after each."""
        states = [self.start(1)]
        for word in words:
            states.append(self.advance([word], states[-1]))
        return states

    def contributions(self, states: Sequence[RunningScores]) -> Floats:
        """What each word adds to the scores (T, K) of a text; with the bias, all of them add up to
        the scores. A pair of words belongs to its second word, a feature to where it occurs first.

        Args:
            states: of `states`.
        """
        sums = [_means(state, states[-1].counts)[0] for state in states]
        return np.diff(np.stack(sums), axis=0)


def _most(values: npt.NDArray[Any], count: int) -> Integers:
    """The indices of the largest values, ascending."""
    return np.sort(np.argsort(-values, kind="stable")[:count])


def _means(state: RunningScores, counts: Floats) -> Floats:
    """(N, K) the sums over the square roots of the counts (N, 2)."""
    words, characters = np.sqrt(np.maximum(counts, 1)).T[:, :, None]
    scores: Floats = state.words / words + state.characters / characters
    return scores


def _within(texts: Sequence[str], target: Integers, most: int) -> tuple[bool, Integers]:
    """Whether to use character n-grams, and the indices of the texts to use, at least one of each
    class, for at most about `most` features."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    if NGRAMS_A_CHARACTER * lengths.sum() <= most:
        return True, np.arange(len(texts))
    firsts = np.unique(target, return_index=True)[1]
    drawn = np.random.default_rng(0).permutation(len(texts))
    order = np.concatenate([firsts, drawn[~np.isin(drawn, firsts)]])
    fits = WORDS_A_CHARACTER * lengths[order].cumsum() <= most
    fits[: len(firsts)] = True
    return False, np.sort(order[fits])
