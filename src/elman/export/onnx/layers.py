"""Stacks of blocks as graphs, and what they are given.

Shapes: T time, B batch, W width, K the convolution's width. Inside, time comes first, (T, B, W).
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from torch import nn

from elman.export.onnx.graph import Graph
from elman.export.onnx.recurrence import KINDS, Recurrence
from elman.nn.blocks import CONVOLUTION_WIDTH, Block, Mixer, Stack


class GraphRows(NamedTuple):
    """What all layers need to know of the tokens."""

    lengths: str  # (B,)
    real: str  # (T, B, 1) whether a token is one, and no padding
    times: str  # (T, 1)


def begin(graph: Graph) -> tuple[str, GraphRows]:
    """The inputs of a graph that reads tokens: these, as (T, B), and lengths."""
    tokens = graph.input("tokens", np.int64, "batch", "time")
    lengths = graph.input("lengths", np.int64, "batch")
    return graph.op("Transpose", tokens, perm=[1, 0]), rows_of(graph, tokens, lengths)


def rows_of(graph: Graph, tokens: str, lengths: str) -> GraphRows:
    """tokens (B, T, ...), lengths (B,)"""
    count = graph.op("Squeeze", graph.size(tokens, 1), graph.constant([0]))
    times = graph.op("Range", graph.constant(0), count, graph.constant(1))
    times = graph.op("Unsqueeze", times, graph.constant([1]))
    real = graph.op("Unsqueeze", graph.op("Less", times, lengths), graph.constant([2]))
    return GraphRows(lengths, real, times)


def embedded(graph: Graph, embedding: nn.Embedding, tokens: str, scale: float) -> str:
    """tokens (T, B) -> (T, B, W)"""
    x = graph.op("Gather", graph.weight(embedding.weight), tokens)
    return graph.op("Mul", x, graph.number(scale))


def turned(graph: Graph, x: str, rows: GraphRows) -> str:
    """x (T, B, W), each row from its last token to its first; padding stays at the end."""
    back = graph.op("Sub", graph.op("Sub", rows.lengths, graph.constant(1)), rows.times)
    places = graph.op("Where", graph.op("Less", back, graph.constant(0)), rows.times, back)
    places = graph.op("Unsqueeze", places, graph.constant([2]))
    places = graph.op("Expand", places, graph.op("Shape", x))
    return graph.op("GatherElements", x, places, axis=0)


def stack(graph: Graph, layers: Stack, x: str, rows: GraphRows, name: str | None) -> str:
    """x (T, B, W) -> (T, B, W)

    Args:
        name: of the state, which then comes in and goes out; without one it begins as zeros.
    """
    for number, block in enumerate(layers.blocks):
        x = block_of(graph, cast("Block", block), x, rows, name and f"{name}{number}")
    return graph.norm(x, layers.norm)


def block_of(graph: Graph, block: Block, x: str, rows: GraphRows, name: str | None) -> str:
    """x (T, B, W) -> (T, B, W); name: of its state, as `stack` has it."""
    return transformed(graph, block, mixed(graph, block, x, rows, name))


def mixed(graph: Graph, block: Block, x: str, rows: GraphRows, name: str | None) -> str:
    """The first half of a block."""
    y = _mixer(graph, block.mixer, graph.norm(x, block.mixer_norm), rows, name)
    return _joined(graph, block, x, y)


def transformed(graph: Graph, block: Block, x: str) -> str:
    """Its second half, where it has one."""
    return x if block.mlp is None else _joined(graph, block, x, gated_mlp(graph, block.mlp, x))


def gated_mlp(graph: Graph, layers: nn.Module, x: str) -> str:
    """Of a norm and the layers themselves."""
    norm, mlp = cast("Any", layers)
    asked = graph.norm(x, norm)
    y = graph.silu_gate(graph.linear(asked, mlp.gate), graph.linear(asked, mlp.into))
    return graph.linear(y, mlp.out)


def _joined(graph: Graph, block: Block, x: str, y: str) -> str:
    return graph.op("Add", x, y) if block.residual else y


def _mixer(graph: Graph, mixer: Mixer, x: str, rows: GraphRows, name: str | None) -> str:
    mixed = x
    if mixer.convolution is not None:
        mixed = _convolution(graph, mixer.convolution, x, rows, name)
    recurrence = Recurrence(graph, mixer.cell, mixed)
    fields = recurrence.program.state
    states = [
        graph.input(f"{name}.{field.name}", KINDS[field.kind], "batch", *field.shape)
        if name
        else _expanded(graph, rows, recurrence.initial(part), field.shape)
        for part, field in enumerate(fields)
    ]
    after, y = recurrence.run(states, rows.real)
    for field, following in zip(fields, after, strict=True):
        if name:
            kind = KINDS[field.kind]
            graph.output(following, f"{name}.{field.name}_after", kind, "batch", *field.shape)
    if mixer.gate is not None:
        y = graph.silu_gate(graph.linear(x, mixer.gate), y)
    return y if mixer.out is None else graph.linear(y, mixer.out)


def _expanded(graph: Graph, rows: GraphRows, value: str, shape: tuple[int, ...]) -> str:
    """A value as (B, *shape), the same for every row."""
    sizes = graph.op("Concat", graph.op("Shape", rows.lengths), graph.constant([*shape]), axis=0)
    return graph.op("Expand", value, sizes)


def _convolution(graph: Graph, layer: Any, x: str, rows: GraphRows, name: str | None) -> str:
    past, hidden_size = CONVOLUTION_WIDTH - 1, layer.weight.shape[1]
    if name:
        recent = graph.input(f"{name}.recent", np.float32, "batch", past, hidden_size)
    else:
        recent = _expanded(graph, rows, graph.number(0), (past, hidden_size))
    before = graph.op("Transpose", recent, perm=[1, 0, 2])
    inputs = graph.op("Concat", before, x, axis=0)
    weight, y = graph.weight(layer.weight), graph.weight(layer.bias)
    first = graph.constant([0])
    for k in range(CONVOLUTION_WIDTH):
        end = graph.constant([-k if k else np.iinfo(np.int64).max])
        there = graph.op("Slice", inputs, graph.constant([past - k]), end, first)
        row = graph.op("Gather", weight, graph.constant(k))
        y = graph.op("Add", y, graph.op("Mul", there, row))
    if name:
        places = graph.constant(np.arange(past)[:, None])
        places = graph.op("Unsqueeze", graph.op("Add", places, rows.lengths), graph.constant([2]))
        places = graph.op("Expand", places, graph.op("Shape", before))
        following = graph.op("GatherElements", inputs, places, axis=0)
        following = graph.op("Transpose", following, perm=[1, 0, 2])
        graph.output(following, f"{name}.recent_after", np.float32, "batch", past, hidden_size)
    return y
