"""How a forecaster learns: what is held out, and how wide its intervals become."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elman.tasks.forecasting.config import ForecasterSettings, forecasting_of
from elman.tasks.forecasting.inputs import read_series
from elman.tasks.forecasting.trainer import (
    MAX_ORIGINS,
    ForecasterTrainer,
    fit_widths,
    scale_intervals,
    scale_intervals_by_halves,
    spread_origins,
)


def training(length, **changes):
    settings = ForecasterSettings(**changes)
    series = read_series(np.random.default_rng(0).normal(size=(length, 2)))
    return ForecasterTrainer(settings, series, forecasting_of(settings, series))


@given(st.integers(100, 400), st.integers(1, 12), st.integers(1, 12))
def test_no_value_of_the_end_is_learned_from_before_it_is_measured_by(length, season, horizon):
    ours = training(length, season=season, horizon=horizon)
    assert ours.before[:, 0].min() == ours.all[:, 0].min() == ours.config.context_length
    assert ours.before[:, 0].max() + horizon == ours.end
    assert ours.held_out[:, 0].min() == ours.end
    assert ours.held_out[:, 0].max() + horizon == ours.all[:, 0].max() + horizon == length
    assert len(ours.before) >= 8


@given(st.integers(10, 500), st.integers(0, 400), st.integers(1, 30), st.integers(1, 3))
def test_origins_are_spread_over_what_there_is(length, first, horizon, series):
    origins = spread_origins(first, length, horizon, series)
    room = length - horizon - first + 1
    if room < 1:
        assert len(origins) == 0
        return
    assert len(origins) == series * min(room, MAX_ORIGINS)
    for each in range(series):
        steps = origins[origins[:, 1] == each, 0]
        assert (steps[0], steps[-1]) == (first, first + (room - 1 if len(steps) > 1 else 0))
        assert np.ptp(np.diff(steps)) <= 1 if len(steps) > 2 else True


def fan(rows=10, horizon=4):
    """Quantiles around nothing, and values around it that are much wider."""
    quantiles = np.broadcast_to([-2.0, -1.0, 0.0, 1.0, 2.0], (rows, horizon, 5))
    came = 5 * np.random.default_rng(0).normal(size=(rows, horizon))
    return quantiles, came, np.stack([np.arange(rows), np.zeros(rows, int)], 1)


def test_too_narrow_intervals_are_stretched_until_they_hold():
    quantiles, came, origins = fan(200)
    found = scale_intervals(quantiles, fit_widths(quantiles, came, origins))
    for place, level in ((1, 0.8), (0, 0.95)):
        held = (found[..., place] <= came) & (came <= found[..., 4 - place])
        assert level <= held.mean() <= level + 0.03


@given(arrays(np.float64, (3, 5), elements=st.floats(-9, 9)), st.floats(0, 9), st.floats(0, 9))
def test_stretched_quantiles_ascend_and_keep_the_median(values, inner, outer):
    quantiles = np.sort(values, axis=1)
    found = scale_intervals(quantiles, (inner, max(inner, outer)))
    assert (np.diff(found, axis=1) >= 0).all()
    np.testing.assert_array_equal(found[:, 2], quantiles[:, 2])


def test_few_values_do_not_say_where_the_rare_ones_end():
    quantiles, came, origins = fan(3)
    _, outer = fit_widths(quantiles, came, origins)
    assert outer == pytest.approx(np.abs(came).max() / 2)


def test_no_half_is_as_wide_as_it_says_itself():
    quantiles, came, origins = fan()
    before = scale_intervals_by_halves(quantiles, came, origins)
    came = came.copy()
    came[5:] *= 3
    after = scale_intervals_by_halves(quantiles, came, origins)
    np.testing.assert_array_equal(after[5:], before[5:])
    assert (np.ptp(after[:5], axis=2) > np.ptp(before[:5], axis=2)).all()
