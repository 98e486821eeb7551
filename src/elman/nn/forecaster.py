"""Numbers in step, then ahead: what a window of values becomes, and what is said of those to come.

Shapes: B windows, R values read, C of them step by step, H the horizon, F inputs of a step,
S simple forecasts, Q levels, N networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.nn.blocks import Stack, StackConfig

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
"""Of the quantiles: the median, and the ends of the 80 % and the 95 % interval."""
MEDIAN = 2

_INPUTS = 4  # F
SIMPLE = 7  # S
RECENT = 3  # seasonal differences that say where the level is now, at least
TIMID = 0.3  # how readily a network departs from the simple forecasts
# Of a window's scale: a season that repeats itself exactly must not be divided by nothing, ...
LEAST = 1e-3  # ... as a share of the spread, ...
ROUNDING = 1e-6  # ... nor values that stand still, as a share of these
TINY = torch.finfo(torch.float32).tiny


@dataclass(frozen=True)
class ForecasterConfig:
    """What a forecaster is built from; frozen, and saved with its weights.

    Args:
        season: m, after how many steps the values are alike; 1 where there is no season.
        horizon: H, the steps ahead.
        read: R, the values before the origin that a forecast is made from; two seasons at least.
        steps: C, the last of these, which are read one by one; R - m at most.
        logarithm: whether the logarithms of the values are forecast.
        networks: N, which answer together.
        cell, hidden_size, layers, dropout: of each network's `Stack`.
    """

    season: int
    horizon: int
    context_length: int
    steps: int
    logarithm: bool
    networks: int
    cell: str
    hidden_size: int
    layers: int
    dropout: float

    @property
    def blocks(self) -> StackConfig:
        """Of each network; it reads numbers, so its vocabulary is of no account."""
        return StackConfig(1, self.cell, self.hidden_size, self.layers, dropout=self.dropout)


class ScaledWindow(NamedTuple):
    """Windows as networks read them, and the way back to the values' own unit."""

    steps: Tensor  # (B, C + H, F) float32: value, seasonal difference, whether and how far ahead
    simple: Tensor  # (B, H, S) float32, less the seasonal naive forecast, in units of `scale`
    naive: Tensor  # (B, H) float64, the seasonal naive forecast
    scale: Tensor  # (B, 1) float64, the mean seasonal difference


