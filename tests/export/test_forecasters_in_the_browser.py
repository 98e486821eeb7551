"""A forecaster in the browser: the same medians and intervals as here."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import elman
from elman.cells import CELLS
from elman.nn.config import ForecasterConfig
from elman.nn.forecaster import ForecastNetwork, LinearForecast
from elman.tasks.forecasting.forecast import Forecast

from .conftest import livened, rounded_in_place

FORECAST = "return model.forecast(given ?? model.last);"
FIGURES = ("median", "low_80", "high_80", "low_95", "high_95")


def forecaster(
    *, season=4, logarithm=False, series=2, cell="gru", hidden_size=8, seed=0, window=0, **sizes
):
    """A forecaster with weights that no training has touched, and livelier than at first."""
    model = elman.Forecaster(cell=cell, hidden_size=hidden_size)
    settings = {
        "horizon": 6,
        "context_length": 3 * season + 8,
        "steps": 7,
        "networks": 3,
        "layers": 2,
        **sizes,
    }
    config = ForecasterConfig(
        season, logarithm=logarithm, cell=cell, hidden_size=hidden_size, dropout=0.0, **settings
    )
    torch.manual_seed(seed)
    model.network_ = livened(ForecastNetwork(config))
    draw = np.random.default_rng(seed)
    model.names_ = tuple(f"series {number}" for number in range(series))
    if window:
        linear = LinearForecast(config.horizon, window, share=0.6)
        linear.matrix.copy_(torch.tensor(draw.normal(size=config.horizon * window) / window))
        model.network_.counts = linear
        model._counts = {"window": window, "seasons": [season], "shares": {"network": 1 - 0.6}}
    model.calendar_ = None
    model.ends_ = ()
    model.last_ = walk(draw, model.network_.history_length, series)
    model.scale_, model.widths_, model.record_ = np.ones(series), (1.2, 0.7), {}
    return model


def walk(draw, steps, series=2):
    return 50 + np.abs(draw.normal(size=(steps, series)).cumsum(0)) + np.arange(steps)[:, None] % 4


def agree(shown, model, history=None, expected_of=None):
    given = None if history is None else history.tolist()
    result = shown(model, FORECAST, given)
    expected: Forecast = (expected_of or model).predict(history=history)
    assert result["names"] == list(expected.names)
    # However large the values are, what matters is how wide the intervals are.
    hidden_size = max(1.0, (expected.high_95 - expected.low_95).mean())
    for figure in FIGURES:
        wanted = getattr(expected, figure)
        assert np.isfinite(wanted).all()
        np.testing.assert_allclose(result[figure], wanted, rtol=1e-12, atol=1e-4 * hidden_size)
    assert expected.median.std() > 1e-3
    return expected


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("int8", [False, True])
def test_each_cell(shown, cell, int8):
    model = forecaster(cell=cell, hidden_size=16)
    exact = rounded_in_place(model) if int8 else None
    agree(shown, model, expected_of=exact)


@pytest.mark.parametrize("season", [1, 2, 7, 13])
@pytest.mark.parametrize("logarithm", [False, True])
def test_seasons_and_logarithms(shown, season, logarithm):
    model = forecaster(season=season, logarithm=logarithm, horizon=9, networks=1)
    agree(shown, model)
    agree(shown, model, walk(np.random.default_rng(5), 90))


@pytest.mark.parametrize("window", [9, 33])  # shorter and longer than the network's
@pytest.mark.parametrize("logarithm", [False, True])
@pytest.mark.parametrize("int8", [False, True])
def test_counts_beside_the_network(shown, window, logarithm, int8):
    model = forecaster(window=window, logarithm=logarithm, hidden_size=16, horizon=16)
    matrix = model.network_.counts.matrix.clone()
    exact = rounded_in_place(model) if int8 else None
    assert torch.equal((exact or model).network_.counts.matrix, matrix)
    agree(shown, model, expected_of=exact)
    agree(shown, model, walk(np.random.default_rng(5), 90), expected_of=exact)


@pytest.mark.parametrize("level", [0.0, 7.0, -1e12])
def test_values_that_stand_still(shown, level):
    """What is divided by a scale of nothing, but for rounding, is the same nothing."""
    model = forecaster(series=1)
    history = np.full((60, 1), level)
    history[-1] += 1
    agree(shown, model, history)


def test_intervals_that_cross_are_put_in_order(shown):
    model = forecaster(series=1)
    model.widths_ = (3.0, 0.1)
    agree(shown, model)


@pytest.mark.parametrize("history", [[[1.0, 2.0]], [[1.0]] * 60, [[-1.0, 3.0]] * 60])
def test_a_history_that_cannot_be_read_is_an_error(shown, history):
    code = "try { model.forecast(given); return 'read'; } catch (error) { return error.name; }"
    assert shown(forecaster(logarithm=True), code, history) == "RangeError"
