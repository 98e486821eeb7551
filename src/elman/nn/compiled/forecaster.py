"""A forecaster on arrays: scaled windows of values, small networks, and a linear forecast.

`elman.nn.forecaster` has the formulas, the sources and the meaning of its constants.

Shapes: B windows, R values of the context, C of them read step by step, H the horizon, F inputs of
a step, S base forecasts, Q quantile levels, W hidden size.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from elman.cells.program import CellProgram
from elman.nn.compiled.formulas import softmax
from elman.nn.compiled.layouts import Shapes, linear_layout, stack_layout, under
from elman.nn.compiled.network import Floats
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.config import LEVELS, MEDIAN, ForecasterConfig

INPUTS = 4  # F
BASE_FORECASTS = 7  # S
MIN_RECENT = 3  # seasonal differences in the mean that estimates the present change, at least
CORRECTION_SCALE = 0.3  # scales the correction to the base forecasts
# Lower bounds that avoid a division by zero, for a season that repeats exactly ...
MIN_SCALE = 1e-3  # ... of the scale, as a fraction of the spread, ...
MIN_SPREAD = 1e-6  # ... and for constant values, of the spread, as a fraction of the mean magnitude
TINY = float(np.finfo(np.float32).tiny)

Values = npt.NDArray[np.float64]


def forecaster_layout(config: ForecasterConfig, window: int, cell: CellProgram) -> Shapes:
    """The names and shapes of the weights of a `ForecastNetwork`.

    Args:
        window: the values that its linear forecast depends on; 0 for none.
        cell: the step of its cells.
    """
    width = config.hidden_size
    member = {
        **under("into", linear_layout(INPUTS, width)),
        **under("stack", stack_layout(config.blocks, cell)),
        **under("out", linear_layout(width, BASE_FORECASTS + len(LEVELS))),
    }
    shapes: Shapes = {}
    for number in range(config.networks):
        shapes |= under(f"members.{number}", dict(member))
    return shapes | ({"counts.matrix": (config.horizon * window,)} if window else {})


class ScaledWindows(NamedTuple):
    """Windows scaled for the networks, and what scales the quantiles back."""

    steps: Floats  # (B, C + H, F): value, seasonal difference, is future, t / H
    base: Floats  # (B, H, S) the base forecasts less the naive one, over `scale`
    naive: Values  # (B, H) the seasonal naive forecast
    scale: Values  # (B, 1) the mean seasonal difference


class CompiledForecaster:
    """A `ForecastNetwork`.

    As there, what is too large for a number becomes infinite.

    Args:
        trained: the network.
        config: its configuration.
        share: of its linear forecast in the mean with the network's median, 0 to 1.
    """

    def __init__(
        self, trained: TrainedNetwork, config: ForecasterConfig, share: float = 0.0
    ) -> None:
        self.config, self._share = config, share
        self._members = [
            _QuantileNetwork(trained, f"members.{number}", config)
            for number in range(config.networks)
        ]
        matrix = trained.weights.get("counts.matrix")
        self._matrix: Values | None = None
        if matrix is not None:
            self._matrix = matrix.astype(np.float64).reshape(config.horizon, -1)

    @property
    def has_counts(self) -> bool:
        """Whether there is a linear forecast."""
        return self._matrix is not None

    @property
    def history_length(self) -> int:
        """The values before the origin that a forecast uses, of all parts."""
        window = 0 if self._matrix is None else self._matrix.shape[1]
        return max(self.config.context_length, window)

    def quantiles(self, history: Values) -> Values:
        """The quantiles of the values after the window.

        Args:
            history: (B, `history_length`) the values before the origin.

        Returns:
            (B, H, Q), ascending along Q.
        """
        with np.errstate(all="ignore"):
            values = self._taken(history)
            quantiles = self._quantiles(values)
            if self._matrix is not None:
                middle = quantiles[..., MEDIAN : MEDIAN + 1]
                quantiles = quantiles + self._share * (self._linear(values)[..., None] - middle)
            return self._given(quantiles)

    def by_network(self, history: Values) -> Values:
        """The quantiles (B, H, Q) of the network alone; as `quantiles`."""
        with np.errstate(all="ignore"):
            return self._given(self._quantiles(self._taken(history)))

    def by_counts(self, history: Values) -> Values:
        """The linear forecast (B, H) alone, which there must be; as `quantiles`."""
        with np.errstate(all="ignore"):
            return self._given(self._linear(self._taken(history)))

    def _taken(self, history: Values) -> Values:
        """Values as the parts read them."""
        return np.log(history) if self.config.logarithm else history

    def _given(self, forecast: Values) -> Values:
        """A forecast of the parts in the units of the history."""
        return np.exp(forecast) if self.config.logarithm else forecast

    def _linear(self, values: Values) -> Values:
        """The linear forecast (B, H) after windows (B, R or more)."""
        assert self._matrix is not None
        last = values[:, -1:]
        forecast: Values = last + (values[:, -self._matrix.shape[1] :] - last) @ self._matrix.T
        return forecast

    def _quantiles(self, values: Values) -> Values:
        """The network's quantiles (B, H, Q), of logarithms if the values are those."""
        scaled = scaled_windows(values[:, -self.config.context_length :], self.config)
        outputs = np.stack([member.read(scaled) for member in self._members]).mean(0)
        quantiles: Values = scaled.naive[..., None] + scaled.scale[..., None] * outputs
        return quantiles


