"""The ONNX graph of a describer.

Shapes: B batch, D size of a vector, W hidden size. Inside the graph time comes first, (T, B, W).
"""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
import torch

from elman.export.onnx.decoder import DECODING, TEXTS, decode, decoder_trial, project_memory
from elman.export.onnx.graph import Graph
from elman.export.onnx.layers import gated_mlp
from elman.export.onnx.parity import TRIAL_SHAPES, ExportedGraph, ParityTrial
from elman.nn.config import MAX_DEVIATIONS
from elman.nn.seq2seq import EncoderDecoder, VectorEncoder
from elman.tasks.description.model import Describer

DOC = (
    f"vector (batch, width), an input of every step. {DECODING} {TEXTS} A vector counts as one "
    "source token."
)

ALONE = "The graph holds the network alone: the nearest vectors stay in the model file."


def exported(model: Describer) -> ExportedGraph:
    network = model.network_
    write, trial = partial(_write, network), partial(_trial, network)
    limitation = ALONE if model.nearest_ is not None else None
    return ExportedGraph(network, DOC, write, trial, {}, limitation)


def _write(network: EncoderDecoder, graph: Graph) -> None:
    vector = graph.input("vector", np.float32, "batch", network.config.source)
    decode(graph, network, project_memory(graph, network, _encoded(graph, network, vector)), None)


def _encoded(graph: Graph, network: EncoderDecoder, vector: str) -> str:
    """The output (1, B, W) of the encoder for vector (B, D)."""
    encoder = cast("VectorEncoder", network.encoder)
    centered = graph.op("Sub", vector, graph.weight(encoder.center))
    scaled = graph.op("Mul", centered, graph.weight(encoder.slope))
    known = graph.op("Where", graph.op("IsNaN", scaled), graph.number(0), scaled)
    clipped = graph.op("Clip", known, graph.number(-MAX_DEVIATIONS), graph.number(MAX_DEVIATIONS))
    x = graph.linear(clipped, encoder.into)
    x = graph.op("Add", x, gated_mlp(graph, encoder.mlp, x))
    return graph.op("Unsqueeze", graph.norm(x, encoder.norm), graph.constant([0]))


def _trial(network: EncoderDecoder, number: int) -> ParityTrial:
    """Vectors distributed like the training data, and an outlier that is clipped."""
    encoder = cast("VectorEncoder", network.encoder)
    generator = np.random.default_rng([number, 1])
    shape = TRIAL_SHAPES[number][0], network.config.source
    with torch.inference_mode():
        deviation = torch.where(encoder.slope > 0, 1 / encoder.slope, 1)
        noise = torch.from_numpy(generator.normal(size=shape)).float()
        vectors = encoder.center + deviation * noise
        vectors[1:2, 0] = torch.finfo(vectors.dtype).max
        start = network.encode(vectors)
    inputs, expected = decoder_trial(network, number, start)
    return ParityTrial(inputs | {"vector": vectors.numpy()}, expected)
