"""A translator as a graph: a source is read where one is given, and else what was read before is
looked at.

Shapes: B batch, S source time, W width, N heads, E = W / N. Inside, time comes first, (S, B, W).
"""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
import torch

from elman.export.onnx.decoder import (
    TEXTS,
    WRITING,
    EncodedSource,
    decode,
    encode_source,
    generation_trial,
)
from elman.export.onnx.graph import Graph, Names
from elman.export.onnx.layers import block_of, embedded, rows_of, turned
from elman.export.onnx.parity import TRIED, Arrays, ExportedGraph, ParityTrial
from elman.nn.blocks import Block
from elman.nn.encoder import PaddedBatch
from elman.nn.seq2seq import EncoderDecoder, SourceEncoder
from elman.tasks.translation.model import Translator

DOC = (
    "source (batch, source), its tokens with 0 at their end, and source_lengths (batch,) -> "
    "memories. With a source of no tokens, memories that were given back are what is looked at; "
    f"with a source, give them with no tokens. {WRITING} Where a target looked is attention "
    f"(batch, time, source). {TEXTS}"
)


def exported(model: Translator) -> ExportedGraph:
    network = model.network_
    return ExportedGraph(network, DOC, partial(_write, network), partial(_trial, network), {})


def _write(network: EncoderDecoder, graph: Graph) -> None:
    """A source or what was made of one, tokens and a state in; logits and the state out."""
    source = graph.input("source", np.int64, "batch", "source")
    lengths = graph.input("source_lengths", np.int64, "batch")
    blocks = range(len(network.decoder_blocks))
    names = [f"memory{number}.{part}" for number in blocks for part in EncodedSource._fields]
    attention = network.decoder_blocks[0].attention
    heads, width = attention.heads, network.output.in_features // attention.heads
    given = [graph.input(name, np.float32, "batch", heads, "read", width) for name in names]

    def read(branch: Graph) -> Names:
        seen = encode_source(branch, network, _encoded(branch, network, source, lengths))
        return [value for each in seen for value in each]

    there = graph.op("Less", graph.constant([0]), graph.size(source, 1))
    memories = graph.either(there, read, lambda _: given)
    for name, memory in zip(names, memories, strict=True):
        graph.output(memory, f"{name}_after", np.float32, "batch", heads, "seen", width)
    shut = None if network.config.attention == "none" else _shut(graph, memories[0], lengths)
    decode(graph, network, list(map(EncodedSource, memories[::2], memories[1::2])), shut)


def _encoded(graph: Graph, network: EncoderDecoder, source: str, lengths: str) -> str:
    """source (B, S) -> what a decoder looks at: (S, B, W), or (1, B, W)."""
    encoder = cast("SourceEncoder", network.encoder)
    rows = rows_of(graph, source, lengths)
    tokens = graph.op("Transpose", source, perm=[1, 0])
    x = embedded(graph, network.source_embedding, tokens, network.scale)
    backward = encoder.order == "reversed"
    x = turned(graph, x, rows) if backward else x
    for number, block in enumerate(encoder.blocks):
        if number and encoder.order == "both":
            x, backward = turned(graph, x, rows), not backward
        x = block_of(graph, cast("Block", block), x, rows, None)
    if encoder.summed:
        # Turned once more, each row begins with its last token.
        ends = [turned(graph, x, rows), *([x] if encoder.order == "both" else [])]
        firsts = [graph.op("Gather", end, graph.constant([0]), axis=0) for end in ends]
        return graph.norm(graph.op("Sum", *firsts), encoder.norm)
    return graph.norm(turned(graph, x, rows) if backward else x, encoder.norm)


def _shut(graph: Graph, keys: str, lengths: str) -> str:
    """keys (B, N, S, E) -> (B, 1, 1, S), 0 at real tokens, minus infinity at padding."""
    count = graph.op("Squeeze", graph.size(keys, 2), graph.constant([0]))
    places = graph.op("Range", graph.constant(0), count, graph.constant(1))
    real = graph.op("Less", places, graph.op("Unsqueeze", lengths, graph.constant([1])))
    shut = graph.op("Where", real, graph.number(0), graph.number(-np.inf))
    return graph.op("Unsqueeze", shut, graph.constant([1, 2]))


def _trial(network: EncoderDecoder, number: int) -> ParityTrial:
    """Every other one goes on from a source that was read before."""
    draw = np.random.default_rng([number, 1])
    rows, time = TRIED[number][0], TRIED[number][1] + 2
    size = network.source_embedding.num_embeddings
    source = torch.from_numpy(draw.integers(0, size, (rows, time)))
    lengths = torch.from_numpy(draw.integers(1, time + 1, rows))
    lengths[0] = time
    padded = PaddedBatch(source.t(), lengths)
    with torch.inference_mode():
        begun = network.encode(padded)
    memories: Arrays = {}
    after: Arrays = {}
    padding = begun.memories[0].mask.transpose(1, 3) < 0  # (B, S, 1, 1)
    for place, memory in enumerate(begun.memories):
        for part in EncodedSource._fields:
            its = getattr(memory, part)
            memories[f"memory{place}.{part}"] = its.numpy()
            known = its.masked_fill(padding.transpose(1, 2), torch.nan)
            after[f"memory{place}.{part}_after"] = known.numpy()
    if number % 2:
        source = source[:, :0]
    else:
        memories = {name: its[:, :, :0] for name, its in memories.items()}
    given, expected = generation_trial(network, number, begun)
    read = {"source": source.numpy(), "source_lengths": lengths.numpy()}
    return ParityTrial(given | read | memories, expected | after)
