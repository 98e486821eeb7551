"""The ONNX graph of a translator: it encodes a source, or attends to one encoded before.

Shapes: B batch, S source time, W width, N heads, E = W / N. Inside the graph time comes first,
(S, B, W).
"""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np
import torch

from elman.export.onnx.decoder import (
    DECODING,
    TEXTS,
    MemoryNames,
    decode,
    decoder_trial,
    project_memory,
)
from elman.export.onnx.graph import Graph, Names
from elman.export.onnx.layers import embed, graph_batch, reverse_rows, run_block
from elman.export.onnx.parity import TRIAL_SHAPES, Arrays, ExportedGraph, ParityTrial
from elman.nn.blocks import Block
from elman.nn.encoder import PaddedBatch
from elman.nn.seq2seq import EncoderDecoder, SourceEncoder
from elman.tasks.translation.model import Translator

DOC = (
    "source (batch, source), tokens that end with 0, and source_lengths (batch,) -> memories. At "
    "the first step pass the source and empty memories; at later steps pass the memories returned "
    f"and an empty source. {DECODING} attention (batch, time, source) holds the attention weights. "
    f"{TEXTS}"
)


def exported(model: Translator) -> ExportedGraph:
    network = model.network_
    return ExportedGraph(network, DOC, partial(_write, network), partial(_trial, network), {})


def _write(network: EncoderDecoder, graph: Graph) -> None:
    source = graph.input("source", np.int64, "batch", "source")
    lengths = graph.input("source_lengths", np.int64, "batch")
    blocks = range(len(network.decoder_blocks))
    names = [f"memory{number}.{part}" for number in blocks for part in MemoryNames._fields]
    attention = network.decoder_blocks[0].attention
    heads, width = attention.heads, network.output.in_features // attention.heads
    cached = [graph.input(name, np.float32, "batch", heads, "cached", width) for name in names]

    def encode(branch: Graph) -> Names:
        encoded = project_memory(branch, network, _encoded(branch, network, source, lengths))
        return [value for each in encoded for value in each]

    has_source = graph.op("Less", graph.constant([0]), graph.size(source, 1))
    memories = graph.either(has_source, encode, lambda _: cached)
    for name, memory in zip(names, memories, strict=True):
        graph.output(memory, f"{name}_after", np.float32, "batch", heads, "attended", width)
    mask = None if network.config.attention == "none" else _mask(graph, memories[0], lengths)
    decode(graph, network, list(map(MemoryNames, memories[::2], memories[1::2])), mask)


def _encoded(graph: Graph, network: EncoderDecoder, source: str, lengths: str) -> str:
    """The output of the encoder for source (B, S): (S, B, W), or (1, B, W) without attention."""
    encoder = cast("SourceEncoder", network.encoder)
    rows = graph_batch(graph, source, lengths)
    tokens = graph.op("Transpose", source, perm=[1, 0])
    x = embed(graph, network.source_embedding, tokens, network.scale)
    backward = encoder.order == "reversed"
    x = reverse_rows(graph, x, rows) if backward else x
    for number, block in enumerate(encoder.blocks):
        if number and encoder.order == "both":
            x, backward = reverse_rows(graph, x, rows), not backward
        x = run_block(graph, cast("Block", block), x, rows, None)
    if encoder.summed:
        # Reversed once more, each row begins with its last token.
        ends = [reverse_rows(graph, x, rows), *([x] if encoder.order == "both" else [])]
        firsts = [graph.op("Gather", end, graph.constant([0]), axis=0) for end in ends]
        return graph.norm(graph.op("Sum", *firsts), encoder.norm)
    return graph.norm(reverse_rows(graph, x, rows) if backward else x, encoder.norm)


def _mask(graph: Graph, keys: str, lengths: str) -> str:
    """Mask (B, 1, 1, S) of keys (B, N, S, E): 0 at tokens, minus infinity at padding."""
    count = graph.op("Squeeze", graph.size(keys, 2), graph.constant([0]))
    indices = graph.op("Range", graph.constant(0), count, graph.constant(1))
    real = graph.op("Less", indices, graph.op("Unsqueeze", lengths, graph.constant([1])))
    mask = graph.op("Where", real, graph.number(0), graph.number(-np.inf))
    return graph.op("Unsqueeze", mask, graph.constant([1, 2]))


def _trial(network: EncoderDecoder, number: int) -> ParityTrial:
    """Odd trials attend to a source that was encoded before."""
    generator = np.random.default_rng([number, 1])
    rows, time = TRIAL_SHAPES[number][0], TRIAL_SHAPES[number][1] + 2
    size = network.source_embedding.num_embeddings
    source = torch.from_numpy(generator.integers(0, size, (rows, time)))
    lengths = torch.from_numpy(generator.integers(1, time + 1, rows))
    lengths[0] = time
    padded = PaddedBatch(source.t(), lengths)
    with torch.inference_mode():
        start = network.encode(padded)
    memories: Arrays = {}
    after: Arrays = {}
    padding = start.memories[0].mask.transpose(1, 3) < 0  # (B, S, 1, 1)
    for block, memory in enumerate(start.memories):
        for part in MemoryNames._fields:
            name, tensor = f"memory{block}.{part}", getattr(memory, part)
            memories[name] = tensor.numpy()
            known = tensor.masked_fill(padding.transpose(1, 2), torch.nan)
            after[f"{name}_after"] = known.numpy()
    if number % 2:
        source = source[:, :0]
    else:
        memories = {name: array[:, :, :0] for name, array in memories.items()}
    inputs, expected = decoder_trial(network, number, start)
    inputs |= {"source": source.numpy(), "source_lengths": lengths.numpy()}
    return ParityTrial(inputs | memories, expected | after)
