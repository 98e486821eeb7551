"""A forecaster as a graph: from the values themselves to those ahead, their intervals as wide as
the model has them.

Shapes: B windows, R values read, C of them step by step, H the horizon, T = C + H, F inputs of a
step, S simple forecasts, Q levels.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch

from elman.export.onnx.graph import Graph
from elman.export.onnx.layers import rows_of, stack
from elman.export.onnx.parity import TRIED, ExportedGraph, ParityTrial
from elman.nn.blocks import Stack
from elman.nn.forecaster import (
    BASE_FORECASTS,
    CORRECTION_SCALE,
    LEVELS,
    MIN_RECENT,
    MIN_SCALE,
    MIN_SPREAD,
    TINY,
    ForecasterConfig,
    ForecastNetwork,
)
from elman.tasks.forecasting.model import Forecaster
from elman.tasks.forecasting.trainer import stretched

DOC = (
    "history (batch, values), the last values of a series, as many as are read -> of each step of "
    "the horizon the median and the ends of the intervals that hold 80 % and 95 % of what comes. "
    "A history that is not given is that of the series it learned from, in the order of the names."
)

QUANTILES = ("low_95", "low_80", "median", "high_80", "high_95")
"""The outputs, in the order of LEVELS."""


class ScaledHistory(NamedTuple):
    """Windows as networks read them, and the way back: `elman.nn.forecaster.ScaledWindow`."""

    steps: str  # (B, T, F)
    base: str  # (B, H, S)
    naive: str  # (B, H) float64
    scale: str  # (B, 1) float64


def exported(model: Forecaster) -> ExportedGraph:
    return ExportedGraph(model.network_, DOC, partial(_write, model), partial(_trial, model), {})


def _write(model: Forecaster, graph: Graph) -> None:
    """Values in, quantiles of those ahead out."""
    told = model.network_.config
    history = graph.input(
        "history", np.float64, "batch", told.context_length, default=model.last_.T
    )
    quantiles = _quantiles(graph, model.network_, history)
    for name, value in zip(QUANTILES, _stretched(graph, quantiles, model.widths_), strict=True):
        graph.output(value, name, np.float64, "batch", told.horizon)


def _quantiles(graph: Graph, network: ForecastNetwork, history: str) -> str:
    """history (B, R) -> (B, H, Q) float64"""
    told = network.config
    scaled = _scaled(graph, told, graph.op("Log", history) if told.logarithm else history)
    members = [_member(graph, told, member, scaled) for member in network.members]
    said = graph.op("Cast", graph.op("Mean", *members), to=11)
    last = graph.constant([2])
    apart = graph.op("Mul", graph.op("Unsqueeze", scaled.scale, last), said)
    quantiles = graph.op("Add", graph.op("Unsqueeze", scaled.naive, last), apart)
    return graph.op("Exp", quantiles) if told.logarithm else quantiles


def _stretched(graph: Graph, quantiles: str, widths: tuple[float, float]) -> list[str]:
    """(B, H, Q) -> each of the quantiles (B, H), in rising order."""
    inner, outer = widths
    middle = graph.slices(quantiles, [1] * len(LEVELS))[QUANTILES.index("median")]
    wide = graph.constant([outer, inner, 1, inner, outer], np.float64)
    found = graph.op("Add", middle, graph.op("Mul", graph.op("Sub", quantiles, middle), wide))
    each = graph.slices(graph.rising(found, len(LEVELS)), [1] * len(LEVELS))
    return [graph.op("Squeeze", one, graph.constant([2])) for one in each]


def _scaled(graph: Graph, told: ForecasterConfig, values: str) -> ScaledHistory:
    """values (B, R) with the level and the scale of each taken out of it."""
    differences = graph.op(
        "Sub", _cut(graph, values, told.season), _cut(graph, values, 0, -told.season)
    )
    level = _mean(graph, _cut(graph, values, -told.season))
    spread = _mean(graph, graph.op("Abs", graph.op("Sub", values, level)))
    rounding = _times(graph, _mean(graph, graph.op("Abs", values)), MIN_SPREAD)
    spread = graph.op("Sum", spread, rounding, graph.constant(TINY, np.float64))
    least = _times(graph, spread, MIN_SCALE)
    scale = graph.op("Add", _mean(graph, graph.op("Abs", differences)), least)
    forecasts = _simple(graph, told, values, differences, level)
    naive = forecasts[0]
    simple = [graph.op("Div", graph.op("Sub", each, naive), scale) for each in forecasts]

    def above(x: str) -> str:
        return graph.op("Div", graph.op("Sub", x, level), spread)

    changes = graph.op("Div", _cut(graph, differences, -told.steps), scale)
    past = _together(graph, [above(_cut(graph, values, -told.steps)), changes])
    read = graph.op("Concat", past, _together(graph, [above(naive), simple[1]]), axis=1)
    ahead = np.arange(1 - told.steps, told.horizon + 1).clip(min=0) / told.horizon
    place = graph.constant(np.stack([ahead > 0, ahead], 1)[None], np.float64)
    sizes = graph.op("Concat", graph.size(values, 0), graph.constant([1, 1]), axis=0)
    steps = graph.op("Concat", read, graph.op("Expand", place, sizes), axis=2)
    narrow = [graph.op("Cast", x, to=1) for x in (steps, _together(graph, simple))]
    return ScaledHistory(narrow[0], narrow[1], naive, scale)


def _simple(
    graph: Graph, told: ForecasterConfig, values: str, differences: str, level: str
) -> list[str]:
    """What needs no learning (B, H), as `ForecastNetwork` has it."""
    season, ahead = told.season, np.arange(told.horizon)
    seasons = told.context_length // season
    place = graph.constant(ahead % season)
    turn = ahead // season + 1
    whole = _cut(graph, values, -seasons * season)
    each = graph.op("Reshape", whole, graph.constant([0, seasons, season]))
    usual = graph.op("ReduceMean", each, graph.constant([1]), keepdims=0)
    usual = graph.op("Gather", usual, place, axis=1)
    naive = graph.op("Gather", _cut(graph, values, -season), place, axis=1)
    change = _mean(graph, differences)
    lately = _mean(graph, _cut(graph, differences, -max(MIN_RECENT, season // 4)))
    return [
        naive,
        usual,
        graph.op(
            "Gather", values, graph.constant([told.context_length - 1] * told.horizon), axis=1
        ),
        graph.op("Add", naive, lately),
        graph.op("Add", naive, _times(graph, change, turn)),
        graph.op("Add", usual, _times(graph, change, turn + (seasons - 1) / 2)),
        graph.op("Add", graph.op("Sub", usual, _mean(graph, whole)), level),
    ]


def _member(
    graph: Graph, told: ForecasterConfig, member: torch.nn.Module, scaled: ScaledHistory
) -> str:
    """One network's quantiles (B, H, Q) less the naive forecast, scaled."""
    into, layers, out = (getattr(member, name) for name in ("into", "stack", "out"))
    time = graph.constant([told.steps + told.horizon])
    lengths = graph.op("Expand", time, graph.size(scaled.steps, 0))
    x = graph.op("Transpose", graph.linear(scaled.steps, into), perm=[1, 0, 2])
    y = stack(graph, cast("Stack", layers), x, rows_of(graph, scaled.steps, lengths), None)
    said = graph.linear(_cut(graph, graph.op("Transpose", y, perm=[1, 0, 2]), -told.horizon), out)
    each = graph.slices(said, [1] * (BASE_FORECASTS + len(LEVELS)))
    trust = graph.op("Softmax", graph.op("Concat", *each[:BASE_FORECASTS], axis=2), axis=2)
    trusted = graph.op("Mul", trust, scaled.base)
    middle = graph.op("ReduceSum", trusted, graph.constant([2]))
    shift = graph.op("Mul", each[BASE_FORECASTS], graph.number(CORRECTION_SCALE))
    middle = graph.op("Add", middle, shift)
    inner, outer, above, beyond = (graph.op("Softplus", x) for x in each[BASE_FORECASTS + 1 :])
    low, high = graph.op("Sub", middle, inner), graph.op("Add", middle, above)
    ends = graph.op("Sub", low, outer), graph.op("Add", high, beyond)
    return graph.op("Concat", ends[0], low, middle, high, ends[1], axis=2)


