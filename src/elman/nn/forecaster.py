"""Forecast networks: from a window of values to quantiles of the next ones.

Shapes: B windows, R values of the context, C of them read step by step, H the horizon, F inputs of
a step, S base forecasts, Q quantile levels, N networks.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.nn.blocks import Stack
from elman.nn.compiled.forecaster import (
    BASE_FORECASTS,
    CORRECTION_SCALE,
    INPUTS,
    MIN_RECENT,
    MIN_SCALE,
    MIN_SPREAD,
    TINY,
)
from elman.nn.config import LEVELS, MEDIAN, ForecasterConfig


class ScaledWindow(NamedTuple):
    """Windows scaled for the networks, and what scales the quantiles back."""

    steps: Tensor  # (B, C + H, F) float32: value, seasonal difference, is future, t / H
    base: Tensor  # (B, H, S) float32, the base forecasts less the naive one, over `scale`
    naive: Tensor  # (B, H) float64, the seasonal naive forecast
    scale: Tensor  # (B, 1) float64, the mean seasonal difference


class LinearForecast(nn.Module):
    """A forecast that is a linear function of the last values, last + M (values - last).

    Args:
        horizon: H.
        window: R, the values that it depends on.
        share: of the forecast in its mean with a network's median, 0 to 1.

    Attributes:
        matrix: (H R,) float32, the rows of M. It is one row, so that int8 weights leave it as it
            is: a rounded sum over hundreds of values would drift.
    """

    def __init__(self, horizon: int, window: int, share: float) -> None:
        super().__init__()
        self.horizon, self.window, self.share = horizon, window, share
        self.matrix = nn.Parameter(torch.zeros(horizon * window), requires_grad=False)

    def forward(self, values: Tensor) -> Tensor:
        """The forecast (B, H) float64 after windows (B, R or more) float64.

        Differences from the last value are multiplied, so rounding the matrix to float32 costs
        nothing where values are large and alike.
        """
        last = values[:, -1:]
        matrix = self.matrix.view(self.horizon, self.window).double()
        return last + (values[:, -self.window :] - last) @ matrix.T


class ForecastNetwork(nn.Module):
    """An ensemble of small networks; their quantiles are averaged. With `counts` the answer is
    a mean of the network's median and a linear forecast, and the intervals move with it.

    Each network reads the last values step by step, then the future steps, for which it gets the
    naive forecast and the time to the horizon. For each future step it outputs softmax weights of
    the base forecasts, a correction and the widths of the intervals. So the initial network is a
    combination of base forecasts, which a short series needs.

    Source: R. Wen et al., 'A Multi-Horizon Quantile Recurrent Forecaster' (2017), for the quantiles
    of all steps at once; D. Salinas et al., 'DeepAR' (2020), section 3.3, for scaling each window
    and for the time as an input; S. Smyl, 'A hybrid method of exponential smoothing and recurrent
    neural networks for time series forecasting' (2020), for a network on top of seasonal formulas.

    Args:
        config: kept as `.config`.
    """

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__()
        self.config = config
        members = (_Member(config) for _ in range(config.networks))
        self.members = nn.ModuleList(members)
        self.counts: LinearForecast | None = None

    @property
    def history_length(self) -> int:
        """The values before the origin that a forecast uses, of all parts."""
        window = 0 if self.counts is None else self.counts.window
        return max(self.config.context_length, window)

    def forward(self, history: Tensor) -> Tensor:
        """The quantiles of the values after the window.

        Args:
            history: (B, `history_length`) float64, the values before the origin.

        Returns:
            (B, H, Q) float64, ascending along Q.
        """
        values = history.log() if self.config.logarithm else history
        quantiles = self._quantiles(values)
        if self.counts is not None:
            middle = quantiles[..., MEDIAN : MEDIAN + 1]
            quantiles = quantiles + self.counts.share * (self.counts(values)[..., None] - middle)
        return quantiles.exp() if self.config.logarithm else quantiles

    def by_network(self, history: Tensor) -> Tensor:
        """The quantiles of the network alone; as `forward`."""
        values = history.log() if self.config.logarithm else history
        quantiles = self._quantiles(values)
        return quantiles.exp() if self.config.logarithm else quantiles

    def by_counts(self, history: Tensor) -> Tensor:
        """The forecast (B, H) of the counts alone, which there must be; as `forward`."""
        assert self.counts is not None
        forecast: Tensor = self.counts(history.log() if self.config.logarithm else history)
        return forecast.exp() if self.config.logarithm else forecast

    def _quantiles(self, values: Tensor) -> Tensor:
        """The network's quantiles (B, H, Q), of logarithms if the values (B, R) are those."""
        scaled = self._scaled(values[:, -self.config.context_length :])
        outputs = torch.stack([member(scaled) for member in self.members]).mean(0).double()
        return scaled.naive[..., None] + scaled.scale[..., None] * outputs

    def loss(self, history: Tensor, actual: Tensor) -> Tensor:
        """The mean pinball loss of the networks' quantiles, in units of the window's scale.

        Args:
            history: (N, B, R) float64, different windows for each network.
            actual: (N, B, H) float64, the values after each window.
        """
        losses = []
        for member, windows, values in zip(self.members, history, actual, strict=True):
            scaled = self.scaled(windows)
            values = values.log() if self.config.logarithm else values
            target = (values - scaled.naive) / scaled.scale
            losses.append(pinball(member(scaled), target.float()).mean())
        return torch.stack(losses).mean()

    def scaled(self, history: Tensor) -> ScaledWindow:
        """Normalise windows (B, R) float64, each by its own level and scale."""
        return self._scaled(history.log() if self.config.logarithm else history)

    def _scaled(self, values: Tensor) -> ScaledWindow:
        config = self.config
        differences = values[:, config.season :] - values[:, : -config.season]
        level = values[:, -config.season :].mean(1, keepdim=True)
        spread = (values - level).abs().mean(1, keepdim=True)
        spread = spread + MIN_SPREAD * values.abs().mean(1, keepdim=True) + TINY
        scale = differences.abs().mean(1, keepdim=True) + MIN_SCALE * spread
        forecasts = self._base(values, differences, level)
        naive = forecasts[..., 0]
        base = (forecasts - naive[..., None]) / scale[..., None]

        past = [
            (values[:, -config.steps :] - level) / spread,
            differences[:, -config.steps :] / scale,
        ]
        future = [(naive - level) / spread, base[..., 1]]
        inputs = torch.cat([torch.stack(past, 2), torch.stack(future, 2)], 1)
        ahead = torch.arange(1 - config.steps, config.horizon + 1).clamp(min=0) / config.horizon
        time = torch.stack([ahead > 0, ahead], 1).expand(len(values), -1, -1)
        return ScaledWindow(torch.cat([inputs, time], 2).float(), base.float(), naive, scale)

    def _base(self, values: Tensor, differences: Tensor, level: Tensor) -> Tensor:
        """The base forecasts (B, H, S): the seasonal naive one, the mean season, the last value,
        the naive one plus the recent change, or plus the trend from season to season, the mean
        season plus that trend, or plus the difference in level."""
        season, horizon = self.config.season, self.config.horizon
        ahead = torch.arange(horizon)
        phase, cycle = ahead % season, ahead // season + 1
        seasons = values.shape[1] // season
        each = values[:, -seasons * season :].reshape(len(values), seasons, season)
        naive, mean_season = each[:, -1, phase], each.mean(1)[:, phase]
        change = differences.mean(1, keepdim=True)
        recent = differences[:, -max(MIN_RECENT, season // 4) :].mean(1, keepdim=True)
        return torch.stack(
            [
                naive,
                mean_season,
                values[:, -1:].expand(-1, horizon),
                naive + recent,
                naive + change * cycle,
                mean_season + change * (cycle + (seasons - 1) / 2),
                mean_season - each.mean((1, 2))[:, None] + level,
            ],
            2,
        )


class _Member(nn.Module):
    """One network: scaled windows -> scaled quantiles (B, H, Q) less the naive forecast."""

    def __init__(self, config: ForecasterConfig) -> None:
        super().__init__()
        self.horizon = config.horizon
        self.into = nn.Linear(INPUTS, config.hidden_size)
        self.stack = Stack(config.blocks)
        self.out = nn.Linear(config.hidden_size, BASE_FORECASTS + len(LEVELS))
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias.zero_()

    def forward(self, scaled: ScaledWindow) -> Tensor:
        state = self.stack.initial_state(len(scaled.steps))
        ys, _ = self.stack(self.into(scaled.steps), state)
        outputs = self.out(ys[:, -self.horizon :])
        weights, others = outputs[..., :BASE_FORECASTS], outputs[..., BASE_FORECASTS:]
        correction = CORRECTION_SCALE * others[..., :1]
        middle = (weights.softmax(2) * scaled.base).sum(2, keepdim=True) + correction
        inner, outer, above, beyond = functional.softplus(others[..., 1:]).chunk(4, 2)
        low, high = middle - inner, middle + above
        return torch.cat([low - outer, low, middle, high, high + beyond], 2)


def pinball(quantiles: Tensor, values: Tensor) -> Tensor:
    """The pinball loss, which the quantile minimises (R. Koenker, G. Bassett, 'Regression
    Quantiles', 1978): quantiles (..., Q), values (...) -> (..., Q)."""
    level = torch.tensor(LEVELS, dtype=quantiles.dtype)
    under = values[..., None] - quantiles
    return torch.maximum(level * under, (level - 1) * under)
