"""The ONNX graph of a classifier.

Shapes: T time, B batch, C classes. Inside the graph time comes first.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from elman.export.onnx.encoder import WORDS, run_encoder, word_inputs
from elman.export.onnx.graph import Graph, Names
from elman.export.onnx.layers import GraphBatch, token_inputs
from elman.export.onnx.parity import Arrays, ExportedGraph, ParityTrial
from elman.export.onnx.parity_inputs import named_states, random_batch
from elman.nn.blocks import Stack
from elman.nn.classifier import BELOW_ALL, ClassifierNetwork
from elman.nn.encoder import Encoder
from elman.tasks.classification.model import Classifier
from elman.tasks.classification.serialization import Calibration

DOC = (
    "tokens (batch, time) and lengths (batch,) -> the probability of each label. The state of a "
    f"text that goes on is initially zeros, and -10000 for `most`, a running maximum. {WORDS}"
)

SCORES = (
    "The linear part of the model works on text and is not in the graph: give its scores, of "
    "`model.linear_.scores(texts)` (batch, labels), or zeros, with which the network answers alone."
)


def exported(model: Classifier) -> ExportedGraph:
    network, calibration = model.network_, model.calibration_
    write = partial(_write, network, calibration, model.linear_ is not None)
    trial = partial(_trial, network, calibration, model.linear_ is not None)
    limitation = None if model.linear_ is None else SCORES
    return ExportedGraph(network, DOC, write, trial, {}, limitation)


def _write(
    network: ClassifierNetwork, calibration: Calibration, with_scores: bool, graph: Graph
) -> None:
    tokens, rows = token_inputs(graph)
    words = word_inputs(graph, network.config)
    members = [
        _member(graph, encoder, output, tokens, words, rows, f"member{number}")
        for number, (encoder, output) in enumerate(
            zip(network.encoders, network.outputs, strict=True)
        )
    ]
    log_sum = graph.op(
        "ReduceLogSumExp", graph.op("Concat", *members, axis=0), graph.constant([0]), keepdims=0
    )
    calibrated = graph.op("Div", log_sum, graph.number(calibration.temperature))
    if with_scores:
        scores = graph.input("scores", np.float32, "batch", network.classes)
        weighted = graph.op("Mul", scores, graph.number(calibration.counts_weight))
        calibrated = graph.op("Add", calibrated, weighted)
    probabilities = graph.op("Softmax", calibrated, axis=-1)
    graph.output(probabilities, "probabilities", np.float32, "batch", network.classes)


def _member(
    graph: Graph,
    encoder: Encoder,
    output: nn.Linear,
    tokens: str,
    words: Names,
    rows: GraphBatch,
    name: str,
) -> str:
    """Log-probabilities (1, B, C) of one network of the ensemble."""
    unidirectional = len(encoder.stacks) == 1
    # Pooling does not depend on the order of the tokens, so it needs no aligned directions.
    ys = run_encoder(
        graph, encoder, tokens, words, rows, f"{name}.state" if unidirectional else None
    )
    y = graph.op("Concat", *ys, axis=2)
    first = graph.constant([0])
    masked = graph.op("Where", rows.real, y, graph.number(BELOW_ALL))
    most = graph.op("ReduceMax", masked, first, keepdims=0)
    zeroed = graph.op("Where", rows.real, y, graph.number(0))
    total = graph.op("ReduceSum", zeroed, first, keepdims=0)
    count = graph.op("Cast", rows.lengths, to=1)
    count = graph.op("Unsqueeze", count, graph.constant([1]))
    if unidirectional:
        hidden_size = encoder.config.hidden_size
        most = _accumulate(graph, "Max", most, f"{name}.most", hidden_size)
        total = _accumulate(graph, "Add", total, f"{name}.total", hidden_size)
        count = _accumulate(graph, "Add", count, f"{name}.tokens", 1)
    # A row that has had no token yet is pooled to zeros.
    is_empty = graph.op("Less", count, graph.number(1))
    most = graph.op("Where", is_empty, graph.number(0), most)
    mean = graph.op("Div", total, graph.op("Max", count, graph.number(1)))
    pooled = graph.op("Concat", most, mean, axis=1)
    logits = graph.op("LogSoftmax", graph.linear(pooled, output), axis=-1)
    return graph.op("Unsqueeze", logits, first)


def _accumulate(graph: Graph, kind: str, value: str, name: str, hidden_size: int) -> str:
    """Combine a value with that of the text before, an input, and output the result."""
    joined = graph.op(kind, value, graph.input(name, np.float32, "batch", hidden_size))
    graph.output(joined, f"{name}_after", np.float32, "batch", hidden_size)
    return joined


def _trial(
    network: ClassifierNetwork, calibration: Calibration, with_scores: bool, number: int
) -> ParityTrial:
    inputs, padded = random_batch(number, network.config)
    unidirectional = network.config.directions == 1
    with torch.inference_mode():
        before = network.initial_state(len(padded.lengths))
        if unidirectional:  # start from a state that is not initial
            _, before = network(padded, before)
        logits, after = network(padded, before)
    scores = None
    if with_scores:
        shape = (len(logits), network.classes)
        scores = np.random.default_rng(number).normal(size=shape).astype(np.float32)
        inputs["scores"] = scores
    probabilities = calibration.probabilities(logits.numpy(), scores).astype(np.float32)
    expected = {"probabilities": probabilities}
    if unidirectional:
        inputs |= _pooling_states(network, before)
        expected |= _pooling_states(network, after, "_after")
    return ParityTrial(inputs, expected)


def _pooling_states(network: ClassifierNetwork, states: Any, ending: str = "") -> Arrays:
    arrays: Arrays = {}
    for number, (encoder, state) in enumerate(zip(network.encoders, states, strict=True)):
        name, blocks = f"member{number}", cast("Stack", encoder.stacks[0]).blocks
        arrays |= named_states(f"{name}.state", blocks, state.states[0], ending)
        for field in ("most", "total", "tokens"):
            arrays[f"{name}.{field}{ending}"] = getattr(state, field).numpy(force=True)
    return arrays