def scaled_windows(values: Values, config: ForecasterConfig) -> ScaledWindows:
    """Normalise windows (B, R), each by its own level and scale."""
    differences = values[:, config.season :] - values[:, : -config.season]
    level = values[:, -config.season :].mean(1, keepdims=True)
    spread = np.abs(values - level).mean(1, keepdims=True)
    spread = spread + MIN_SPREAD * np.abs(values).mean(1, keepdims=True) + TINY
    scale = np.abs(differences).mean(1, keepdims=True) + MIN_SCALE * spread
    forecasts = _base(values, differences, level, config)
    naive = forecasts[..., 0]
    base = (forecasts - naive[..., None]) / scale[..., None]

    steps = np.empty((len(values), config.steps + config.horizon, INPUTS), dtype=np.float32)
    past, future = steps[:, : config.steps], steps[:, config.steps :]
    past[..., 0] = (values[:, -config.steps :] - level) / spread
    past[..., 1] = differences[:, -config.steps :] / scale
    future[..., 0], future[..., 1] = (naive - level) / spread, base[..., 1]
    ahead = np.maximum(np.arange(1 - config.steps, config.horizon + 1), 0) / config.horizon
    steps[..., 2], steps[..., 3] = ahead > 0, ahead
    return ScaledWindows(steps, base.astype(np.float32), naive, scale)


def _base(values: Values, differences: Values, level: Values, config: ForecasterConfig) -> Values:
    """The base forecasts (B, H, S): the seasonal naive one, the mean season, the last value, the
    naive one plus the recent change, or plus the trend from season to season, the mean season plus
    that trend, or plus the difference in level."""
    season, horizon = config.season, config.horizon
    ahead = np.arange(horizon)
    phase, cycle = ahead % season, ahead // season + 1
    seasons = values.shape[1] // season
    each = values[:, -seasons * season :].reshape(len(values), seasons, season)
    naive, mean_season = each[:, -1, phase], each.mean(1)[:, phase]
    change = differences.mean(1, keepdims=True)
    recent = differences[:, -max(MIN_RECENT, season // 4) :].mean(1, keepdims=True)
    return np.stack(
        [
            naive,
            mean_season,
            np.broadcast_to(values[:, -1:], naive.shape),
            naive + recent,
            naive + change * cycle,
            mean_season + change * (cycle + (seasons - 1) / 2),
            mean_season - each.mean((1, 2))[:, None] + level,
        ],
        2,
    )


class _QuantileNetwork:
    """One network: scaled windows -> scaled quantiles (B, H, Q) less the naive forecast."""

    def __init__(self, trained: TrainedNetwork, name: str, config: ForecasterConfig) -> None:
        self._horizon = config.horizon
        self._stack = trained.stack(f"{name}.stack", config.blocks)
        self._into = trained.weights.linear(f"{name}.into")
        self._out = trained.weights.linear(f"{name}.out")

    def read(self, scaled: ScaledWindows) -> Floats:
        rows, steps, _ = scaled.steps.shape
        weight, bias = self._into
        x = scaled.steps.reshape(rows * steps, -1) @ weight.T + bias
        ys, _ = self._stack.read(x, np.full(rows, steps))
        weight, bias = self._out
        outputs = ys.reshape(rows, steps, -1)[:, -self._horizon :] @ weight.T + bias
        logits, others = outputs[..., :BASE_FORECASTS], outputs[..., BASE_FORECASTS:]
        correction = CORRECTION_SCALE * others[..., :1]
        middle = (softmax(logits) * scaled.base).sum(2, keepdims=True) + correction
        softplus = np.logaddexp(others[..., 1:], np.float32(0))
        inner, outer, above, beyond = np.split(softplus, 4, axis=2)
        low, high = middle - inner, middle + above
        return np.concatenate([low - outer, low, middle, high, high + beyond], axis=2)
