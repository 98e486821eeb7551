"""How a forecaster learns: what is held out, and how wide its intervals become."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elman.errors import EmptyTextError
from elman.tasks.estimator import Run
from elman.tasks.forecasting.config import ForecasterSettings, forecasting_of
from elman.tasks.forecasting.counts import plan_of, shares_of
from elman.tasks.forecasting.inputs import read_series
from elman.tasks.forecasting.trainer import (
    ForecasterTrainer,
    fit_widths,
    scale_intervals_by_halves,
)
from elman.tasks.forecasting.windows import MAX_ORIGINS, scale_intervals, spread_origins


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
    origins = spread_origins([first] * series, length, horizon)
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


def fitted(values, **changes):
    """A trainer after a short training."""
    settings = ForecasterSettings(**{"steps": 3, "hidden_size": 4, "horizon": 6, **changes})
    series = read_series(values)
    trained = ForecasterTrainer(settings, series, forecasting_of(settings, series))
    run = Run({}, None, 20.0, lambda: False, None)
    for _ in trained.events(run):
        pass
    return trained


def half_hours(days=40):
    """A day of 48 steps, a week of 336, and noise."""
    steps = np.arange(48 * days)
    work = np.where(steps // 48 % 7 < 5, 3.0, 0.0)
    draw = np.random.default_rng(0).normal(size=len(steps))
    return 20 + 5 * np.sin(2 * np.pi * steps / 48) + work + 0.3 * draw


def test_the_counts_without_the_end_choose_the_shares():
    values = np.random.default_rng(0).normal(size=(150, 2)).cumsum(0)
    trained = fitted(values)
    shares = trained.measured["shares"]
    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) == {"network", "exponential smoothing", "autoregression"}
    assert trained.network.counts.share == pytest.approx(1 - shares["network"])
    # Other values at the end choose other shares, of the same matrices before it.
    other = values.copy()
    other[trained.end :] = values[trained.end - 1]
    assert fitted(other).measured["shares"] != shares
    before = [each._fit_counts(trained.end) for each in (trained, fitted(other))]
    for name, matrix in before[0].items():
        np.testing.assert_array_equal(matrix, before[1][name])


def test_a_part_that_is_clearly_worse_says_nothing():
    actual = np.zeros((30, 4))
    medians = {"network": actual + 0.1, "exponential smoothing": actual + 5}
    shares = shares_of(medians, actual, np.ones(30), horizons=8)
    assert shares["network"] > 0.999
    fewer = shares_of(medians | {"autoregression": actual + 0.15}, actual, np.ones(30), horizons=1)
    assert fewer["autoregression"] > 0.2


def test_the_network_is_that_without_counts():
    values = np.random.default_rng(0).normal(size=120).cumsum()
    both, alone = fitted(values), fitted(values, counts="off")
    assert alone.network.counts is None
    assert alone.measured["shares"] is None
    for one, other in zip(both.network.members, alone.network.members, strict=True):
        for weight, same in zip(one.parameters(), other.parameters(), strict=True):
            np.testing.assert_array_equal(weight.detach(), same.detach())


def test_a_day_and_a_week_are_found_together():
    series = read_series(half_hours())
    settings = ForecasterSettings()
    config = forecasting_of(settings, series)
    assert config.season in (48, 336)
    found = plan_of(settings, series, config, 48 * 36)
    assert found.seasons == (48, 336)
    assert found.window % 336 == 0
    # A day alone, where no two weeks can be looked back on, or where it was typed.
    short = read_series(half_hours(18))
    config = forecasting_of(ForecasterSettings(season=48), short)
    assert plan_of(settings, short, config, 48 * 15).seasons == (48,)
    typed = ForecasterSettings(season=48)
    assert plan_of(typed, series, forecasting_of(typed, series), 48 * 36).seasons == (48,)
    typed = ForecasterSettings(season="48,336")
    config = forecasting_of(typed, series)
    assert config.season == 48
    assert plan_of(typed, series, config, 48 * 36).seasons == (48, 336)
    with pytest.raises(EmptyTextError, match="too few for a season of 336"):
        plan_of(typed, short, forecasting_of(typed, short), 48 * 15)


def test_too_few_values_for_a_window_have_the_network_alone():
    assert fitted(np.arange(52.0) % 5, season=16, horizon=4).network.counts is None
