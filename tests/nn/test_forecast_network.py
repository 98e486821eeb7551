"""A forecaster's network: what must hold whatever its weights are."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.nn.forecaster import LEVELS, ForecasterConfig, ForecastNetwork, pinball

TOLD = ForecasterConfig(
    season=4,
    horizon=6,
    read=12,
    steps=8,
    logarithm=False,
    networks=2,
    cell="lstm",
    hidden_size=8,
    layers=1,
    dropout=0.0,
)


def network(**changes):
    torch.manual_seed(0)
    made = ForecastNetwork(dataclasses.replace(TOLD, **changes)).eval()
    with torch.no_grad():
        for member in made.members:
            member.out.weight.mul_(20)  # far from where it begins
    return made


def history(rows=3, seed=0):
    return torch.rand(rows, TOLD.read, generator=torch.Generator().manual_seed(seed)).double() + 1


def quantiles(made, values):
    with torch.inference_mode():
        return made(values)


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru", "elman"])
@pytest.mark.parametrize("logarithm", [False, True])
def test_quantiles_ascend(cell, logarithm):
    found = quantiles(network(cell=cell, logarithm=logarithm), history())
    assert found.shape == (3, TOLD.horizon, len(LEVELS))
    assert found.dtype == torch.float64
    assert (found.diff(dim=2) >= 0).all()


@settings(deadline=None)
@given(st.floats(1e-3, 1e6), st.floats(-1e6, 1e6))
def test_another_unit_is_the_same_forecast_in_it(times, plus):
    made, values = network(), history()
    there = quantiles(made, times * values + plus)
    here = times * quantiles(made, values) + plus
    # A level far above the differences leaves them fewer digits.
    torch.testing.assert_close(there, here, rtol=1e-4, atol=1e-3 * times + 1e-6 * abs(plus))


@settings(deadline=None)
@given(st.floats(1e-3, 1e3))
def test_of_logarithms_only_the_factor(times):
    made, values = network(logarithm=True), history()
    torch.testing.assert_close(
        quantiles(made, times * values), times * quantiles(made, values), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("season", [1, 2, 4])
@pytest.mark.parametrize("value", [0.0, 7.0, -1e9])
def test_what_stands_still_goes_on_standing(season, value):
    values = torch.full((1, TOLD.read), value, dtype=torch.float64)
    found = quantiles(network(season=season), values)
    torch.testing.assert_close(found, torch.full_like(found, value), rtol=1e-4, atol=1e-30)


def test_rows_do_not_see_each_other():
    made, values = network(), history()
    together = quantiles(made, values)
    for row in range(3):
        alone = quantiles(made, values[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-5, atol=1e-6)


def test_the_simple_forecasts_by_hand():
    """Values 1 to 12 by fours: a season is 4 above the one before it."""
    made = network()
    scaled = made.scaled(torch.arange(1.0, 13).double()[None])
    assert scaled.scale.item() == pytest.approx(4, rel=1e-2)
    assert scaled.naive[0].tolist() == [9, 10, 11, 12, 9, 10]
    forecasts = (scaled.naive[..., None] + scaled.scale * scaled.base.double())[0].T
    naive, usual, last, lately, trend, usual_trend, level = forecasts.tolist()
    assert naive == [9, 10, 11, 12, 9, 10]
    assert usual == pytest.approx([5, 6, 7, 8, 5, 6])
    assert last == pytest.approx([12] * 6)
    assert lately == pytest.approx([13, 14, 15, 16, 13, 14])
    assert trend == pytest.approx([13, 14, 15, 16, 17, 18])
    assert usual_trend == pytest.approx([13, 14, 15, 16, 17, 18])
    assert level == pytest.approx([9, 10, 11, 12, 9, 10])


def test_members_learn_from_windows_of_their_own():
    made = network()
    windows, ahead = torch.stack([history(), history(seed=1)]), torch.ones(2, 3, 6).double()
    both = made.loss(windows, ahead)
    each = [
        ForecastNetwork.loss(_alone(made, number), windows[number][None], ahead[number][None])
        for number in range(2)
    ]
    torch.testing.assert_close(both, torch.stack(each).mean())


def _alone(made, number):
    alone = ForecastNetwork(dataclasses.replace(TOLD, networks=1))
    alone.members[0].load_state_dict(made.members[number].state_dict())
    return alone.eval()


def test_pinball_is_least_at_the_quantile():
    values = torch.from_numpy(np.random.default_rng(0).gamma(2.0, size=1001))
    places = torch.linspace(0.0, 8.0, 401, dtype=torch.float64)
    losses = pinball(places[:, None, None].expand(-1, 1, len(LEVELS)), values[None]).mean(1)
    best = places[losses.argmin(0)]
    torch.testing.assert_close(
        best, torch.quantile(values, torch.tensor(LEVELS).double()), atol=0.05, rtol=0
    )
