"""The bootstrap against plain loops, and on differences with a known mean."""

import numpy as np
import pytest

from elman.errors import SettingError
from elman.metrics.intervals import bootstrap_difference, bootstrap_rows


def dependent(generator, length, rho):
    """AR(1) noise of mean 0 and coefficient rho."""
    values = np.empty(length)
    values[0] = generator.normal() / np.sqrt(1 - rho**2)
    for t, noise in enumerate(generator.normal(size=length - 1), start=1):
        values[t] = rho * values[t - 1] + noise
    return values


def covered(block, rho, trials=150, length=1000):
    generator = np.random.default_rng(7)
    hits = 0
    for trial in range(trials):
        a = 0.3 + dependent(generator, length, rho)
        interval = bootstrap_difference(a, np.zeros(length), block=block, samples=300, seed=trial)
        hits += interval.low <= 0.3 <= interval.high
    return hits / trials


def test_interval_has_its_nominal_coverage():
    assert 0.89 <= covered(block=1, rho=0) <= 0.99
    assert 0.87 <= covered(block=40, rho=0.7) <= 0.99


def test_dependent_values_need_blocks():
    assert covered(block=1, rho=0.7) < 0.75


@pytest.mark.parametrize(("length", "block"), [(10, 1), (10, 3), (10, 10), (1, 1), (23, 7)])
def test_equals_a_plain_loop(length, block):
    generator = np.random.default_rng(1)
    a, b = generator.normal(size=(2, length))
    interval = bootstrap_difference(a, b, block=block, samples=50, seed=5, level=0.8)
    generator = np.random.default_rng(5)
    means = []
    for _ in range(50):
        drawn = []
        for start in generator.integers(0, length, size=length // block + 1):
            drawn += [a[(start + i) % length] - b[(start + i) % length] for i in range(block)]
        means.append(np.mean(drawn[:length]))
    assert interval.low == pytest.approx(np.quantile(means, 0.1))
    assert interval.high == pytest.approx(np.quantile(means, 0.9))
    assert interval.mean == pytest.approx(a.mean() - b.mean())


def test_samples_are_paired():
    shared = np.random.default_rng(0).normal(scale=100, size=500)
    interval = bootstrap_difference(shared + 1, shared, block=10)
    assert interval == pytest.approx((1, 1, 1))


def test_booleans_and_integers_are_accepted():
    a, b = np.array([True, True, False, True]), np.array([False, True, False, False])
    assert bootstrap_difference(a, b, block=1).mean == 0.5
    unsigned = bootstrap_difference(np.zeros(3, np.uint8), np.ones(3, np.uint8), block=1)
    assert unsigned == (-1, -1, -1)


def test_interval_is_determined_by_the_seed():
    a, b = np.random.default_rng(0).normal(size=(2, 100))
    first = bootstrap_difference(a, b, block=5, seed=1)
    assert first == bootstrap_difference(a, b, block=5, seed=1)
    assert first != bootstrap_difference(a, b, block=5, seed=2)


@pytest.mark.parametrize(
    "setting", [{"block": 0}, {"block": 5}, {"samples": 0}, {"level": 0.0}, {"level": 1.0}]
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(SettingError):
        bootstrap_difference(np.ones(4), np.ones(4), **{"block": 1, **setting})


@pytest.mark.parametrize("other", [np.ones(3), np.ones((4, 1))])
def test_different_lengths_are_refused(other):
    with pytest.raises(ValueError, match="equal lengths"):
        bootstrap_difference(np.ones(4), other, block=1)


def difference_of_columns(kinds, drawn):
    return drawn @ (kinds[:, 0] - kinds[:, 1]) / drawn.sum(axis=1)


def test_spread_over_resampled_rows_is_the_standard_error():
    """The deviation of a mean is that of a row over sqrt(N)."""
    rows = np.random.default_rng(0).integers(0, 3, size=(400, 2))
    result = bootstrap_rows(rows, difference_of_columns, samples=20_000, level=0.6827)
    differences = rows[:, 0] - rows[:, 1]
    assert result.mean == pytest.approx(differences.mean())
    assert (result.high - result.low) / 2 == pytest.approx(differences.std() / 20, rel=0.05)


def test_every_sample_has_n_rows(monkeypatch):
    monkeypatch.setattr("elman.metrics.intervals.MAX_DRAWN", 12)  # two draws of six kinds
    rows = np.array([[0], [1], [2], [3], [4], [5], [5]])
    sizes = []

    def checked_sum(kinds, drawn):
        assert kinds.ravel().tolist() == [0, 1, 2, 3, 4, 5]
        sizes.append(len(drawn))
        assert (drawn.sum(axis=1) == 7).all()
        return drawn @ kinds[:, 0]

    assert bootstrap_rows(rows, checked_sum, samples=5).mean == 20
    assert sizes == [2, 2, 1, 1]  # the last is the text itself


def test_malformed_rows_are_refused():
    with pytest.raises(ValueError, match="at least one row"):
        bootstrap_rows(np.zeros((0, 2), int), difference_of_columns)
    with pytest.raises(SettingError):
        bootstrap_rows(np.ones((2, 2), int), difference_of_columns, samples=0)
    with pytest.raises(SettingError):
        bootstrap_rows(np.ones((2, 2), int), difference_of_columns, level=1.0)