def _cut(graph: Graph, x: str, first: int, last: int = np.iinfo(np.int64).max) -> str:
    """From one time to another, of (B, time, ...)."""
    one = graph.constant([1])
    return graph.op("Slice", x, graph.constant([first]), graph.constant([last]), one)


def _mean(graph: Graph, x: str) -> str:
    """(B, time) -> (B, 1)"""
    return graph.op("ReduceMean", x, graph.constant([1]))


def _times(graph: Graph, x: str, factor: npt.ArrayLike) -> str:
    return graph.op("Mul", x, graph.constant(factor, np.float64))


def _together(graph: Graph, xs: list[str]) -> str:
    """N times (B, time) -> (B, time, N)"""
    last = graph.constant([2])
    return graph.op("Concat", *(graph.op("Unsqueeze", x, last) for x in xs), axis=2)


def _trial(model: Forecaster, number: int) -> ParityTrial:
    """Of histories like those learned from, brought to about 1: TOLERANCE is for such numbers."""
    draw = np.random.default_rng(number)
    columns = draw.integers(0, model.last_.shape[1], TRIED[number][0])
    history = model.last_.T[columns] * np.exp(0.1 * draw.normal(size=(1, len(model.last_))))
    size = np.abs(history).mean(1, keepdims=True)
    history /= np.where(size > 0, size, 1)
    with torch.inference_mode():
        quantiles = model.network_(torch.from_numpy(history)).numpy()
    found = stretched(quantiles, model.widths_)
    return ParityTrial(
        {"history": history}, dict(zip(QUANTILES, np.moveaxis(found, 2, 0), strict=True))
    )
