"""Objectives of a forecaster: windows of values, and the values that came after each.

Shapes: T steps, S series, M origins, B windows of a batch, R values read, H the horizon,
Q levels, N networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.nn.forecaster import LEVELS, MEDIAN, ForecastNetwork, pinball
from elman.training.eval_mode import eval_mode

Origins = npt.NDArray[np.int64]
"""(M, 2): of each, the number of values before it, and which series."""

Values = npt.NDArray[np.float64]

_TOGETHER = 512  # windows of a batch, where nothing is learned from it


def origins_in(firsts: Sequence[int], end: int) -> Origins:
    """Every step before `end`, from the first (S,) of each series on."""
    origins = [(step, each) for each, first in enumerate(firsts) for step in range(first, end)]
    return np.array(origins, dtype=np.int64).reshape(-1, 2)


def quantiles_at(network: ForecastNetwork, values: Values, origins: Origins) -> Values:
    """What is forecast at each origin from the values before it alone: (M, H, Q).

    Args:
        values: (T, S).
    """
    found = np.empty((len(origins), network.config.horizon, len(LEVELS)))
    return _forecast_into(found, network, network, values, origins)


def medians_by_part(
    network: ForecastNetwork, values: Values, origins: Origins
) -> dict[str, Values]:
    """The forecasts (M, H) of the network alone and of the counts alone, under these names; empty
    where the network is all there is. Arguments as in `quantiles_at`."""
    if network.counts is None:
        return {}
    shape = len(origins), network.config.horizon
    alone = np.empty((*shape, len(LEVELS))), np.empty(shape)
    by_network, by_counts = (
        _forecast_into(found, network, forecast, values, origins)
        for found, forecast in zip(alone, (network.by_network, network.by_counts), strict=True)
    )
    return {"network": by_network[..., MEDIAN], "counts": by_counts}


def _forecast_into(
    found: Values,
    network: ForecastNetwork,
    forecast: Callable[[Tensor], Tensor],
    values: Values,
    origins: Origins,
) -> Values:
    """Fill an array with the forecasts at origins, some windows at a time."""
    with eval_mode(network), torch.inference_mode():
        for start in range(0, len(origins), _TOGETHER):
            chosen = origins[start : start + _TOGETHER]
            history = torch.from_numpy(_windows(values, chosen, -network.history_length, 0))
            found[start : start + _TOGETHER] = forecast(history).numpy()
    return found


def values_after(values: Values, origins: Origins, horizon: int) -> Values:
    """What came after each origin: (M, H)."""
    return _windows(values, origins, 0, horizon)


def _windows(values: Values, origins: Origins, first: int, last: int) -> Values:
    steps = origins[:, :1] + np.arange(first, last)
    found: Values = values[steps, origins[:, 1:]]
    return found


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
            _windows(self.values, chosen, -config.context_length, 0)
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
