"""Invariants of a forecast network, for any weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.nn.config import LEVELS
from elman.nn.forecaster import ForecastNetwork, pinball
from forecasters import SMALL, small_forecaster


def network(**changes):
    torch.manual_seed(0)
    made = ForecastNetwork(small_forecaster(**changes)).eval()
    with torch.no_grad():
        for member in made.members:
            member.out.weight.mul_(20)  # far from the initial weights
    return made


def history(rows=3, seed=0):
    return (
        torch.rand(
            rows, SMALL.context_length, generator=torch.Generator().manual_seed(seed)
        ).double()
        + 1
    )


def quantiles(made, values):
    with torch.inference_mode():
        return made(values)


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "elman"])
@pytest.mark.parametrize("logarithm", [False, True])
def test_quantiles_ascend(cell, logarithm):
    result = quantiles(network(cell=cell, logarithm=logarithm), history())
    assert result.shape == (3, SMALL.horizon, len(LEVELS))
    assert result.dtype == torch.float64
    assert (result.diff(dim=2) >= 0).all()


@settings(deadline=None)
@given(st.floats(1e-3, 1e6), st.floats(-1e6, 1e6))
def test_forecast_is_equivariant_to_scale_and_shift(scale, shift):
    made, values = network(), history()
    result = quantiles(made, scale * values + shift)
    expected = scale * quantiles(made, values) + shift
    # A level far above the differences costs them digits.
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-3 * scale + 1e-6 * abs(shift))


@settings(deadline=None)
@given(st.floats(1e-3, 1e3))
def test_forecast_of_logarithms_is_equivariant_to_scale(scale):
    made, values = network(logarithm=True), history()
    torch.testing.assert_close(
        quantiles(made, scale * values), scale * quantiles(made, values), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("season", [1, 2, 4])
@pytest.mark.parametrize("value", [0.0, 7.0, -1e9])
def test_forecast_of_constant_values_is_constant(season, value):
    values = torch.full((1, SMALL.context_length), value, dtype=torch.float64)
    result = quantiles(network(season=season), values)
    torch.testing.assert_close(result, torch.full_like(result, value), rtol=1e-4, atol=1e-30)


def test_rows_do_not_depend_on_the_batch():
    made, values = network(), history()
    batched = quantiles(made, values)
    for row in range(3):
        alone = quantiles(made, values[row : row + 1])
        torch.testing.assert_close(batched[row : row + 1], alone, rtol=1e-5, atol=1e-6)


def test_base_forecasts_by_hand():
    """Values 1 to 12 with a period of 4: each season is 4 above the previous one."""
    made = network()
    scaled = made.scaled(torch.arange(1.0, 13).double()[None])
    assert scaled.scale.item() == pytest.approx(4, rel=1e-2)
    assert scaled.naive[0].tolist() == [9, 10, 11, 12, 9, 10]
    forecasts = (scaled.naive[..., None] + scaled.scale * scaled.base.double())[0].T
    naive, mean_season, last, recent, trend, mean_season_trend, level = forecasts.tolist()
    assert naive == [9, 10, 11, 12, 9, 10]
    assert mean_season == pytest.approx([5, 6, 7, 8, 5, 6])
    assert last == pytest.approx([12] * 6)
    assert recent == pytest.approx([13, 14, 15, 16, 13, 14])
    assert trend == pytest.approx([13, 14, 15, 16, 17, 18])
    assert mean_season_trend == pytest.approx([13, 14, 15, 16, 17, 18])
    assert level == pytest.approx([9, 10, 11, 12, 9, 10])


def test_loss_is_the_mean_over_members_and_their_windows():
    made = network()
    windows, actual = torch.stack([history(), history(seed=1)]), torch.ones(2, 3, 6).double()
    both = made.loss(windows, actual)
    each = [
        ForecastNetwork.loss(_alone(made, number), windows[number][None], actual[number][None])
        for number in range(2)
    ]
    torch.testing.assert_close(both, torch.stack(each).mean())


def _alone(made, number):
    alone = ForecastNetwork(dataclasses.replace(SMALL, networks=1))
    alone.members[0].load_state_dict(made.members[number].state_dict())
    return alone.eval()


def test_pinball_loss_is_minimal_at_the_quantile():
    values = torch.from_numpy(np.random.default_rng(0).gamma(2.0, size=1001))
    candidates = torch.linspace(0.0, 8.0, 401, dtype=torch.float64)
    losses = pinball(candidates[:, None, None].expand(-1, 1, len(LEVELS)), values[None]).mean(1)
    best = candidates[losses.argmin(0)]
    torch.testing.assert_close(
        best, torch.quantile(values, torch.tensor(LEVELS).double()), atol=0.05, rtol=0
    )
