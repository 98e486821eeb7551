"""Nearest training vectors: neighbours, shares and choices against brute force and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from elman.counts.nearest_vectors import (
    BANDWIDTHS,
    MAX_ROWS,
    MAX_STEP,
    NEIGHBOURS,
    NearestVectors,
    kept_rows,
)

DRAW = np.random.default_rng(0)


def clusters(count, *, width=6, labels=4, noise=0.8, units=1.0):
    kinds = DRAW.integers(0, labels, count)
    centers = np.random.default_rng(9).normal(size=(labels, width))
    vectors = centers[kinds] + noise * DRAW.normal(size=(count, width))
    return (units * vectors + 3).astype(np.float32), kinds


VECTORS, LABELS = clusters(300)
MODEL = NearestVectors.fit(VECTORS, LABELS, seed=0)
QUERIES, GOLD = clusters(50)


def stored(model):
    """The vectors as they are stored, in their own units."""
    return model.center + model.step * model.rows.astype(float)


def weighted(model, vectors):
    return (vectors - model.center) / model.step * np.sqrt(model.weight.astype(float))


def test_the_neighbours_are_scikit_learns():
    index = NearestNeighbors(n_neighbors=MODEL.neighbours, algorithm="brute")
    index.fit(weighted(MODEL, stored(MODEL)))
    distances, nearest = index.kneighbors(weighted(MODEL, QUERIES.astype(float)))
    found = MODEL.of(QUERIES)
    assert found.labels.tolist() == LABELS[nearest].tolist()
    shares = np.exp(-(distances**2) / MODEL.bandwidth)
    np.testing.assert_allclose(found.shares, shares / shares.sum(1, keepdims=True), rtol=1e-5)
    log_odds = MODEL.trust[0] - MODEL.trust[1] * np.log(distances[:, 0] ** 2 / MODEL.unit + 0.01)
    np.testing.assert_allclose(found.trust, 1 / (1 + np.exp(-log_odds)), rtol=1e-5)


def test_a_probability_is_the_sum_of_shares():
    found = MODEL.of(QUERIES)
    every = np.stack([found.probability(np.full(len(QUERIES), label)) for label in range(4)])
    np.testing.assert_allclose(every.sum(0), 1)
    assert (every.argmax(0) == GOLD).mean() > 0.7


def test_trust_falls_where_neighbours_are_no_help():
    """A third of the vectors are alone with their label, and far from all others."""
    alone, asked = (20 + 5 * DRAW.normal(size=(2, 150, 6))).astype(np.float32)
    vectors = np.concatenate([VECTORS, alone])
    model = NearestVectors.fit(vectors, np.concatenate([LABELS, np.arange(4, 154)]), seed=0)
    assert model.of(QUERIES).trust.mean() > 0.75
    assert model.of(asked).trust.mean() < 0.25
    assert MODEL.trust[1] >= 0


def test_steps_are_as_near_as_they_can_be():
    assert np.abs(stored(MODEL) - VECTORS).max() <= MODEL.step.max() / 2 + 1e-6
    assert np.abs(MODEL.rows.astype(int)).max() == MAX_STEP


def test_neighbours_and_bandwidth_are_the_likeliest_with_each_left_out():
    points = weighted(MODEL, stored(MODEL))
    squared = ((points[:, None] - points) ** 2).sum(2)
    np.fill_diagonal(squared, np.inf)
    order = squared.argsort(1)
    unit = np.median(squared.min(1))
    assert MODEL.unit == pytest.approx(unit, rel=1e-5)

    def likelihood(neighbours, bandwidth):
        near = order[:, :neighbours]
        weights = np.exp(-np.take_along_axis(squared, near, 1) / bandwidth)
        p = (weights * (LABELS[near] == LABELS[:, None])).sum(1) / weights.sum(1)
        return np.log(0.98 * p + 0.02 / 4).mean()

    every = {(k, b): likelihood(k, unit * b) for k in NEIGHBOURS for b in BANDWIDTHS}
    best = max(every.values())
    assert likelihood(MODEL.neighbours, MODEL.bandwidth) == pytest.approx(best, abs=1e-5)
    assert best > min(every.values()) + 0.05


def test_numbers_of_other_units_are_standardised_and_noise_of_one_unit_is_not():
    units = np.array([1, 1e3, 1e-3, 1, 50, 1])
    vectors, labels = clusters(300, units=units)
    mixed = NearestVectors.fit(vectors, labels, seed=0)
    deviations = vectors.std(0)
    np.testing.assert_allclose(mixed.weight, (mixed.step / deviations) ** 2, rtol=1e-3)
    quiet = np.hstack([VECTORS, 0.05 * DRAW.normal(size=(300, 30)).astype(np.float32)])
    equal = NearestVectors.fit(quiet, LABELS, seed=0)
    assert np.ptp(np.sqrt(equal.weight) / equal.step) < 1e-3 * np.sqrt(equal.weight.max())


def test_numbers_that_never_vary_or_are_huge_have_no_say():
    odd = np.hstack([VECTORS, np.full((300, 1), 7, np.float32), np.zeros((300, 1), np.float32)])
    odd[0, -1] = 1e30
    model = NearestVectors.fit(odd, LABELS, seed=0)
    assert np.isfinite(model.weight).all()
    asked = np.hstack([QUERIES, np.full((50, 1), -1e30), np.zeros((50, 1))]).astype(np.float32)
    assert model.weight[-2] == 0
    assert (model.of(asked).labels[:, 0] == MODEL.of(QUERIES).labels[:, 0]).mean() > 0.9
    far = model.of(np.full((1, 8), 3e38, np.float32))
    assert np.isfinite(far.trust).all()
    assert far.shares.sum() == pytest.approx(1)


def test_vectors_that_occur_twice():
    vectors = np.repeat(VECTORS[:40], 2, axis=0)
    model = NearestVectors.fit(vectors, np.repeat(np.arange(40), 2), seed=0)
    assert model.unit > 0
    assert (model.of(vectors[::2]).labels[:, 0] == np.arange(40)).all()
    same = NearestVectors.fit(np.ones((6, 2), np.float32), np.arange(6) % 2, seed=0)
    assert np.isfinite(same.of(np.ones((1, 2), np.float32)).shares).all()


@pytest.mark.parametrize("count", [2, 3])
def test_a_few_vectors(count):
    model = NearestVectors.fit(VECTORS[:count], np.zeros(count, dtype=int), seed=0)
    assert model.of(QUERIES).labels.shape == (50, model.neighbours)
    assert model.neighbours <= count


def test_what_is_stored_fits():
    labels = DRAW.integers(0, 50, 1_000)
    sizes = DRAW.integers(4, 90, 50)
    for room in (0, 100, 5_000, 10**6):
        kept = kept_rows(labels, 8, sizes, room, seed=3)
        assert len(kept) * 12 + sizes[np.unique(labels[kept])].sum() <= room
        assert (np.diff(kept) > 0).all()
    assert len(kept) == 1_000
    assert len(kept_rows(labels, 8, sizes, 5_000, seed=3)) > 100
    many = np.zeros(MAX_ROWS + 5, dtype=int)
    assert len(kept_rows(many, 1, sizes, 10**9, seed=0)) == MAX_ROWS
