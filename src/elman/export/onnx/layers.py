"""ONNX operators of stacks of blocks.

Shapes: T time, B batch, W width. Inside the graph time comes first, (T, B, W).
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from torch import nn

from elman.export.onnx.graph import Graph
from elman.export.onnx.recurrence import KINDS, Recurrence
from elman.nn.blocks import Block, Mixer, Stack
from elman.nn.config import CONVOLUTION_WIDTH


class GraphBatch(NamedTuple):
    """Lengths and mask of a batch, as values of a graph."""

    lengths: str  # (B,)
    real: str  # (T, B, 1) False at padding
    times: str  # (T, 1)


def token_inputs(graph: Graph) -> tuple[str, GraphBatch]:
    """Add the inputs `tokens` and `lengths`; returns tokens as (T, B), and the batch."""
    tokens = graph.input("tokens", np.int64, "batch", "time")
    lengths = graph.input("lengths", np.int64, "batch")
    return graph.op("Transpose", tokens, perm=[1, 0]), graph_batch(graph, tokens, lengths)


def graph_batch(graph: Graph, tokens: str, lengths: str) -> GraphBatch:
    """Lengths and mask of tokens (B, T, ...) with lengths (B,)."""
    count = graph.op("Squeeze", graph.size(tokens, 1), graph.constant([0]))
    times = graph.op("Range", graph.constant(0), count, graph.constant(1))
    times = graph.op("Unsqueeze", times, graph.constant([1]))
    real = graph.op("Unsqueeze", graph.op("Less", times, lengths), graph.constant([2]))
    return GraphBatch(lengths, real, times)


def embed(graph: Graph, embedding: nn.Embedding, tokens: str, scale: float) -> str:
    """Scaled embeddings (T, B, W) of tokens (T, B)."""
    x = graph.op("Gather", graph.weight(embedding.weight), tokens)
    return graph.op("Mul", x, graph.number(scale))


def reverse_rows(graph: Graph, x: str, rows: GraphBatch) -> str:
    """x (T, B, W) with the tokens of each row in reverse order; padding stays at the end."""
    back = graph.op("Sub", graph.op("Sub", rows.lengths, graph.constant(1)), rows.times)
    indices = graph.op("Where", graph.op("Less", back, graph.constant(0)), rows.times, back)
    indices = graph.op("Unsqueeze", indices, graph.constant([2]))
    indices = graph.op("Expand", indices, graph.op("Shape", x))
    return graph.op("GatherElements", x, indices, axis=0)


def stack(graph: Graph, layers: Stack, x: str, rows: GraphBatch, name: str | None) -> str:
    """Output (T, B, W) of a stack for x (T, B, W).

    Args:
        graph: receives the operators.
        layers: the stack.
        x: its input.
        rows: lengths and mask of the batch.
        name: prefix of the state, which becomes an input and an output of the graph; None: the
            state starts as the cell's initial state and is not an output.
    """
    for number, block in enumerate(layers.blocks):
        x = run_block(graph, cast("Block", block), x, rows, name and f"{name}{number}")
    return graph.norm(x, layers.norm)


def run_block(graph: Graph, block: Block, x: str, rows: GraphBatch, name: str | None) -> str:
    """Output (T, B, W) of one block; `name` as in `stack`."""
    return apply_mlp(graph, block, mix(graph, block, x, rows, name))


def mix(graph: Graph, block: Block, x: str, rows: GraphBatch, name: str | None) -> str:
    """Output of the first part of a block, the mixer; `name` as in `stack`."""
    y = _mixer(graph, block.mixer, graph.norm(x, block.mixer_norm), rows, name)
    return _joined(graph, block, x, y)


def apply_mlp(graph: Graph, block: Block, x: str) -> str:
    """Output of the second part of a block, the MLP; x if it has none."""
    return x if block.mlp is None else _joined(graph, block, x, gated_mlp(graph, block.mlp, x))


def gated_mlp(graph: Graph, layers: nn.Module, x: str) -> str:
    """Output of a gated MLP, given as its norm and its layers."""
    norm, mlp = cast("Any", layers)
    normed = graph.norm(x, norm)
    y = graph.silu_gate(graph.linear(normed, mlp.gate), graph.linear(normed, mlp.into))
    return graph.linear(y, mlp.out)


def _joined(graph: Graph, block: Block, x: str, y: str) -> str:
    return graph.op("Add", x, y) if block.residual else y


def _mixer(graph: Graph, mixer: Mixer, x: str, rows: GraphBatch, name: str | None) -> str:
    cell_input = x
    if mixer.convolution is not None:
        cell_input = _convolution(graph, mixer.convolution, x, rows, name)
    recurrence = Recurrence(graph, mixer.cell, cell_input)
    fields = recurrence.program.state
    states = [
        graph.input(f"{name}.{field.name}", KINDS[field.kind], "batch", *field.shape)
        if name
        else _expanded(graph, rows, recurrence.initial(part), field.shape)
        for part, field in enumerate(fields)
    ]
    after, y = recurrence.run(states, rows.real)
    for field, value in zip(fields, after, strict=True):
        if name:
            kind = KINDS[field.kind]
            graph.output(value, f"{name}.{field.name}_after", kind, "batch", *field.shape)
    if mixer.gate is not None:
        y = graph.silu_gate(graph.linear(x, mixer.gate), y)
    return y if mixer.out is None else graph.linear(y, mixer.out)


def _expanded(graph: Graph, rows: GraphBatch, value: str, shape: tuple[int, ...]) -> str:
    """A value broadcast to (B, *shape)."""
    sizes = graph.op("Concat", graph.op("Shape", rows.lengths), graph.constant([*shape]), axis=0)
    return graph.op("Expand", value, sizes)


def _convolution(graph: Graph, layer: Any, x: str, rows: GraphBatch, name: str | None) -> str:
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
        delayed = graph.op("Slice", inputs, graph.constant([past - k]), end, first)
        row = graph.op("Gather", weight, graph.constant(k))
        y = graph.op("Add", y, graph.op("Mul", delayed, row))
    if name:
        indices = graph.constant(np.arange(past)[:, None])
        indices = graph.op("Unsqueeze", graph.op("Add", indices, rows.lengths), graph.constant([2]))
        indices = graph.op("Expand", indices, graph.op("Shape", before))
        last = graph.op("GatherElements", inputs, indices, axis=0)
        last = graph.op("Transpose", last, perm=[1, 0, 2])
        graph.output(last, f"{name}.recent_after", np.float32, "batch", past, hidden_size)
    return y
