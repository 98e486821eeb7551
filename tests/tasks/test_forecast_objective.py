"""A forecaster's objective: which values it reads, and which it must not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from elman.nn.config import MEDIAN
from elman.nn.forecaster import ForecastNetwork
from elman.tasks.forecasting.objective import ForecastObjective, quantiles_at
from elman.tasks.forecasting.windows import origins_in, values_after
from elman.training.plan import Plan
from elman.training.trainer import train
from forecasters import small_forecaster

CONFIG = small_forecaster(horizon=3, context_length=8, steps=4)
VALUES = np.random.default_rng(0).normal(size=(60, 2)).cumsum(0)
END = 40  # what comes after is not learned from


def objective(values=VALUES):
    torch.manual_seed(0)
    return ForecastObjective(
        ForecastNetwork(CONFIG),
        values,
        origins_in([8, 8], END - 3 + 1),
        origins_in([END, END], 58),
        np.array([1.0, 2.0]),
        rows=16,
        seed=3,
    )


def test_a_step_is_always_the_same_and_none_is_like_another():
    one, other = objective(), objective()
    assert one.loss(5)[0].item() == other.loss(5)[0].item() != one.loss(6)[0].item()
    assert one.loss(5)[1] == 2 * 16 * (4 + 3)


def test_what_is_held_out_is_not_learned_from():
    changed = VALUES.copy()
    changed[END:] = np.nan
    one, other = objective(), objective(changed)
    for step in range(20):
        assert one.loss(step)[0].item() == other.loss(step)[0].item()


def test_a_forecast_is_made_from_the_values_before_it_and_no_others():
    network, origins = objective().network, np.array([[20, 0], [30, 1]])
    result = quantiles_at(network, VALUES, origins)
    changed = VALUES.copy()
    changed[20:, 0] = changed[30:, 1] = changed[: 20 - CONFIG.context_length, 0] = np.nan
    np.testing.assert_array_equal(quantiles_at(network, changed, origins), result)
    changed[19, 0] += 1
    assert (quantiles_at(network, changed, origins)[0] != result[0]).all()


def test_what_came_after():
    assert values_after(VALUES, np.array([[20, 1]]), 3).tolist() == [VALUES[20:23, 1].tolist()]


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_the_loss_held_out_is_in_tokenizers_of_the_scale(scale):
    ours = objective()
    before = ours.validate()
    ours.scale = scale * ours.scale
    assert ours.validate() == pytest.approx(before / scale)


def test_what_can_be_learned_is_learned():
    """Values that repeat themselves after 5 steps, where the season is set to 4."""
    values = np.array([0.0, 1.0, 3.0, -2.0, 1.5])[np.arange(200) % 5, None]
    ours = objective()
    ours.values, ours.learned = values, origins_in([8], 150)
    ours.held_out = origins_in([150], 197)

    def error():
        result = quantiles_at(ours.network, values, ours.held_out)[..., MEDIAN]
        return np.abs(result - values_after(values, ours.held_out, 3)).mean()

    before = error()
    list(train(ours, Plan(steps=100, minutes=None, learning_rate=2e-2)))
    assert error() < 0.2 * before
