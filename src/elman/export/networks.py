"""Networks as graphs: a stack of blocks, and what stands around it in each application.

Shapes: T time, B batch, W width, K the convolution's width, V vocabulary, F distinct words, G their
n-grams, C classes, R the width of what is read. Inside, time comes first, (T, B, W).
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np

from elman.export.graph import Graph, Names
from elman.export.recurrence import run_cell
from elman.network import ClassNetwork, ClassReader, Reader, Stack, SymbolNetwork
from elman.network.blocks import CONVOLUTION_WIDTH, Block, Mixer
from elman.network.classifier import BELOW_ALL


class Rows(NamedTuple):
    """What all layers need to know of the symbols."""

    lengths: str  # (B,)
    real: str  # (T, B, 1) whether a symbol is one, and no padding
    times: str  # (T, 1)


def begin(graph: Graph) -> tuple[str, Rows]:
    """The inputs that every graph has: symbols, as (T, B), and lengths."""
    symbols = graph.input("symbols", np.int64, "batch", "time")
    lengths = graph.input("lengths", np.int64, "batch")
    count = graph.op("Squeeze", graph.size(symbols, 1), graph.constant([0]))
    times = graph.op("Range", graph.constant(0), count, graph.constant(1))
    times = graph.op("Unsqueeze", times, graph.constant([1]))
    real = graph.op("Unsqueeze", graph.op("Less", times, lengths), graph.constant([2]))
    return graph.op("Transpose", symbols, perm=[1, 0]), Rows(lengths, real, times)


def language(graph: Graph, network: SymbolNetwork) -> None:
    """Symbols and a state in, logits and the state after out."""
    symbols, rows = begin(graph)
    x = graph.op("Gather", graph.weight(network.embedding.weight), symbols)
    x = graph.op("Mul", x, graph.number(network.scale))
    y = stack(graph, network.stack, x, rows, "state")
    logits = graph.op("Transpose", graph.linear(y, network.output), perm=[1, 0, 2])
    graph.output(logits, "logits", np.float32, "batch", "time", network.architecture.vocabulary)


def classifier(graph: Graph, network: ClassNetwork, temperature: float) -> None:
    """Symbols in, the classes' probabilities out; in one direction, an impression in and out."""
    symbols, rows = begin(graph)
    words = _words(graph) if network.reading.buckets else None
    answers = [
        _member(graph, cast("ClassReader", member), symbols, words, rows, f"member{number}")
        for number, member in enumerate(network.members)
    ]
    together = graph.op(
        "ReduceLogSumExp", graph.op("Concat", *answers, axis=0), graph.constant([0]), keepdims=0
    )
    calm = graph.op("Div", together, graph.number(temperature))
    probabilities = graph.op("Softmax", calm, axis=-1)
    graph.output(probabilities, "probabilities", np.float32, "batch", network.classes)


def _words(graph: Graph) -> Names:
    """The distinct words of a batch, in which its symbols are places."""
    return [
        graph.input("numbers", np.int64, "words"),
        graph.input("ngrams", np.int64, "ngrams"),
        graph.input("ngram_words", np.int64, "ngrams"),
        graph.input("ngram_weights", np.float32, "ngrams"),
    ]


def _member(
    graph: Graph, member: ClassReader, symbols: str, words: Names | None, rows: Rows, name: str
) -> str:
    """-> the logs of its probabilities (1, B, C)"""
    reader = member.reader
    x = graph.op("Gather", _table(graph, reader, words), symbols)
    one_way = len(reader.stacks) == 1
    y = stack(graph, cast("Stack", reader.stacks[0]), x, rows, f"{name}.state" if one_way else None)
    if not one_way:
        # Each row from its last symbol to its first; which place is whose matters to no pooling.
        back = graph.op("Sub", graph.op("Sub", rows.lengths, graph.constant(1)), rows.times)
        places = graph.op("Where", graph.op("Less", back, graph.constant(0)), rows.times, back)
        whole = graph.op("Shape", x)
        places = graph.op("Expand", graph.op("Unsqueeze", places, graph.constant([2])), whole)
        turned = graph.op("GatherElements", x, places, axis=0)
        other = stack(graph, cast("Stack", reader.stacks[1]), turned, rows, None)
        y = graph.op("Concat", y, other, axis=2)
    first = graph.constant([0])
    masked = graph.op("Where", rows.real, y, graph.number(BELOW_ALL))
    most = graph.op("ReduceMax", masked, first, keepdims=0)
    zeroed = graph.op("Where", rows.real, y, graph.number(0))
    total = graph.op("ReduceSum", zeroed, first, keepdims=0)
    read = graph.op("Cast", rows.lengths, to=1)
    read = graph.op("Unsqueeze", read, graph.constant([1]))
    if one_way:
        width = reader.reading.width
        most = _carried(graph, "Max", most, f"{name}.most", width)
        total = _carried(graph, "Add", total, f"{name}.total", width)
        read = _carried(graph, "Add", read, f"{name}.symbols", 1)
    pooled = graph.op("Concat", most, graph.op("Div", total, read), axis=1)
    logits = graph.op("LogSoftmax", graph.linear(pooled, member.output), axis=-1)
    return graph.op("Unsqueeze", logits, first)


