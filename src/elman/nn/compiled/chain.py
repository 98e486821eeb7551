"""A linear-chain conditional random field on arrays: its best sequences and its probabilities.

`elman.nn.crf` has the formulas, the sources and the training.

Shapes: B texts, N tokens of all texts, one text after another, K tags, C best sequences of a text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from elman.nn.compiled.mixture import log_softmax
from elman.nn.compiled.packing import Packing
from elman.text.tagsets import LegalTransitions

FORBIDDEN = -1e4
"""The score of a forbidden transition, far below any learned one; minus infinity has no
gradient."""

TINY = 1e-300
"""Instead of 0, where no sequence is allowed: its logarithm is finite."""

CACHED = 2**16
"""Numbers that stay in the cache, about."""

_CANDIDATES = 2**22  # of a search for several sequences, at most at once; more rows take turns

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]


class CompiledChain:
    """A `CRF`.

    Args:
        start: (K,) the score of each first tag.
        pairs: (K, K) of each pair, from the row's tag to the column's.
        end: (K,) of each last tag.
        allowed: which of them are.
    """

    def __init__(
        self, start: Floats, pairs: Floats, end: Floats, allowed: LegalTransitions
    ) -> None:
        scores = list(zip((start, pairs, end), allowed, strict=True))
        # No gradient here, so minus infinity: a long text of learned scores can sum to less than
        # FORBIDDEN.
        self._start, self._pairs, self._end = (
            np.where(mask, each, each.dtype.type(-np.inf)) for each, mask in scores
        )
        self._finite = [np.where(mask, each, FORBIDDEN).astype(np.float64) for each, mask in scores]

    def best(self, logits: Floats, lengths: Array, count: int = 1) -> tuple[Integers, Floats]:
        """The `count` most probable sequences of each text, the best first.

        Args:
            logits: (N, K) the score of each tag of each token.
            lengths: (B,) tokens of each text, at least 1.
            count: C.

        Returns:
            tags (C, N) and log p (C, B), minus infinity beyond the allowed sequences of a text.
        """
        # Normalising each token changes no probability, and keeps the sums of long texts small and
        # exact.
        logits = log_softmax(logits)
        tags, scores = self.ranked(logits, lengths, count)
        return tags, scores - self.log_partition(logits, lengths)

    def ranked(self, logits: Floats, lengths: Array, count: int = 1) -> tuple[Integers, Floats]:
        """As `best`, but with unnormalised scores."""
        if count == 1:
            tags, scores = self._best_path(logits, Packing.of(lengths))
            return tags[None], scores[None]
        together = max(1, _CANDIDATES // (self._pairs.size * count))
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        found = []
        for first in range(0, len(lengths), together):
            rows = lengths[first : first + together]
            tokens = logits[bounds[first] : bounds[first + len(rows)]]
            found.append(self._best_paths(tokens, Packing.of(rows), count))
        paths, totals = zip(*found, strict=True)
        return np.concatenate(paths, axis=1), np.concatenate(totals, axis=1)

    def log_partition(self, logits: Floats, lengths: Array) -> Floats:
        """The log of the sum over all sequences (B,)."""
        log_z: Floats = _PathSums(logits, lengths, self._finite).log_partition.astype(logits.dtype)
        return log_z

    def marginals(self, logits: Floats, lengths: Array) -> npt.NDArray[np.float64]:
        """The probability of each tag of each token (N, K), by the forward-backward algorithm."""
        return _PathSums(logits, lengths, self._finite).marginals()

    def _best_path(self, logits: Floats, packing: Packing) -> tuple[Integers, Floats]:
        """The best sequence of each text: tags (N,), score (B,)."""
        emissions = _by_time(logits, packing)
        reached = [self._start + emissions[0]]  # the score of the best prefix that ends in each tag
        total = reached[0].copy()
        for own in emissions[1:]:
            reached.append(_max_plus(reached[-1][: len(own)], self._pairs) + own)
            total[: len(own)] = reached[-1]
        total += self._end
        last = total.argmax(axis=1)
        tag, path = last.copy(), [last[: len(reached[-1])]]
        into = np.ascontiguousarray(self._pairs.T)
        for before, after in zip(reached[-2::-1], reached[:0:-1], strict=True):
            rows = len(after)
            tag[:rows] = (before[:rows] + into[tag[:rows]]).argmax(axis=1)
            path.append(tag[: len(before)].copy())
        tags, scores = np.empty(len(logits), dtype=np.int64), np.empty_like(total[:, 0])
        tags[packing.positions] = np.concatenate(path[::-1])
        scores[packing.order] = total[np.arange(len(total)), last]
        return tags, scores

    def _best_paths(self, logits: Floats, packing: Packing, count: int) -> tuple[Integers, Floats]:
        """The C best sequences of each text: tags (C, N), scores (C, B). Keeps the C best prefixes
        for every tag."""
        emissions, kinds = _by_time(logits, packing), len(self._start)
        first = self._start + emissions[0]
        reached = np.full((*first.shape, count), -np.inf, dtype=first.dtype)  # (B, K, C)
        reached[:, :, 0] = first
        into, sources = self._pairs.T, []
        for own in emissions[1:]:
            rows = len(own)
            # For each tag, the best of all ranks of the previous tags. A tag is among them only if
            # its own best is, so those of the C best tags suffice.
            tags = _top(reached[:rows, None, :, 0] + into, min(count, kinds))  # (B, to, from)
            of_tags = reached[np.arange(rows)[:, None, None], tags]  # (B, to, from, C)
            of_tags += np.take_along_axis(into[None], tags, axis=2)[..., None]
            candidates = of_tags.reshape(rows, kinds, -1)
            chosen = _top(candidates, count)
            best = np.take_along_axis(candidates, chosen, axis=2)
            source = np.take_along_axis(tags, chosen // count, axis=2) * count + chosen % count
            reached[:rows] = best + own[..., None]
            sources.append(source.reshape(rows, -1))
        ends = (reached + self._end[:, None]).reshape(len(reached), -1)
        index = _top(ends, count)  # (B, C)
        totals = np.take_along_axis(ends, index, axis=1)
        path = [index[: len(emissions[-1])] // count]
        for before, source in zip(emissions[-2::-1], reversed(sources), strict=True):
            index[: len(source)] = np.take_along_axis(source, index[: len(source)], axis=1)
            path.append(index[: len(before)] // count)
        tags = np.empty((len(logits), count), dtype=np.int64)
        tags[packing.positions] = np.concatenate(path[::-1])
        scores = np.empty_like(totals)
        scores[packing.order] = totals
        return tags.T, scores.T


class _PathSums:
    """The sums over the sequences up to each tag of each token and from there on, in float64.

    Attributes:
        log_partition: (B,).
    """

    def __init__(
        self, logits: Floats, lengths: Array, scores: list[npt.NDArray[np.float64]]
    ) -> None:
        first, pairs, last = scores
        packing = self._packing = Packing.of(lengths)
        logits = logits.astype(np.float64)
        highest = logits.max(axis=1, keepdims=True)
        self._emissions = _by_time(np.exp(logits - highest), packing)
        self._pairs = np.exp(pairs - pairs.max())
        self._last = np.exp(last - last.max())
        # Up to each tag, scaled so that the sums of a token add up to 1.
        self._forward: list[npt.NDArray[np.float64]] = []
        self._scales: list[npt.NDArray[np.float64]] = []
        reached = np.exp(first - first.max()) * self._emissions[0]
        final, logs = np.empty_like(reached), np.zeros(len(reached))
        for t, own in enumerate(self._emissions):
            if t:
                reached = (self._forward[-1][: len(own)] @ self._pairs) * own
            scale = np.maximum(reached.sum(axis=1, keepdims=True), TINY)
            self._forward.append(reached / scale)
            self._scales.append(scale)
            final[: len(own)] = self._forward[-1]
        for scale, high in zip(self._scales, _by_time(highest, packing), strict=True):
            logs[: len(scale)] += (np.log(scale) + high)[:, 0]
        self._ends = np.maximum(final @ self._last, TINY)
        logs += first.max() + last.max() + np.log(self._ends)
        self.log_partition = (lengths - 1) * pairs.max()
        self.log_partition[packing.order] += logs

    def marginals(self) -> npt.NDArray[np.float64]:
        """The probability of each tag of each token (N, K)."""
        backward = self._last / self._ends[:, None]  # from each tag on, of the texts so far
        found = []
        for forward, own, scale in zip(
            self._forward[::-1], self._emissions[::-1], self._scales[::-1], strict=True
        ):
            rows = len(own)
            found.append(np.maximum(forward * backward[:rows], TINY))
            backward[:rows] = (own * backward[:rows] / scale) @ self._pairs.T
        joined = np.concatenate(found[::-1])
        probabilities = np.empty_like(joined)
        probabilities[self._packing.positions] = joined
        return probabilities


def _by_time(x: Array, packing: Packing) -> list[Array]:
    """Vectors (N, K) -> those of each time, (B, K) of the texts that have a token then."""
    return np.split(x[packing.positions], np.cumsum(packing.rows_at)[:-1])


def _max_plus(x: Floats, pairs: Floats) -> Floats:
    """x (B, K) and pairs (K, K) -> the maximum over j of x[:, j] + pairs[j] (B, K)."""
    if len(x) * pairs.size <= CACHED:
        highest: Floats = (x[:, :, None] + pairs).max(axis=1)
        return highest
    # Tag by tag the sums stay in the cache.
    highest, sums = x[:, :1] + pairs[0], np.empty_like(x)
    for tag, scores in enumerate(pairs[1:], start=1):
        np.add(x[:, tag : tag + 1], scores, out=sums)
        np.maximum(highest, sums, out=highest)
    return highest


def _top(values: Floats, count: int) -> Integers:
    """The indices of the `count` largest values along the last axis, the largest first."""
    chosen = np.argpartition(values, -count, axis=-1)[..., -count:]
    order = np.argsort(-np.take_along_axis(values, chosen, axis=-1), axis=-1, kind="stable")
    return np.take_along_axis(chosen, order, axis=-1)
