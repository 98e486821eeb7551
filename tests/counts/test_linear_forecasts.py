"""Linear forecasts: equal to the textbook's recurrences, and good where they must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.counts.forecasts import (
    AUTOREGRESSION,
    MOST_CELLS,
    SMOOTHING,
    Smoothing,
    fit_forecasts,
    smoothed,
    smoothing_loss,
    window_of,
)


def noise(length, seed=0, series=1):
    return np.random.default_rng(seed).normal(size=(length, series))


def wave(length, season, series=1, seed=0, size=0.1):
    steps = np.arange(length)[:, None]
    return np.sin(2 * np.pi * steps / season) + size * noise(length, seed, series)


def one(level, trend=0.0, slope=0.0, damping=1.0, season=0.0):
    return Smoothing(*(np.array([each]) for each in (level, trend, slope, damping, season)))


@given(st.floats(0, 1))
def test_simple_smoothing_is_the_weighted_mean_of_the_past(level):
    """R. Hyndman, G. Athanasopoulos, section 8.1: weights level (1 - level)^j."""
    x = noise(20)[:, 0]
    weights = level * (1 - level) ** np.arange(20)
    expected = weights @ x[::-1] + (1 - level) ** 20 * x[:4].mean()
    found = smoothed(x[:, None], one(level), (), 3)
    np.testing.assert_allclose(found[0, :, 0], expected, atol=1e-12)


def test_it_is_the_damped_method_of_holt_and_winters():
    """The component form of section 8.3, with the season's step over what the level leaves."""
    x = wave(40, 4)[:, 0] + 0.1 * np.arange(40)
    alpha, beta, phi, gamma = 0.3, 0.2, 0.9, 0.4 * 0.7
    slope = (x[4:] - x[:-4]).mean() / 4
    flat = x - slope * np.arange(40)
    seasons = list(flat.reshape(-1, 4).mean(0) - flat.mean())
    level, trend = flat.mean() - slope, slope
    for y in x:
        before, drift = level, phi * trend
        level = alpha * (y - seasons[-4]) + (1 - alpha) * (before + drift)
        trend = beta * (level - before) + (1 - beta) * drift
        seasons.append(gamma * (y - before - drift) + (1 - gamma) * seasons[-4])
    expected = [
        level + sum(phi**each for each in range(1, step + 1)) * trend + seasons[-4 + (step - 1) % 4]
        for step in range(1, 10)
    ]
    found = smoothed(x[:, None], one(alpha, beta, 1.0, phi, 0.4), (4,), 9)
    np.testing.assert_allclose(found[0, :, 0], expected, rtol=1e-12)


@pytest.mark.parametrize("seasons", [(1,), (4,), (12,), (4, 12), (30,)])
@pytest.mark.parametrize("series", [1, 3])
def test_forecasts_follow_a_shift_and_a_scale(seasons, series):
    values = wave(160, max(seasons), series)
    window = window_of(160, seasons, 6)
    matrices = fit_forecasts(values, seasons, 6, window)
    assert matrices.keys() == {SMOOTHING, AUTOREGRESSION}
    moved = fit_forecasts(100 + 7 * values, seasons, 6, window)
    for name, matrix in matrices.items():
        assert matrix.shape == (6, window)
        np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-9)
        np.testing.assert_allclose(moved[name], matrix, atol=1e-5)


@pytest.mark.parametrize("name", [SMOOTHING, AUTOREGRESSION])
def test_a_season_goes_on(name):
    values = wave(300, 12, size=0.05)
    matrix = fit_forecasts(values[:288], (12,), 12, window_of(288, (12,), 12))[name]
    found = matrix @ values[288 - matrix.shape[1] : 288]
    assert np.abs(found - values[288:]).mean() < 0.08


def test_an_autoregression_finds_what_smoothing_cannot():
    """An AR(2) that swings about every nine steps (G. Yule's sunspots, 1927)."""
    values, shocks = np.zeros((800, 1)), noise(800)
    for step in range(2, 800):
        values[step] = 1.4 * values[step - 1] - 0.9 * values[step - 2] + shocks[step]
    matrices = fit_forecasts(values[:700], (1,), 3, 240)
    steps = np.arange(700, 797)
    windows = values[steps[:, None] + np.arange(-240, 0), 0]
    actual = values[steps[:, None] + np.arange(3), 0]
    off = {name: np.abs(windows @ each.T - actual).mean() for name, each in matrices.items()}
    best = np.sqrt(2 / np.pi) * (1 + np.hypot(1, 1.4) + np.sqrt(1 + 1.4**2 + 1.06**2)) / 3
    assert off[AUTOREGRESSION] < 1.15 * best
    assert off[SMOOTHING] > 1.5 * best


def test_two_seasons_are_better_than_one():
    steps = np.arange(400)[:, None]
    values = wave(400, 5) + 2 * np.sin(2 * np.pi * steps / 35)
    window = window_of(400, (5, 35), 10)
    both = smoothing_loss(values, (5, 35), 10, window)
    assert both < 0.8 * smoothing_loss(values, (5,), 10, window)


@given(st.integers(1, 3000), st.integers(1, 400), st.integers(1, 2000))
def test_windows_are_whole_seasons_and_bounded(length, season, horizon):
    window = window_of(length, (season,), horizon)
    assert window % season == 0
    assert window * horizon <= MOST_CELLS
    if window:
        assert window >= 2 * season
        assert length - window >= horizon


def test_values_that_stand_still():
    matrices = fit_forecasts(np.full((80, 1), 5.0), (4,), 4, 40)
    for matrix in matrices.values():
        np.testing.assert_allclose(matrix @ np.full(40, 5.0), 5.0, atol=1e-9)
