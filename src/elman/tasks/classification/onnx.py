"""A classifier as a graph.

Shapes: T time, B batch, C classes, R the width of what is read. Inside, time comes first.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from elman.export.onnx.encoder import WORDS, read, word_inputs
from elman.export.onnx.graph import Graph, Names
from elman.export.onnx.layers import GraphRows, begin
from elman.export.onnx.parity import Arrays, ExportedGraph, ParityTrial
from elman.export.onnx.parity_inputs import drawn_padded, named_states
from elman.nn.blocks import Stack
from elman.nn.classifier import BELOW_ALL, ClassifierNetwork
from elman.nn.encoder import Encoder
from elman.tasks.classification.model import Classifier

DOC = (
    "tokens (batch, time) and lengths (batch,) -> the probability of each label. An impression "
    f"to read on from begins as zeros, most as -10000. {WORDS}"
)


def exported(model: Classifier) -> ExportedGraph:
    network, temperature = model.network_, model.calibration_.temperature
    write = partial(_write, network, temperature)
    return ExportedGraph(network, DOC, write, partial(_trial, network, temperature), {})


def _write(network: ClassifierNetwork, temperature: float, graph: Graph) -> None:
    """Tokens in, the classes' probabilities out; in one direction, an impression in and out."""
    tokens, rows = begin(graph)
    words = word_inputs(graph, network.config)
    answers = [
        _member(graph, encoder, output, tokens, words, rows, f"member{number}")
        for number, (encoder, output) in enumerate(
            zip(network.encoders, network.outputs, strict=True)
        )
    ]
    together = graph.op(
        "ReduceLogSumExp", graph.op("Concat", *answers, axis=0), graph.constant([0]), keepdims=0
    )
    calm = graph.op("Div", together, graph.number(temperature))
    probabilities = graph.op("Softmax", calm, axis=-1)
    graph.output(probabilities, "probabilities", np.float32, "batch", network.classes)


def _member(
    graph: Graph,
    encoder: Encoder,
    output: nn.Linear,
    tokens: str,
    words: Names,
    rows: GraphRows,
    name: str,
) -> str:
    """-> the logs of its probabilities (1, B, C)"""
    one_way = len(encoder.stacks) == 1
    # Which place is whose matters to no pooling.
    ys = read(graph, encoder, tokens, words, rows, f"{name}.state" if one_way else None)
    y = graph.op("Concat", *ys, axis=2)
    first = graph.constant([0])
    masked = graph.op("Where", rows.real, y, graph.number(BELOW_ALL))
    most = graph.op("ReduceMax", masked, first, keepdims=0)
    zeroed = graph.op("Where", rows.real, y, graph.number(0))
    total = graph.op("ReduceSum", zeroed, first, keepdims=0)
    count = graph.op("Cast", rows.lengths, to=1)
    count = graph.op("Unsqueeze", count, graph.constant([1]))
    if one_way:
        hidden_size = encoder.config.hidden_size
        most = _carried(graph, "Max", most, f"{name}.most", hidden_size)
        total = _carried(graph, "Add", total, f"{name}.total", hidden_size)
        count = _carried(graph, "Add", count, f"{name}.tokens", 1)
    pooled = graph.op("Concat", most, graph.op("Div", total, count), axis=1)
    logits = graph.op("LogSoftmax", graph.linear(pooled, output), axis=-1)
    return graph.op("Unsqueeze", logits, first)


def _carried(graph: Graph, kind: str, value: str, name: str, hidden_size: int) -> str:
    """A value joined with that of what was read before, and handed on."""
    joined = graph.op(kind, value, graph.input(name, np.float32, "batch", hidden_size))
    graph.output(joined, f"{name}_after", np.float32, "batch", hidden_size)
    return joined


def _trial(network: ClassifierNetwork, temperature: float, number: int) -> ParityTrial:
    given, padded = drawn_padded(number, network.config)
    one_way = network.config.directions == 1
    with torch.inference_mode():
        before = network.initial_state(len(padded.lengths))
        if one_way:  # an impression of something
            _, before = network(padded, before)
        answers, after = network(padded, before)
        probabilities = (answers.double() / temperature).softmax(1).float()
    expected = {"probabilities": probabilities.numpy()}
    if one_way:
        given |= _impressions(network, before)
        expected |= _impressions(network, after, "_after")
    return ParityTrial(given, expected)


def _impressions(network: ClassifierNetwork, impressions: Any, ending: str = "") -> Arrays:
    found: Arrays = {}
    for number, (encoder, impression) in enumerate(zip(network.encoders, impressions, strict=True)):
        name, blocks = f"member{number}", cast("Stack", encoder.stacks[0]).blocks
        found |= named_states(f"{name}.state", blocks, impression.states[0], ending)
        for field in ("most", "total", "tokens"):
            found[f"{name}.{field}{ending}"] = getattr(impression, field).numpy(force=True)
    return found
