"""Nearest neighbours: the training vectors in int8, and how probable their neighbours make a label.

    p(label | x) = sum over the K nearest of softmax(-d^2 / bandwidth), those of this label

The distance d is Euclidean, of the numbers as they are or of standardised ones. That choice, K and
the bandwidth are the likeliest when each training vector is left out once. So is the trust in the
neighbours, a logistic function of the distance of the nearest: the probability that one of them has
the right label at all.

Source: E. Nadaraya, 'On Estimating Regression' (1964), for the kernel; T. Cover, P. Hart, 'Nearest
Neighbor Pattern Classification' (1967).

Shapes: M stored vectors of D numbers, N queries, L labels, K neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
    Integers = NDArray[np.integer[Any]]

MAX_ROWS = 50_000
"""The most vectors: each is compared with every query."""

NEIGHBOURS = (1, 2, 4, 8, 16)
BANDWIDTHS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""To try, relative to `unit`."""

MAX_STEP = 127  # of int8
CLIP = 8.0  # standard deviations: a rare huge number would leave the others no steps
FARTHEST = 1e6  # steps; a query beyond is at this distance
MOST_TRUST = 20.0  # of the figures of the trust
SMALL = 0.01
"""Added to a squared distance, in `unit`, before its logarithm."""

_QUERIES = 1_000  # training vectors to leave out
_TOGETHER = 2**22  # distances at once
_UNSEEN = 0.02  # probability for labels that no neighbour has, while K and bandwidth are chosen


class Neighbours(NamedTuple):
    """The neighbours of N queries, the nearest first.

    Attributes:
        labels: (N, K) of each.
        shares: (N, K) how much each counts; those of a query sum to 1.
        trust: (N,) the probability that a neighbour has the right label, by the distance of the
            nearest.
    """

    labels: Integers
    shares: Floats
    trust: Floats

    def probability(self, labels: Integers) -> Floats:
        """The probability (N,) of a label (N,) for each query."""
        found: Floats = (self.shares * (self.labels == labels[:, None])).sum(1)
        return found


