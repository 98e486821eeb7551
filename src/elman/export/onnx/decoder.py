"""A decoder as a graph: it writes from a state, and looks at what an encoder made of a source.

Shapes: B batch, T time, S what is looked at, W width, N heads, E = W / N. Inside, time comes first,
(T, B, W).
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
from elman.export.onnx.layers import GraphRows, begin, embedded, mixed, transformed
from elman.export.onnx.parity import Arrays, ParityTrial
from elman.export.onnx.parity_inputs import drawn, named_states
from elman.nn.attention import Attention
from elman.nn.seq2seq import DecoderState, EncoderDecoder

TEXTS = (
    "A text is tokens of its vocabulary: 1 to 256 are the bytes, then come its characters, or "
    "what each of its merges makes of two tokens (byte-pair encoding of what GPT-2 takes for "
    "words, with a space before the text). A target begins with 0, each token is then given back "
    "to find the next, and 0 ends it; limit is [slope, room], and it has at most slope * (tokens "
    "of its source) + room."
)
"""What a program has to do with texts."""

WRITING = (
    "tokens (batch, time), lengths (batch,) and a state, at first zeros -> logits of the token "
    "after each, and the state after each row's last. A step is time 1."
)


class EncodedSource(NamedTuple):
    """What one block looks at."""

    keys: str  # (B, N, S, E)
    values: str  # (B, N, S, E)


def encode_source(graph: Graph, network: EncoderDecoder, memory: str) -> list[EncodedSource]:
    """memory (S, B, W), which an encoder made -> what each block looks at."""
    found = []
    for block in network.decoder_blocks:
        attention = block.attention
        layers = attention.key, attention.value
        found.append(
            EncodedSource(
                *(_heads(graph, attention, graph.linear(memory, each)) for each in layers)
            )
        )
    return found


def decode(
    graph: Graph, network: EncoderDecoder, seen: Sequence[EncodedSource], shut: str | None
) -> None:
    """The inputs and the outputs of what writes.

    Args:
        shut: (B, 1, 1, S), minus infinity where there is nothing to see; None: all is to be seen,
            and where the network looked is no output.
    """
    tokens, rows = begin(graph)
    y, looks = _features(graph, network, tokens, rows, seen, shut)
    logits = graph.op("Transpose", graph.linear(y, network.output), perm=[1, 0, 2])
    graph.output(logits, "logits", np.float32, "batch", "time", network.output.out_features)
    if shut is not None:
        where = graph.op("Mean", *looks)
        graph.output(where, "attention", np.float32, "batch", "time", "seen")


def _features(
    graph: Graph,
    network: EncoderDecoder,
    tokens: str,
    rows: GraphRows,
    seen: Sequence[EncodedSource],
    shut: str | None,
) -> tuple[str, list[str]]:
    """tokens (T, B) -> (T, B, W), and where each block looked (B, T, S)."""
    x = embedded(graph, network.embedding, tokens, network.scale)
    looks = []
    for number, (block, its) in enumerate(zip(network.decoder_blocks, seen, strict=True)):
        x = mixed(graph, block, x, rows, f"state{number}")
        asked = graph.norm(x, block.attention_norm)
        y, weights = _attention(graph, block.attention, asked, its, shut)
        x = transformed(graph, block, graph.op("Add", x, y))
        looks.append(graph.op("ReduceMean", weights, graph.constant([1]), keepdims=0))
    return graph.norm(x, network.norm), looks


def _attention(
    graph: Graph, attention: Attention, x: str, seen: EncodedSource, shut: str | None
) -> tuple[str, str]:
    """x (T, B, W) -> y (T, B, W) and the weights (B, N, T, S)."""
    query = _heads(graph, attention, graph.linear(x, attention.query))
    hidden_size = attention.query.out_features
    if attention.weigh is None:
        keys = graph.op("Transpose", seen.keys, perm=[0, 1, 3, 2])
        scale = graph.number(1 / math.sqrt(hidden_size // attention.heads))
        likeness = graph.op("Mul", graph.op("MatMul", query, keys), scale)
    else:
        apart = [graph.op("Unsqueeze", query, graph.constant([3]))]
        apart.append(graph.op("Unsqueeze", seen.keys, graph.constant([2])))
        both = graph.op("Tanh", graph.op("Add", *apart))  # (B, 1, T, S, W)
        likeness = graph.op("Squeeze", graph.linear(both, attention.weigh), graph.constant([4]))
    if shut is not None:
        likeness = graph.op("Add", likeness, shut)
    weights = graph.op("Softmax", likeness, axis=-1)
    looked = graph.op("MatMul", weights, seen.values)
    together = graph.op("Transpose", looked, perm=[2, 0, 1, 3])
    together = graph.op("Reshape", together, graph.constant([0, 0, hidden_size]))
    return graph.linear(together, attention.out), weights


def _heads(graph: Graph, attention: Attention, x: str) -> str:
    """(T, B, W) -> (B, N, T, E)"""
    heads, width = attention.heads, attention.query.out_features
    apart = graph.op("Reshape", x, graph.constant([0, 0, heads, width // heads]))
    return graph.op("Transpose", apart, perm=[1, 2, 0, 3])


def generation_trial(network: EncoderDecoder, number: int, begun: DecoderState) -> ParityTrial:
    """What is written after a source was read, and something written from it."""
    size = network.config.blocks.vocabulary
    draw, given = drawn(number, size)
    tokens, lengths = map(torch.from_numpy, given.values())
    rows, time = tokens.shape
    with torch.inference_mode():
        written = torch.from_numpy(draw.integers(0, size, (3, rows)))
        _, before = network(written, begun)
        logits, after = network(tokens.t(), before, lengths)
        _, looks, _ = network.attend(tokens.t(), before)
    blocks = network.decoder_blocks
    padding = torch.arange(time) >= lengths[:, None]
    expected: Arrays = {"logits": unknown(logits.transpose(0, 1), padding)}
    if network.config.attention != "none":
        expected["attention"] = unknown(looks, padding)
    expected |= named_states("state", blocks, after.state, "_after")
    return ParityTrial(given | named_states("state", blocks, before.state), expected)


def unknown(answer: Tensor, padding: Tensor) -> npt.NDArray[Any]:
    """(B, T, ...), NaN at padding (B, T)"""
    return answer.masked_fill(padding[..., None], torch.nan).numpy()
