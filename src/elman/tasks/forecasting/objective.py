"""Objectives of a forecaster: windows of values, and the values that came after each.

Shapes: T steps, S series, M origins, B windows of a batch, R values read, H the horizon,
Q levels, N networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from elman.nn.forecaster import ForecastNetwork, pinball
from elman.tasks.forecasting.windows import (
    Origins,
    Values,
    forecasts_at,
    medians_at,
    values_after,
    windows_at,
)
from elman.training.eval_mode import eval_mode


def quantiles_at(network: ForecastNetwork, values: Values, origins: Origins) -> Values:
    """What is forecast at each origin from the values before it alone: (M, H, Q).

    Args:
        values: (T, S).
    """
    return forecasts_at(_on_arrays(network, network), network.history_length, values, origins)


def medians_by_part(
    network: ForecastNetwork, values: Values, origins: Origins
) -> dict[str, Values]:
    """The forecasts (M, H) of the network alone and of the counts alone, under these names; empty
    where the network is all there is. Arguments as in `quantiles_at`."""
    if network.counts is None:
        return {}
    by_network = _on_arrays(network, network.by_network)
    by_counts = _on_arrays(network, network.by_counts)
    return medians_at(by_network, by_counts, network.history_length, values, origins)


def _on_arrays(
    network: ForecastNetwork, forecast: Callable[[Tensor], Tensor]
) -> Callable[[Values], Values]:
    """A forecast of a network, or of a part of it, from windows as arrays."""

    def run(history: Values) -> Values:
        with eval_mode(network), torch.inference_mode():
            found: Values = forecast(torch.from_numpy(history)).numpy()
        return found

    return run


class ForecastObjective:
    """The values to come, at origins drawn again for every step and every network.

    Args:
        values: (T, S).
        learned: (M, 2) the origins to learn from; held_out: those to choose the best weights by.
        scale: (S,) of each series, in units of which its loss is config.
        rows: B.
        seed: of the draws.
    """

    def __init__(
        self,
        network: ForecastNetwork,
        values: Values,
        learned: Origins,
        held_out: Origins,
        scale: Values,
        *,
        rows: int,
        seed: int,
    ) -> None:
        self.network = network
        self.values = values
        self.learned = learned
        self.held_out = held_out
        self.scale = scale
        self.rows = rows
        self.seed = seed

    def loss(self, step: int) -> tuple[Tensor, int]:
        """The mean pinball loss, and how many values were read and forecast."""
        config = self.network.config
        draw = np.random.default_rng([self.seed, step])
        chosen = self.learned[draw.integers(len(self.learned), size=config.networks * self.rows)]
        shape = (config.networks, self.rows, -1)
        history = torch.from_numpy(
            windows_at(self.values, chosen, -config.context_length, 0)
        ).reshape(shape)
        ahead = torch.from_numpy(values_after(self.values, chosen, config.horizon)).reshape(shape)
        return self.network.loss(history, ahead), len(chosen) * (config.steps + config.horizon)

    def validate(self) -> float:
        """The mean pinball loss at the origins held out, in units of each series' own scale."""
        config = self.network.config
        found = quantiles_at(self.network, self.values, self.held_out)
        came = values_after(self.values, self.held_out, config.horizon)
        losses = pinball(torch.from_numpy(found), torch.from_numpy(came)).mean((1, 2)).numpy()
        return float((losses / self.scale[self.held_out[:, 1]]).mean())

    def state_tensors(self) -> Iterator[Tensor]:
        """Nothing: every window is read from its beginning."""
        return iter(())

    def load_state_tensors(self, tensors: Iterator[Tensor]) -> None:
        """There is nothing to put back."""