@dataclass(frozen=True, eq=False)
class NearestVectors:
    """Stored vectors and their labels.

    A number x is stored as the step q = (x - center) / step; d^2 = sum of weight (z - q)^2, where
    z is the same of the query, not rounded.

    Attributes:
        rows: (M, D) int8, the steps.
        labels: (M,) int32, from 0.
        center, step, weight: (D,) float32.
        neighbours: K.
        bandwidth: of the softmax, above 0.
        unit: the usual d^2 of a training vector to the nearest other one, above 0.
        trust: a and b of the log-odds a - b log(d^2 / unit + 0.01) of the trust.
    """

    rows: NDArray[np.int8]
    labels: NDArray[np.int32]
    center: NDArray[np.float32]
    step: NDArray[np.float32]
    weight: NDArray[np.float32]
    neighbours: int
    bandwidth: float
    unit: float
    trust: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def fit(cls, vectors: Floats, labels: Integers, seed: int) -> NearestVectors:
        """Store vectors, and choose distance, K and bandwidth.

        Args:
            vectors: (M, D) finite numbers; M at least 2.
            labels: (M,) from 0.
            seed: of the vectors to leave out, where there are many.
        """
        deviation = vectors.std(0, dtype=np.float64)
        center = vectors.mean(0, dtype=np.float64)
        apart = np.minimum(np.abs(vectors - center).max(0), CLIP * deviation)
        varies = apart > np.finfo(np.float32).tiny * MAX_STEP
        step = np.where(varies, apart / MAX_STEP, 1)
        scaled = np.clip((vectors - center) / step, -MAX_STEP, MAX_STEP)
        rows = np.where(varies, scaled, 0).round().astype(np.int8)
        spread = np.where(varies, deviation, 1)
        queries = np.random.default_rng(seed).permutation(len(rows))[:_QUERIES]
        count = int(labels.max()) + 1
        tried = []
        for of_units in (step / np.sqrt(np.mean(spread**2)), step / spread):
            weight = np.where(varies, of_units**2, 0)
            model = cls(
                rows,
                labels.astype(np.int32),
                center.astype(np.float32),
                step.astype(np.float32),
                weight.astype(np.float32),
                NEIGHBOURS[-1],
                1.0,
                1.0,
            )
            tried.append(model._chosen(queries, count))
        return max(tried, key=lambda pair: pair[0])[1]

    def _chosen(self, queries: Integers, count: int) -> tuple[float, NearestVectors]:
        """The same with the likeliest K and bandwidth, and the log-likelihood of a label.

        Args:
            queries: indices of the vectors to leave out.
            count: L.
        """
        found, squared = self._nearest(self.rows[queries], without=queries)
        unit = float(np.median(squared[:, 0]))
        if not unit:  # most vectors occur twice
            unit = float(squared.max()) or 1.0
        right = self.labels[found] == self.labels[queries, None]

        def likelihood(neighbours: int, bandwidth: float) -> float:
            shares = _shares(squared[:, :neighbours], bandwidth)
            p = (shares * right[:, :neighbours]).sum(1)
            return float(np.log((1 - _UNSEEN) * p + _UNSEEN / count).mean())

        tried = (
            (likelihood(neighbours, unit * bandwidth), neighbours, unit * bandwidth)
            for neighbours in NEIGHBOURS
            for bandwidth in BANDWIDTHS
        )
        best, neighbours, bandwidth = max(tried, key=lambda each: each[0])
        chosen = min(neighbours, len(self.rows))
        trust = _fitted_trust(_distance(squared, unit), right[:, :chosen].any(1))
        return best, replace(self, neighbours=chosen, bandwidth=bandwidth, unit=unit, trust=trust)

    def of(self, vectors: Floats) -> Neighbours:
        """The neighbours of vectors (N, D) of finite numbers."""
        scaled = (vectors.astype(np.float64) - self.center) / self.step
        found, squared = self._nearest(np.clip(scaled, -FARTHEST, FARTHEST))
        intercept, slope = self.trust
        trust = 1 / (1 + np.exp(slope * _distance(squared, self.unit) - intercept))
        return Neighbours(self.labels[found], _shares(squared, self.bandwidth), trust)

    @cached_property
    def _weighted(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The vectors (M, D) as the distance weighs their numbers, and their squared norms (M,)."""
        stored = self.rows.astype(np.float32) * np.sqrt(self.weight)
        return stored, np.einsum("md,md->m", stored, stored)

    def _nearest(
        self, queries: Floats | Integers, without: Integers | None = None
    ) -> tuple[Integers, Floats]:
        """The indices (N, K) of the nearest, nearest first, and their squared distances.

        Args:
            queries: (N, D) in steps.
            without: (N,) the index of a vector to leave out for each query.
        """
        stored, norms = self._weighted
        count = min(self.neighbours, len(self.rows) - (without is not None))
        found = np.empty((len(queries), count), dtype=np.int64)
        squared = np.empty((len(queries), count))
        for part in _slices(len(queries), max(1, _TOGETHER // len(self.rows))):
            scaled = queries[part].astype(np.float64)
            # The order of |q|^2 - 2 z q is that of the distances.
            products = (scaled * np.sqrt(self.weight)).astype(np.float32) @ stored.T
            order = norms - 2 * products
            if without is not None:
                order[np.arange(len(scaled)), without[part]] = np.inf
            near = np.argpartition(order, count - 1, axis=1)[:, :count]
            apart = scaled[:, None] - self.rows[near]
            exact = np.einsum("nkd,d->nk", apart**2, self.weight.astype(np.float64))
            ranked = np.lexsort((near, exact), axis=1)
            found[part] = np.take_along_axis(near, ranked, 1)
            squared[part] = np.take_along_axis(exact, ranked, 1)
        return found, squared


def kept_rows(labels: Integers, width: int, sizes: Integers, max_bytes: int, seed: int) -> Integers:
    """The indices of the vectors to store, in order: all, or as many drawn ones as there is room.

    Args:
        labels: (M,) from 0.
        width: D.
        sizes: (L,) bytes that each label takes, once.
        max_bytes: of vectors and labels together.
        seed: of the draw.
    """
    drawn = np.random.default_rng(seed).permutation(len(labels))
    first = np.zeros(len(labels), dtype=bool)
    first[np.unique(labels[drawn], return_index=True)[1]] = True
    bytes_of = width + 4 + np.where(first, sizes[labels[drawn]], 0)
    count = int(np.searchsorted(np.cumsum(bytes_of), max_bytes, side="right"))
    return np.sort(drawn[: min(count, MAX_ROWS)])


def _shares(squared: Floats, bandwidth: float) -> Floats:
    """softmax(-d^2 / bandwidth) of squared distances (N, K), the smallest first."""
    weights = np.exp((squared[:, :1] - squared) / bandwidth)
    shares: Floats = weights / weights.sum(1, keepdims=True)
    return shares


def _distance(squared: Floats, unit: float) -> Floats:
    """(N,) log(d^2 / unit + 0.01) of the nearest, from squared distances (N, K)."""
    found: Floats = np.log(squared[:, 0] / unit + SMALL)
    return found


def _fitted_trust(distance: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """a and b at least 0 that maximise the likelihood of `right` (N,), whose log-odds are a - b
    distance, with a normal prior of deviation 3."""
    from scipy.optimize import minimize

    x = np.stack([np.ones_like(distance), -distance])

    def cost(weights: Floats) -> tuple[float, Floats]:
        z = weights @ x
        loss = np.logaddexp(0, np.where(right, -z, z)).sum()
        slope = x @ (np.exp(-np.logaddexp(0, -z)) - right)
        return float(loss + weights @ weights / 18), slope + weights / 9

    bounds = ((-MOST_TRUST, MOST_TRUST), (0.0, MOST_TRUST))
    intercept, slope = minimize(cost, (0.0, 0.0), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(intercept), float(slope)


def _slices(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))
