"""The ONNX graph of a language model.

Shapes: B batch, T time.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from elman.export.onnx.graph import Graph
from elman.export.onnx.layers import embed, stack, token_inputs
from elman.export.onnx.parity import ExportedGraph, ParityTrial
from elman.export.onnx.parity_inputs import named_states, random_tokens
from elman.nn.language_model import LanguageModelNetwork
from elman.tasks.language_modeling.model import LanguageModel

DOC = (
    "tokens (batch, time), lengths (batch,) and a state, initially zeros -> logits of the next "
    "token at each time, and the state after the last token of each row. A step is time 1."
)

ALONE = "The graph holds the network alone: the counts beside it stay in the model file."


def exported(model: LanguageModel) -> ExportedGraph:
    network = model.network_
    write, trial = partial(_write, network), partial(_trial, network)
    limitation = ALONE if model.mixture_ is not None else None
    return ExportedGraph(network, DOC, write, trial, {}, limitation)


def _write(network: LanguageModelNetwork, graph: Graph) -> None:
    tokens, rows = token_inputs(graph)
    x = embed(graph, network.embedding, tokens, network.scale)
    y = stack(graph, network.stack, x, rows, "state")
    logits = graph.op("Transpose", graph.linear(y, network.output), perm=[1, 0, 2])
    graph.output(logits, "logits", np.float32, "batch", "time", network.config.vocabulary)


def _trial(network: LanguageModelNetwork, number: int) -> ParityTrial:
    size = network.config.vocabulary
    generator, inputs = random_tokens(number, size)
    tokens, lengths = map(torch.from_numpy, inputs.values())
    rows, time = tokens.shape
    with torch.inference_mode():
        # Start from a state that is not initial.
        before = torch.from_numpy(generator.integers(0, size, (rows, 3)))
        _, state = network(before, network.initial_state(rows))
        logits, after = network(tokens, state, lengths=lengths)
        logits[torch.arange(time) >= lengths[:, None]] = torch.nan
    blocks = network.stack.blocks
    expected = named_states("state", blocks, after, "_after") | {"logits": logits.numpy()}
    return ParityTrial(inputs | named_states("state", blocks, state), expected)
