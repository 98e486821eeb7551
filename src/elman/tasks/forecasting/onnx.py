"""The ONNX graph of a forecaster, from values to quantiles with calibrated intervals.

Shapes: B windows, R context length, C steps of the network in it, H the horizon, T = C + H, F
inputs of a step, S base forecasts, Q levels.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch

from elman.export.onnx.graph import Graph
from elman.export.onnx.layers import graph_batch, stack
from elman.export.onnx.parity import TRIAL_SHAPES, ExportedGraph, ParityTrial
from elman.nn.blocks import Stack
from elman.nn.compiled.forecaster import (
    BASE_FORECASTS,
    CORRECTION_SCALE,
    MIN_RECENT,
    MIN_SCALE,
    MIN_SPREAD,
    TINY,
)
from elman.nn.config import LEVELS, MEDIAN, ForecasterConfig
from elman.nn.forecaster import ForecastNetwork, LinearForecast
from elman.tasks.forecasting.model import Forecaster
from elman.tasks.forecasting.windows import scale_intervals

DOC = (
    "history (batch, values), the last values of a series, as many as the model needs -> for each "
    "step of the horizon the median and the ends of the 80 % and 95 % intervals. That of the "
    "training series is `history` in the metadata, in the order of the names."
)

QUANTILES = ("low_95", "low_80", "median", "high_80", "high_95")
"""The outputs, in the order of LEVELS."""


class ScaledHistory(NamedTuple):
    """Standardised windows, as `elman.nn.forecaster.ScaledWindow`."""

    steps: str  # (B, T, F)
    base: str  # (B, H, S)
    naive: str  # (B, H) float64
    scale: str  # (B, 1) float64


def exported(model: Forecaster) -> ExportedGraph:
    metadata = {"history": model.last_.T.tolist()}
    write, trial = partial(_write, model), partial(_trial, model)
    return ExportedGraph(model.network_, DOC, write, trial, metadata)


def _write(model: Forecaster, graph: Graph) -> None:
    config = model.network_.config
    history = graph.input("history", np.float64, "batch", len(model.last_))
    quantiles = _quantiles(graph, model.network_, history)
    for name, value in zip(
        QUANTILES, _scale_intervals(graph, quantiles, model.widths_), strict=True
    ):
        graph.output(value, name, np.float64, "batch", config.horizon)


def _quantiles(graph: Graph, network: ForecastNetwork, history: str) -> str:
    """history (B, R) -> (B, H, Q) float64"""
    config = network.config
    values = graph.op("Log", history) if config.logarithm else history
    scaled = _scaled(graph, config, _time_slice(graph, values, -config.context_length))
    members = [_member(graph, config, member, scaled) for member in network.members]
    mean = graph.op("Cast", graph.op("Mean", *members), to=11)
    last = graph.constant([2])
    corrections = graph.op("Mul", graph.op("Unsqueeze", scaled.scale, last), mean)
    quantiles = graph.op("Add", graph.op("Unsqueeze", scaled.naive, last), corrections)
    if network.counts is not None:
        linear = graph.op("Unsqueeze", _linear(graph, network.counts, values), last)
        middle = graph.slices(quantiles, [1] * len(LEVELS))[MEDIAN]
        moved = graph.op("Sub", linear, middle)
        quantiles = graph.op("Add", quantiles, _multiply(graph, moved, network.counts.share))
    return graph.op("Exp", quantiles) if config.logarithm else quantiles


def _linear(graph: Graph, counts: LinearForecast, values: str) -> str:
    """The linear forecast (B, H) float64, as in `LinearForecast`."""
    last = _time_slice(graph, values, -1)
    differences = graph.op("Sub", _time_slice(graph, values, -counts.window), last)
    matrix = counts.matrix.view(counts.horizon, counts.window).numpy(force=True)
    # float32 in the file, widened in the graph, as the module does.
    weights = graph.op("Cast", graph.constant(matrix.T, np.float32), to=11)
    return graph.op("Add", last, graph.op("MatMul", differences, weights))


def _scale_intervals(graph: Graph, quantiles: str, widths: tuple[float, float]) -> list[str]:
    """Each quantile (B, H), in ascending order, with intervals scaled by their widths."""
    inner, outer = widths
    middle = graph.slices(quantiles, [1] * len(LEVELS))[QUANTILES.index("median")]
    factors = graph.constant([outer, inner, 1, inner, outer], np.float64)
    scaled = graph.op("Add", middle, graph.op("Mul", graph.op("Sub", quantiles, middle), factors))
    levels = graph.slices(graph.sort(scaled, len(LEVELS)), [1] * len(LEVELS))
    return [graph.op("Squeeze", level, graph.constant([2])) for level in levels]


def _scaled(graph: Graph, config: ForecasterConfig, values: str) -> ScaledHistory:
    """Windows of values (B, R), standardised by their level and scale."""
    differences = graph.op(
        "Sub",
        _time_slice(graph, values, config.season),
        _time_slice(graph, values, 0, -config.season),
    )
    level = _mean(graph, _time_slice(graph, values, -config.season))
    spread = _mean(graph, graph.op("Abs", graph.op("Sub", values, level)))
    rounding = _multiply(graph, _mean(graph, graph.op("Abs", values)), MIN_SPREAD)
    spread = graph.op("Sum", spread, rounding, graph.constant(TINY, np.float64))
    minimum = _multiply(graph, spread, MIN_SCALE)
    scale = graph.op("Add", _mean(graph, graph.op("Abs", differences)), minimum)
    forecasts = _base_forecasts(graph, config, values, differences, level)
    naive = forecasts[0]
    base = [graph.op("Div", graph.op("Sub", each, naive), scale) for each in forecasts]

    def standardised(x: str) -> str:
        return graph.op("Div", graph.op("Sub", x, level), spread)

    changes = graph.op("Div", _time_slice(graph, differences, -config.steps), scale)
    past = _stack_last(graph, [standardised(_time_slice(graph, values, -config.steps)), changes])
    future = _stack_last(graph, [standardised(naive), base[1]])
    inputs = graph.op("Concat", past, future, axis=1)
    ahead = np.arange(1 - config.steps, config.horizon + 1).clip(min=0) / config.horizon
    position = graph.constant(np.stack([ahead > 0, ahead], 1)[None], np.float64)
    sizes = graph.op("Concat", graph.size(values, 0), graph.constant([1, 1]), axis=0)
    steps = graph.op("Concat", inputs, graph.op("Expand", position, sizes), axis=2)
    narrow = [graph.op("Cast", x, to=1) for x in (steps, _stack_last(graph, base))]
    return ScaledHistory(narrow[0], narrow[1], naive, scale)


def _base_forecasts(
    graph: Graph, config: ForecasterConfig, values: str, differences: str, level: str
) -> list[str]:
    """The base forecasts (B, H), as in `ForecastNetwork`."""
    season, ahead = config.season, np.arange(config.horizon)
    seasons = config.context_length // season
    phase = graph.constant(ahead % season)
    seasons_ahead = ahead // season + 1
    whole_seasons = _time_slice(graph, values, -seasons * season)
    by_season = graph.op("Reshape", whole_seasons, graph.constant([0, seasons, season]))
    mean = graph.op("ReduceMean", by_season, graph.constant([1]), keepdims=0)
    mean = graph.op("Gather", mean, phase, axis=1)
    naive = graph.op("Gather", _time_slice(graph, values, -season), phase, axis=1)
    change = _mean(graph, differences)
    recent_change = _mean(graph, _time_slice(graph, differences, -max(MIN_RECENT, season // 4)))
    return [
        naive,
        mean,
        graph.op(
            "Gather", values, graph.constant([config.context_length - 1] * config.horizon), axis=1
        ),
        graph.op("Add", naive, recent_change),
        graph.op("Add", naive, _multiply(graph, change, seasons_ahead)),
        graph.op("Add", mean, _multiply(graph, change, seasons_ahead + (seasons - 1) / 2)),
        graph.op("Add", graph.op("Sub", mean, _mean(graph, whole_seasons)), level),
    ]


def _member(
    graph: Graph, config: ForecasterConfig, member: torch.nn.Module, scaled: ScaledHistory
) -> str:
    """Scaled differences (B, H, Q) of the quantiles of one network from the naive forecast."""
    into, layers, out = (getattr(member, name) for name in ("into", "stack", "out"))
    time = graph.constant([config.steps + config.horizon])
    lengths = graph.op("Expand", time, graph.size(scaled.steps, 0))
    x = graph.op("Transpose", graph.linear(scaled.steps, into), perm=[1, 0, 2])
    y = stack(graph, cast("Stack", layers), x, graph_batch(graph, scaled.steps, lengths), None)
    outputs = graph.linear(
        _time_slice(graph, graph.op("Transpose", y, perm=[1, 0, 2]), -config.horizon), out
    )
    each = graph.slices(outputs, [1] * (BASE_FORECASTS + len(LEVELS)))
    mixture_weights = graph.op(
        "Softmax", graph.op("Concat", *each[:BASE_FORECASTS], axis=2), axis=2
    )
    weighted = graph.op("Mul", mixture_weights, scaled.base)
    middle = graph.op("ReduceSum", weighted, graph.constant([2]))
    correction = graph.op("Mul", each[BASE_FORECASTS], graph.number(CORRECTION_SCALE))
    middle = graph.op("Add", middle, correction)
    inner, outer, above, beyond = (graph.op("Softplus", x) for x in each[BASE_FORECASTS + 1 :])
    low, high = graph.op("Sub", middle, inner), graph.op("Add", middle, above)
    ends = graph.op("Sub", low, outer), graph.op("Add", high, beyond)
    return graph.op("Concat", ends[0], low, middle, high, ends[1], axis=2)


def _time_slice(graph: Graph, x: str, first: int, last: int = np.iinfo(np.int64).max) -> str:
    """Times first to last of x (B, time, ...)."""
    one = graph.constant([1])
    return graph.op("Slice", x, graph.constant([first]), graph.constant([last]), one)


def _mean(graph: Graph, x: str) -> str:
    """Mean over time: (B, time) -> (B, 1)."""
    return graph.op("ReduceMean", x, graph.constant([1]))


def _multiply(graph: Graph, x: str, factor: npt.ArrayLike) -> str:
    return graph.op("Mul", x, graph.constant(factor, np.float64))


def _stack_last(graph: Graph, xs: list[str]) -> str:
    """Stack N values (B, time) to (B, time, N)."""
    last = graph.constant([2])
    return graph.op("Concat", *(graph.op("Unsqueeze", x, last) for x in xs), axis=2)


def _trial(model: Forecaster, number: int) -> ParityTrial:
    """Perturbed training histories, scaled to about 1, the size that TOLERANCE assumes."""
    generator = np.random.default_rng(number)
    columns = generator.integers(0, model.last_.shape[1], TRIAL_SHAPES[number][0])
    history = model.last_.T[columns] * np.exp(0.1 * generator.normal(size=(1, len(model.last_))))
    size = np.abs(history).mean(1, keepdims=True)
    history /= np.where(size > 0, size, 1)
    with torch.inference_mode():
        quantiles = model.network_(torch.from_numpy(history)).numpy()
    found = scale_intervals(quantiles, model.widths_)
    return ParityTrial(
        {"history": history}, dict(zip(QUANTILES, np.moveaxis(found, 2, 0), strict=True))
    )
