"""Seasons and swings, found in series that were made with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.tasks.forecasting.seasonality import autocorrelation, grows_with_level, season_of
from elman.text.dates import DateStep


def waves(length, season, noise=0.2, seed=0):
    draw = np.random.default_rng(seed)
    shape = draw.normal(size=season)
    values = shape[np.arange(length) % season] + noise * draw.normal(size=length)
    return values[:, None]


@settings(deadline=None)
@given(st.integers(3, 40), st.integers(0, 100), st.floats(-1, 1))
def test_the_season_is_found_whatever_the_trend(season, seed, slope):
    values = waves(10 * season + 7, season, noise=0.05, seed=seed)
    if np.ptp(values) < 0.5:
        return
    result = season_of(values + slope * np.arange(len(values))[:, None], None)
    # Of a shape that is nearly alike in two halves the half is as good.
    assert season % result == 0
    assert result > 1


def test_noise_and_drift_have_none():
    draw = np.random.default_rng(0)
    noise = draw.normal(size=(500, 1))
    assert season_of(noise, None) == 1
    assert season_of(noise.cumsum(0), None) == 1


@pytest.mark.parametrize(
    ("name", "length", "season"),
    [("monthly", 60, 12), ("quarterly", 60, 4), ("yearly", 60, 1), ("monthly", 47, 1)],
)
def test_dates_say_which(name, length, season):
    assert season_of(waves(length, 7), DateStep(name, 1, 0)) == season


@pytest.mark.parametrize(("season", "step"), [(7, "daily"), (365, "daily"), (48, "half-hourly")])
def test_of_two_the_one_that_is_there(season, step):
    values = waves(1500, season, noise=0.2)
    if season == 365:
        values = 3 * np.sin(2 * np.pi * np.arange(1500) / 365)[:, None] + values
    assert season_of(values, DateStep(step, 0, 1)) == season


@given(st.integers(5, 60), st.integers(0, 100))
def test_autocorrelation_as_it_is_defined(length, seed):
    values = np.random.default_rng(seed).normal(size=(length, 2))
    result = autocorrelation(values, length - 1)
    centred = values - values.mean(0)
    for lag in range(length):
        products = (centred[lag:] * centred[: length - lag]).mean(0) / values.var(0)
        assert result[lag] == pytest.approx(products.mean(), abs=1e-9)


def test_what_stands_still_has_no_season():
    assert season_of(np.ones((50, 1)), None) == 1


def test_swings_that_grow_with_the_level():
    growth, shape = 1.02 ** np.arange(96)[:, None], 1.5 + np.sin(np.arange(96)[:, None] * np.pi / 6)
    assert grows_with_level(growth * shape, 12)
    assert not grows_with_level(10 * growth + shape, 12)  # the level grows, the swing does not
    assert not grows_with_level(shape, 12)  # neither does
    assert not grows_with_level(growth * shape - 2, 12)  # no logarithm below 0
    assert not grows_with_level(growth * shape, 1)
