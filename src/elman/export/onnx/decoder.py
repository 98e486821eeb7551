"""ONNX operators of a decoder with attention.

Shapes: B batch, T target time, S source time, W width, N heads, E = W / N. Inside the graph time
comes first, (T, B, W).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.export.onnx.graph import Graph
from elman.export.onnx.layers import GraphBatch, apply_mlp, embed, mix, token_inputs
from elman.export.onnx.parity import Arrays, ParityTrial
from elman.export.onnx.parity_inputs import named_states, random_tokens
from elman.nn.attention import Attention
from elman.nn.seq2seq import DecoderState, EncoderDecoder

TEXTS = (
    "Token 0 is the boundary, 1 to 256 are bytes, then come the characters of the vocabulary, or "
    "its merges (byte-pair encoding with the pre-tokenization of GPT-2 and a space before the "
    "text). Decoding starts with token 0, feeds each predicted token back, and ends with token 0. "
    "limit is [slope, room]: a target has at most slope * (source tokens) + room tokens."
)
"""How a program tokenizes texts and decodes."""

DECODING = (
    "tokens (batch, time), lengths (batch,) and a state, initially zeros -> logits of the next "
    "token at each time, and the state after the last token of each row. A step is time 1."
)
"""Inputs and outputs of a decoder in words."""


class MemoryNames(NamedTuple):
    """Keys and values that a block attends to, as values of a graph."""

    keys: str  # (B, N, S, E)
    values: str  # (B, N, S, E)


def project_memory(graph: Graph, network: EncoderDecoder, memory: str) -> list[MemoryNames]:
    """Keys and values of each block for the outputs of the encoder, memory (S, B, W)."""
    memories = []
    for block in network.decoder_blocks:
        attention = block.attention
        keys, values = (
            _heads(graph, attention, graph.linear(memory, layer))
            for layer in (attention.key, attention.value)
        )
        memories.append(MemoryNames(keys, values))
    return memories


def decode(
    graph: Graph, network: EncoderDecoder, memories: Sequence[MemoryNames], mask: str | None
) -> None:
    """Add a decoder with its inputs and outputs.

    Args:
        graph: receives the operators.
        network: its weights.
        memories: keys and values of each block.
        mask: (B, 1, 1, S), minus infinity at padding; None: no mask, and no output of attention
            weights.
    """
    tokens, rows = token_inputs(graph)
    y, weights = _features(graph, network, tokens, rows, memories, mask)
    logits = graph.op("Transpose", graph.linear(y, network.output), perm=[1, 0, 2])
    graph.output(logits, "logits", np.float32, "batch", "time", network.output.out_features)
    if mask is not None:
        mean = graph.op("Mean", *weights)
        graph.output(mean, "attention", np.float32, "batch", "time", "attended")


def _features(
    graph: Graph,
    network: EncoderDecoder,
    tokens: str,
    rows: GraphBatch,
    memories: Sequence[MemoryNames],
    mask: str | None,
) -> tuple[str, list[str]]:
    """Outputs (T, B, W) for tokens (T, B), and the attention weights (B, T, S) of each block."""
    x = embed(graph, network.embedding, tokens, network.scale)
    block_weights = []
    for number, (block, memory) in enumerate(zip(network.decoder_blocks, memories, strict=True)):
        x = mix(graph, block, x, rows, f"state{number}")
        queries = graph.norm(x, block.attention_norm)
        y, weights = _attention(graph, block.attention, queries, memory, mask)
        x = apply_mlp(graph, block, graph.op("Add", x, y))
        block_weights.append(graph.op("ReduceMean", weights, graph.constant([1]), keepdims=0))
    return graph.norm(x, network.norm), block_weights


def _attention(
    graph: Graph, attention: Attention, x: str, memory: MemoryNames, mask: str | None
) -> tuple[str, str]:
    """x (T, B, W) -> y (T, B, W) and the weights (B, N, T, S)."""
    query = _heads(graph, attention, graph.linear(x, attention.query))
    hidden_size = attention.query.out_features
    if attention.weigh is None:
        keys = graph.op("Transpose", memory.keys, perm=[0, 1, 3, 2])
        scale = graph.number(1 / math.sqrt(hidden_size // attention.heads))
        score = graph.op("Mul", graph.op("MatMul", query, keys), scale)
    else:
        queries = graph.op("Unsqueeze", query, graph.constant([3]))
        keys = graph.op("Unsqueeze", memory.keys, graph.constant([2]))
        both = graph.op("Tanh", graph.op("Add", queries, keys))  # (B, 1, T, S, W)
        score = graph.op("Squeeze", graph.linear(both, attention.weigh), graph.constant([4]))
    if mask is not None:
        score = graph.op("Add", score, mask)
    weights = graph.op("Softmax", score, axis=-1)
    context = graph.op("MatMul", weights, memory.values)
    context = graph.op("Transpose", context, perm=[2, 0, 1, 3])
    context = graph.op("Reshape", context, graph.constant([0, 0, hidden_size]))
    return graph.linear(context, attention.out), weights


def _heads(graph: Graph, attention: Attention, x: str) -> str:
    """(T, B, W) -> (B, N, T, E)"""
    heads, width = attention.heads, attention.query.out_features
    split = graph.op("Reshape", x, graph.constant([0, 0, heads, width // heads]))
    return graph.op("Transpose", split, perm=[1, 2, 0, 3])


def decoder_trial(network: EncoderDecoder, number: int, start: DecoderState) -> ParityTrial:
    """The parity trial of a decoder.

    Args:
        network: encoder and decoder.
        number: index into TRIAL_SHAPES.
        start: state after the encoder.
    """
    size = network.config.blocks.vocabulary
    generator, inputs = random_tokens(number, size)
    tokens, lengths = map(torch.from_numpy, inputs.values())
    rows, time = tokens.shape
    with torch.inference_mode():
        prefix = torch.from_numpy(generator.integers(0, size, (3, rows)))
        _, before = network(prefix, start)
        logits, after = network(tokens.t(), before, lengths)
        _, weights, _ = network.attend(tokens.t(), before)
    blocks = network.decoder_blocks
    padding = torch.arange(time) >= lengths[:, None]
    expected: Arrays = {"logits": nan_at_padding(logits.transpose(0, 1), padding)}
    if network.config.attention != "none":
        expected["attention"] = nan_at_padding(weights, padding)
    expected |= named_states("state", blocks, after.state, "_after")
    return ParityTrial(inputs | named_states("state", blocks, before.state), expected)


def nan_at_padding(output: Tensor, padding: Tensor) -> npt.NDArray[Any]:
    """The output (B, T, ...) with NaN at padding (B, T)."""
    return output.masked_fill(padding[..., None], torch.nan).numpy()
