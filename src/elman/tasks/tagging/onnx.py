"""A tagger as a graph, the search for the best tags in it.

Shapes: T time, B batch, K tags. Inside, time comes first, (T, B, K).
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from elman.export.onnx.encoder import WORDS, read, word_inputs
from elman.export.onnx.graph import Graph, Names
from elman.export.onnx.layers import GraphRows, begin, turned
from elman.export.onnx.parity import ExportedGraph, ParityTrial
from elman.export.onnx.parity_inputs import drawn_padded
from elman.nn.crf import CRF
from elman.nn.tagger import TaggerNetwork
from elman.tasks.tagging.model import Tagger
from elman.text.tag_vocabulary import TagVocabulary

DOC = (
    "tokens (batch, time) and lengths (batch,) -> the best tags, which are places in the labels, "
    "their score (batch,), and the logits (batch, time, label) that the search began from. Labels "
    "are written in the scheme of the tags; those of the scheme iob1 in BIOES. What stands at "
    f"padding means nothing. {WORDS}"
)

SURE = 1e-3
"""By how much one sequence of tags must be better than all others, for a graph to agree on it."""


def exported(model: Tagger) -> ExportedGraph:
    network = model.network_
    about = {"labels": _labels(model.vocabulary_)}
    return ExportedGraph(network, DOC, partial(_write, network), partial(_trial, network), about)


def _labels(vocabulary: TagVocabulary) -> list[str]:
    """What each of the network's tags is called; in IOB1 that hangs on the tag before it."""
    if vocabulary.scheme == "iob1":
        return vocabulary.inner
    return [vocabulary.tags[place] for place in vocabulary.outer]


def _write(network: TaggerNetwork, graph: Graph) -> None:
    """Words in, their tags out."""
    tokens, rows = begin(graph)
    words = word_inputs(graph, network.reader.config)
    ys = read(graph, network.reader, tokens, words, rows, None)
    forward, *backward = ys
    both = [forward, *(turned(graph, y, rows) for y in backward)]
    logits = graph.linear(graph.op("Concat", *both, axis=2), network.output)
    tags, score = _best(graph, network.crf, logits, rows)
    batch_first = graph.op("Transpose", logits, perm=[1, 0, 2])
    graph.output(tags, "tags", np.int64, "batch", "time")
    graph.output(score, "score", np.float32, "batch")
    graph.output(batch_first, "logits", np.float32, "batch", "time", network.output.out_features)


def _best(graph: Graph, crf: CRF, logits: str, rows: GraphRows) -> tuple[str, str]:
    """logits (T, B, K) -> each row's best tags (B, T) and their score (B,): `CRF.ranked` for
    one."""
    allowed = (crf.allowed_start, crf.allowed_pairs, crf.allowed_end)
    never = graph.number(-np.inf)
    start, pairs, end = (
        graph.op("Where", graph.constant(mask.numpy(force=True), np.bool_), weight, never)
        for mask, weight in zip(
            allowed, map(graph.weight, (crf.start, crf.pairs, crf.end)), strict=True
        )
    )
    into = graph.op("Transpose", pairs, perm=[1, 0])
    tags = graph.constant(np.arange(len(crf.start))[None])
    first, last = graph.constant([1]), graph.constant([2])

    def onward(body: Graph, before: Names, given: Names) -> tuple[Names, str]:
        """The best beginnings that end in each tag (B, K) -> those one word longer, and each's
        tag before."""
        said, goes_on = given
        sums = body.op("Add", body.op("Unsqueeze", before[0], first), into)  # (B, to, from)
        best = body.op("Add", body.op("ReduceMax", sums, last, keepdims=0), said)
        source = body.op("ArgMax", sums, axis=2, keepdims=0)
        reached = body.op("Where", goes_on, best, before[0])
        return [reached], body.op("Where", goes_on, source, tags)

    def back(body: Graph, before: Names, given: Names) -> tuple[Names, str]:
        """A tag (B, 1) -> the one before it, and itself."""
        return [body.op("GatherElements", given[0], before[0], axis=1)], before[0]

    zeroth = graph.op("Gather", logits, graph.constant(0))
    later = graph.op("Unsqueeze", graph.op("Less", graph.constant(0), rows.times), last)
    goes_on = graph.op("And", later, rows.real)
    (reached,), sources = graph.scan(
        onward,
        [graph.op("Add", start, zeroth)],
        [logits, goes_on],
        [np.float32, np.float32, np.bool_],
        said=np.int64,
    )
    totals = graph.op("Add", reached, end)
    ends = graph.op("ArgMax", totals, axis=1, keepdims=1)
    kinds = [np.int64, np.int64]
    _, found = graph.scan(back, [ends], [sources], kinds, said=np.int64, backward=True)
    score = graph.op("ReduceMax", totals, first, keepdims=0)
    return graph.op("Transpose", graph.op("Squeeze", found, last), perm=[1, 0]), score


def _trial(network: TaggerNetwork, number: int) -> ParityTrial:
    given, padded = drawn_padded(number, network.reader.config)
    with torch.inference_mode():
        logits = network(padded)
        tags, scores = network.crf.ranked(logits, padded.lengths, 2)
    real = padded.real[..., 0]
    # Where two sequences are as good as each other, either may be said.
    sure = real & (scores[0] - scores[1] > SURE)
    expected = {
        "tags": torch.where(sure, tags[0].double(), torch.nan).t().numpy(),
        "score": scores[0].numpy(),
        "logits": torch.where(real[..., None], logits, torch.nan).transpose(0, 1).numpy(),
    }
    return ParityTrial(given, expected)
