"""A describer as a graph: a vector is looked at, and a description written.

Shapes: B batch, D width of a vector, W width. Inside, time comes first, (T, B, W).
"""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
import torch

from elman.export.onnx.decoder import TEXTS, WRITING, decode, encode_source, generation_trial
from elman.export.onnx.graph import Graph
from elman.export.onnx.layers import gated_mlp
from elman.export.onnx.parity import TRIED, ExportedGraph, ParityTrial
from elman.nn.seq2seq import MAX_DEVIATIONS, EncoderDecoder, VectorEncoder
from elman.tasks.description.model import Describer

DOC = (
    "vector (batch, width), which is looked at: it is given at every step. "
    f"{WRITING} {TEXTS} Of a vector, its tokens are 1."
)


def exported(model: Describer) -> ExportedGraph:
    network = model.network_
    return ExportedGraph(network, DOC, partial(_write, network), partial(_trial, network), {})


def _write(network: EncoderDecoder, graph: Graph) -> None:
    """A vector, tokens and a state in; logits and the state after out."""
    vector = graph.input("vector", np.float32, "batch", network.config.source)
    decode(graph, network, encode_source(graph, network, _encoded(graph, network, vector)), None)


def _encoded(graph: Graph, network: EncoderDecoder, vector: str) -> str:
    """vector (B, D) -> what a decoder looks at (1, B, W)."""
    encoder = cast("VectorEncoder", network.encoder)
    apart = graph.op("Sub", vector, graph.weight(encoder.center))
    scaled = graph.op("Mul", apart, graph.weight(encoder.slope))
    known = graph.op("Where", graph.op("IsNaN", scaled), graph.number(0), scaled)
    near = graph.op("Clip", known, graph.number(-MAX_DEVIATIONS), graph.number(MAX_DEVIATIONS))
    x = graph.linear(near, encoder.into)
    x = graph.op("Add", x, gated_mlp(graph, encoder.mlp, x))
    return graph.op("Unsqueeze", graph.norm(x, encoder.norm), graph.constant([0]))


def _trial(network: EncoderDecoder, number: int) -> ParityTrial:
    """Of vectors like those learned from, and one that is very far off."""
    encoder = cast("VectorEncoder", network.encoder)
    draw = np.random.default_rng([number, 1])
    shape = TRIED[number][0], network.config.source
    with torch.inference_mode():
        deviation = torch.where(encoder.slope > 0, 1 / encoder.slope, 1)
        drawn = torch.from_numpy(draw.normal(size=shape)).float()
        vectors = encoder.center + deviation * drawn
        vectors[1:2, 0] = torch.finfo(vectors.dtype).max
        begun = network.encode(vectors)
    given, expected = generation_trial(network, number, begun)
    return ParityTrial(given | {"vector": vectors.numpy()}, expected)