class ForecastNetwork(nn.Module):
    """Several small networks which see the same windows and whose quantiles are averaged.

    Each reads the last values one by one, goes on through the steps ahead, of which it knows the
    place in the season and the simple forecasts, and says of each step how much it trusts each of
    these, by how much they are all wrong, and how sure that is. So it begins as a combination of
    simple forecasts, which a short series needs.

    The quantiles of all steps ahead at once: R. Wen et al., 'A Multi-Horizon Quantile Recurrent
    Forecaster' (2017). Every window by its own level and scale, and the place in the season as an
    input: D. Salinas et al., 'DeepAR' (2020), section 3.3. A network on top of what has a season's
    formula: S. Smyl, 'A hybrid method of exponential smoothing and recurrent neural networks for
    time series forecasting' (2020).
    """

    def __init__(self, forecasting: ForecasterConfig) -> None:
        super().__init__()
        self.forecasting = forecasting
        members = (_Member(forecasting) for _ in range(forecasting.networks))
        self.members = nn.ModuleList(members)

    def forward(self, history: Tensor) -> Tensor:
        """The quantiles of the values ahead.

        Args:
            history: (B, R) float64, the values before the origin.

        Returns:
            (B, H, Q) float64, ascending along Q.
        """
        scaled = self.scaled(history)
        said = torch.stack([member(scaled) for member in self.members]).mean(0).double()
        quantiles = scaled.naive[..., None] + scaled.scale[..., None] * said
        return quantiles.exp() if self.forecasting.logarithm else quantiles

    def loss(self, history: Tensor, ahead: Tensor) -> Tensor:
        """The mean pinball loss of each network's quantiles, in units of the window's scale.

        Args:
            history: (N, B, R) float64: each network learns from windows of its own.
            ahead: (N, B, H) float64, the values that came.
        """
        losses = []
        for member, given, came in zip(self.members, history, ahead, strict=True):
            scaled = self.scaled(given)
            wanted = came.log() if self.forecasting.logarithm else came
            aim = (wanted - scaled.naive) / scaled.scale
            losses.append(pinball(member(scaled), aim.float()).mean())
        return torch.stack(losses).mean()

    def scaled(self, history: Tensor) -> ScaledWindow:
        """Windows (B, R) of values, with the level and the scale of each taken out of it."""
        told = self.forecasting
        values = history.log() if told.logarithm else history
        differences = values[:, told.season :] - values[:, : -told.season]
        level = values[:, -told.season :].mean(1, keepdim=True)
        spread = (values - level).abs().mean(1, keepdim=True)
        spread = spread + ROUNDING * values.abs().mean(1, keepdim=True) + TINY
        scale = differences.abs().mean(1, keepdim=True) + LEAST * spread
        forecasts = self._simple(values, differences, level)
        naive = forecasts[..., 0]
        simple = (forecasts - naive[..., None]) / scale[..., None]

        past = [(values[:, -told.steps :] - level) / spread, differences[:, -told.steps :] / scale]
        future = [(naive - level) / spread, simple[..., 1]]
        read = torch.cat([torch.stack(past, 2), torch.stack(future, 2)], 1)
        ahead = torch.arange(1 - told.steps, told.horizon + 1).clamp(min=0) / told.horizon
        place = torch.stack([ahead > 0, ahead], 1).expand(len(read), -1, -1)
        return ScaledWindow(torch.cat([read, place], 2).float(), simple.float(), naive, scale)

    def _simple(self, values: Tensor, differences: Tensor, level: Tensor) -> Tensor:
        """(B, H, S) what needs no learning: the last season again, the usual season, the last
        value; and with what has changed lately, with the change from season to season, or with
        the present level added to them."""
        season, horizon = self.forecasting.season, self.forecasting.horizon
        ahead = torch.arange(horizon)
        place, turn = ahead % season, ahead // season + 1
        seasons = values.shape[1] // season
        each = values[:, -seasons * season :].reshape(len(values), seasons, season)
        naive, usual = each[:, -1, place], each.mean(1)[:, place]
        change = differences.mean(1, keepdim=True)
        lately = differences[:, -max(RECENT, season // 4) :].mean(1, keepdim=True)
        return torch.stack(
            [
                naive,
                usual,
                values[:, -1:].expand(-1, horizon),
                naive + lately,
                naive + change * turn,
                usual + change * (turn + (seasons - 1) / 2),
                usual - each.mean((1, 2))[:, None] + level,
            ],
            2,
        )


class _Member(nn.Module):
    """One network: scaled windows -> quantiles (B, H, Q) less the naive forecast, scaled."""

    def __init__(self, forecasting: ForecasterConfig) -> None:
        super().__init__()
        self.horizon = forecasting.horizon
        self.into = nn.Linear(_INPUTS, forecasting.hidden_size)
        self.stack = Stack(forecasting.blocks)
        self.out = nn.Linear(forecasting.hidden_size, SIMPLE + len(LEVELS))
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias.zero_()

    def forward(self, scaled: ScaledWindow) -> Tensor:
        state = self.stack.initial_state(len(scaled.steps))
        ys, _ = self.stack(self.into(scaled.steps), state)
        said = self.out(ys[:, -self.horizon :])
        trust, rest = said[..., :SIMPLE], said[..., SIMPLE:]
        middle = (trust.softmax(2) * scaled.simple).sum(2, keepdim=True) + TIMID * rest[..., :1]
        inner, outer, above, beyond = functional.softplus(rest[..., 1:]).chunk(4, 2)
        low, high = middle - inner, middle + above
        return torch.cat([low - outer, low, middle, high, high + beyond], 2)


def pinball(quantiles: Tensor, values: Tensor) -> Tensor:
    """The loss that a quantile makes smallest (R. Koenker, G. Bassett, 'Regression Quantiles',
    1978): quantiles (..., Q), values (...) -> (..., Q)."""
    level = torch.tensor(LEVELS, dtype=quantiles.dtype)
    under = values[..., None] - quantiles
    return torch.maximum(level * under, (level - 1) * under)