def _carried(graph: Graph, kind: str, value: str, name: str, width: int) -> str:
    """A value joined with that of what was read before, and handed on."""
    joined = graph.op(kind, value, graph.input(name, np.float32, "batch", width))
    graph.output(joined, f"{name}_after", np.float32, "batch", width)
    return joined


def _table(graph: Graph, reader: Reader, words: Names | None) -> str:
    """The vectors that the symbols are places in: (F, W) or (V, W)."""
    embedding = cast("Any", reader.embedding)
    if words is None:
        return graph.weight(embedding.weight)
    numbers, ngrams, owners, weights = words
    own = graph.op("Gather", graph.weight(embedding.own.weight), numbers)
    found = graph.op("Gather", graph.weight(embedding.ngrams.weight), ngrams)
    one = graph.constant([1])
    weighed = graph.op("Mul", found, graph.op("Unsqueeze", weights, one))
    return graph.op("ScatterND", own, graph.op("Unsqueeze", owners, one), weighed, reduction="add")


def stack(graph: Graph, layers: Stack, x: str, rows: Rows, name: str | None) -> str:
    """x (T, B, W) -> (T, B, W)

    Args:
        name: of the state, which then comes in and goes out; without one it begins as zeros.
    """
    for number, block in enumerate(layers.blocks):
        x = _block(graph, cast("Block", block), x, rows, name and f"{name}{number}")
    return graph.norm(x, layers.norm)


def _block(graph: Graph, block: Block, x: str, rows: Rows, name: str | None) -> str:
    y = _mixer(graph, block.mixer, graph.norm(x, block.mixer_norm), rows, name)
    x = _joined(graph, block, x, y)
    if block.mlp is not None:
        norm, mlp = cast("Any", block.mlp)
        asked = graph.norm(x, norm)
        y = graph.silu_gate(graph.linear(asked, mlp.gate), graph.linear(asked, mlp.into))
        x = _joined(graph, block, x, graph.linear(y, mlp.out))
    return x


def _joined(graph: Graph, block: Block, x: str, y: str) -> str:
    return graph.op("Add", x, y) if block.residual else y


def _mixer(graph: Graph, mixer: Mixer, x: str, rows: Rows, name: str | None) -> str:
    mixed = x
    if mixer.convolution is not None:
        mixed = _convolution(graph, mixer.convolution, x, rows, name)
    begun = mixer.initial_state(1).cell
    fields = {field: tensor.numpy(force=True) for field, tensor in begun._asdict().items()}
    states = [
        _state(graph, rows, name and f"{name}.{field}", value.dtype, value.shape[1:])
        for field, value in fields.items()
    ]
    after, y = run_cell(graph, mixer.cell, mixed, states, rows.real)
    for (field, value), following in zip(fields.items(), after, strict=True):
        if name:
            shape = ("batch", *value.shape[1:])
            graph.output(following, f"{name}.{field}_after", value.dtype, *shape)
    if mixer.gate is not None:
        y = graph.silu_gate(graph.linear(x, mixer.gate), y)
    return y if mixer.out is None else graph.linear(y, mixer.out)


def _state(graph: Graph, rows: Rows, name: str | None, kind: Any, shape: tuple[int, ...]) -> str:
    """A part of a state (B, ...): given by the caller, or zeros."""
    if name:
        return graph.input(name, kind, "batch", *shape)
    sizes = graph.op("Concat", graph.op("Shape", rows.lengths), graph.constant([*shape]), axis=0)
    return graph.op("Expand", graph.constant(0, kind), sizes)


def _convolution(graph: Graph, layer: Any, x: str, rows: Rows, name: str | None) -> str:
    past, width = CONVOLUTION_WIDTH - 1, layer.weight.shape[1]
    recent = _state(graph, rows, name and f"{name}.recent", np.float32, (past, width))
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
        graph.output(following, f"{name}.recent_after", np.float32, "batch", past, width)
    return y
