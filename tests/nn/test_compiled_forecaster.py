"""The forecaster on arrays against the torch network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.cells import CELLS
from elman.nn.compiled.forecaster import CompiledForecaster, forecaster_layout, scaled_windows
from elman.nn.forecaster import ForecastNetwork, LinearForecast
from elman.nn.native_step import trained_network
from forecasters import small_forecaster

WINDOW = 17  # longer than the context


def network_of(window: int = 0, **changes) -> ForecastNetwork:
    torch.manual_seed(0)
    network = ForecastNetwork(small_forecaster(**changes)).eval()
    with torch.no_grad():
        for member in network.members:
            member.out.weight.mul_(20)  # far from the initial weights
            member.out.bias.normal_(std=5)
        if window:
            network.counts = LinearForecast(network.config.horizon, window, 0.3)
            network.counts.matrix.normal_(std=0.2)
    return network


def compiled_of(network: ForecastNetwork, *, int8: bool = False) -> CompiledForecaster:
    share = 0.0 if network.counts is None else network.counts.share
    return CompiledForecaster(trained_network(network, int8=int8), network.config, share)


def history_of(network: ForecastNetwork, rows: int = 5) -> np.ndarray:
    values = np.random.default_rng(1).gamma(2, 100, (rows, network.history_length))
    values[1] = 7  # constant
    values[2] = np.resize(values[2, : network.config.season], values.shape[1])  # a perfect season
    values[3] *= 1e9
    return values


def check(network: ForecastNetwork) -> None:
    compiled, history = compiled_of(network), history_of(network)
    assert compiled.history_length == network.history_length
    assert compiled.has_counts == (network.counts is not None)
    pairs = [(compiled.quantiles, network), (compiled.by_network, network.by_network)]
    if compiled.has_counts:
        pairs.append((compiled.by_counts, network.by_counts))
    for ours, theirs in pairs:
        found = ours(history)
        with torch.inference_mode():
            expected = theirs(torch.from_numpy(history)).numpy()
        assert found.dtype == np.float64
        if network.config.logarithm:  # what the networks compute
            found, expected = np.log(found), np.log(expected)
        # Of each window, since each is computed in its own scale.
        for row, known in zip(found, expected, strict=True):
            np.testing.assert_allclose(row, known, rtol=0, atol=1e-5 * np.abs(known).max())


@pytest.mark.parametrize("cell", list(CELLS))
def test_forecaster_is_that_of_torch(cell):
    check(network_of(cell=cell))


@pytest.mark.parametrize("window", [0, 3, WINDOW])
@pytest.mark.parametrize("logarithm", [False, True])
@pytest.mark.parametrize("season", [1, 4])
def test_parts_are_those_of_torch(window, logarithm, season):
    check(network_of(window, logarithm=logarithm, season=season, layers=2))


def test_windows_are_scaled_as_in_torch():
    network = network_of()
    history = history_of(network)
    expected = network.scaled(torch.from_numpy(history))
    for part, known in zip(scaled_windows(history, network.config), expected, strict=True):
        assert str(part.dtype) == str(known.dtype).removeprefix("torch.")
        np.testing.assert_allclose(part, known, rtol=1e-6, atol=1e-6)


def test_what_is_too_large_becomes_infinite():
    network = network_of(logarithm=True, horizon=40)
    history = np.exp(np.outer([1, 1], np.linspace(0, 700, network.history_length)))
    found = compiled_of(network).quantiles(history)
    with torch.inference_mode():
        expected = network(torch.from_numpy(history)).numpy()
    assert np.isinf(expected).any()
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))


@pytest.mark.parametrize("window", [0, WINDOW])
@pytest.mark.parametrize("cell", list(CELLS))
def test_layout_is_that_of_the_module(cell, window):
    network = network_of(window, cell=cell, hidden_size=16)
    expected = {name: tuple(each.shape) for name, each in network.named_parameters()}
    program = trained_network(network, int8=False).cell
    assert program is not None
    assert forecaster_layout(network.config, window, program) == expected
