"""The ONNX graph of a tagger, including the search for the best tags.

Shapes: T time, B batch, K tags. Inside, time comes first, (T, B, K).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from elman.export.onnx.encoder import WORDS, run_encoder, word_inputs
from elman.export.onnx.graph import Graph, Names
from elman.export.onnx.layers import GraphBatch, reverse_rows, token_inputs
from elman.export.onnx.parity import ExportedGraph, ParityTrial
from elman.export.onnx.parity_inputs import random_batch
from elman.nn.crf import CRF
from elman.nn.tagger import LinearTagger, TaggerNetwork
from elman.tasks.tagging.counts import contents
from elman.tasks.tagging.model import Tagger
from elman.text.context_features import AFFIXES, FEATURES
from elman.text.tag_vocabulary import TagVocabulary

DOC = (
    "tokens (batch, time) and lengths (batch,) -> tags (batch, time), the best indices into the "
    "labels; score (batch,) of these tags; and logits (batch, time, label) before the search. "
    "Labels are in the scheme of the tags, or in BIOES if that scheme is iob1. Outputs at padding "
    f"are undefined. {WORDS}"
)

COUNTS = (
    f" features (batch, time, {FEATURES}) are the ids of each word's features: the crc32 of the "
    "UTF-8 bytes of a text, modulo {buckets}. The texts are word[0]=w and shape[0]=s, where w is "
    "the word in lower case and s its shape as above, of the whole word; prefix1= and suffix1= to "
    f"prefix{AFFIXES}= and suffix{AFFIXES}= with the first and last characters of w; word[k]= and "
    "shape[k]= of the k-th word after it, for k of -2, -1, 1 and 2; words[-1]= and shapes[-1]=, "
    "those of the word before and of the word, with a space between; words[1]= and shapes[1]=, "
    "those of the word and of the word after. Beyond the ends of a sentence words are empty, and "
    "the shape of an empty word is one space."
)
"""How a program computes the input `features`."""

MIN_MARGIN = 1e-3
"""Score margin of the best tag sequence over the second, below which parity is not required."""


def exported(model: Tagger) -> ExportedGraph:
    network = model.network_
    metadata: dict[str, Any] = {"labels": _labels(model.vocabulary_)}
    if network.counts is not None:
        metadata["counts"] = contents(network.counts.buckets)
    counts = network.counts
    doc = DOC if counts is None else DOC + COUNTS.replace("{buckets}", str(counts.buckets))
    return ExportedGraph(network, doc, partial(_write, network), partial(_trial, network), metadata)


def _labels(vocabulary: TagVocabulary) -> list[str]:
    """The name of each tag of the network; names in IOB1 depend on the tag before."""
    if vocabulary.scheme == "iob1":
        return vocabulary.inner
    return [vocabulary.tags[index] for index in vocabulary.outer]


def _write(network: TaggerNetwork, graph: Graph) -> None:
    tokens, rows = token_inputs(graph)
    words = word_inputs(graph, network.encoder.config)
    ys = run_encoder(graph, network.encoder, tokens, words, rows, None)
    forward, *backward = ys
    aligned = [forward, *(reverse_rows(graph, y, rows) for y in backward)]
    logits = graph.linear(graph.op("Concat", *aligned, axis=2), network.output)
    if network.counts is not None:
        logits = graph.op("Add", logits, _added(graph, network.counts))
    tags, score = _best(graph, network.joint_crf, logits, rows)
    batch_first = graph.op("Transpose", logits, perm=[1, 0, 2])
    graph.output(tags, "tags", np.int64, "batch", "time")
    graph.output(score, "score", np.float32, "batch")
    graph.output(batch_first, "logits", np.float32, "batch", "time", network.output.out_features)


def _added(graph: Graph, counts: LinearTagger) -> str:
    """What a linear model adds to the logits (T, B, K), from the input `features`."""
    features = graph.input("features", np.int64, "batch", "time", FEATURES)
    weights = graph.op("Gather", graph.weight(counts.weight), features)  # (B, T, F, K)
    sums = graph.op("ReduceSum", weights, graph.constant([2]), keepdims=0)
    return graph.op("Add", graph.op("Transpose", sums, perm=[1, 0, 2]), graph.weight(counts.bias))


def _best(graph: Graph, crf: CRF, logits: str, rows: GraphBatch) -> tuple[str, str]:
    """The best tags (B, T) of each row and their score (B,), as `CRF.ranked`; logits (T, B, K)."""
    start, pairs, end = (
        torch.where(allowed, score, -torch.inf).numpy(force=True)
        for allowed, score in (
            (crf.allowed_start, crf.start),
            (crf.allowed_pairs, crf.pairs),
            (crf.allowed_end, crf.end),
        )
    )
    into = graph.constant(pairs.T, np.float32)  # a body can use a constant in every runtime
    count = len(crf.start)
    tags = graph.constant(np.arange(count)[None])
    first, last = graph.constant([1]), graph.constant([2])

    def forward_step(body: Graph, before: Names, inputs: Names) -> tuple[Names, str]:
        """Score (B, K) of the best sequence that ends in each tag, and the tag before it."""
        emission, active = inputs
        sums = body.op("Add", body.op("Unsqueeze", before[0], first), into)  # (B, to, from)
        best = body.op("Add", body.op("ReduceMax", sums, last, keepdims=0), emission)
        source = body.op("ArgMax", sums, axis=2, keepdims=0)
        score = body.op("Where", active, best, before[0])
        return [score], body.op("Where", active, source, tags)

    def backward_step(body: Graph, before: Names, inputs: Names) -> tuple[Names, str]:
        """The tag before a tag (B, 1), and that tag."""
        return [body.op("GatherElements", inputs[0], before[0], axis=1)], before[0]

    initial = graph.op("Gather", logits, graph.constant(0))
    later = graph.op("Unsqueeze", graph.op("Less", graph.constant(0), rows.times), last)
    active = graph.op("And", later, rows.real)
    (scores,), sources = graph.scan(
        forward_step,
        [graph.op("Add", graph.constant(start, np.float32), initial)],
        [logits, active],
        [np.float32, np.float32, np.bool_],
        shapes=[("batch", count), ("batch", count), ("batch", 1)],
        output_kind=np.int64,
    )
    totals = graph.op("Add", scores, graph.constant(end, np.float32))
    ends = graph.op("ArgMax", totals, axis=1, keepdims=1)
    _, best_tags = graph.scan(
        backward_step,
        [ends],
        [sources],
        [np.int64, np.int64],
        shapes=[("batch", 1), ("batch", count)],
        output_kind=np.int64,
        backward=True,
    )
    score = graph.op("ReduceMax", totals, first, keepdims=0)
    return graph.op("Transpose", graph.op("Squeeze", best_tags, last), perm=[1, 0]), score


def _trial(network: TaggerNetwork, number: int) -> ParityTrial:
    inputs, padded = random_batch(number, network.encoder.config)
    if network.counts is not None:
        rows = (*inputs["tokens"].shape, FEATURES)
        features = np.random.default_rng(number).integers(0, network.counts.buckets, rows)
        inputs = inputs | {"features": features}
        padded = padded._replace(features=torch.from_numpy(features).transpose(0, 1))
    with torch.inference_mode():
        logits = network(padded)
        tags, scores = network.joint_crf.ranked(logits, padded.lengths, 2)
    real = padded.real[..., 0]
    # Of two about equally good sequences either may be returned.
    sure = real & (scores[0] - scores[1] > MIN_MARGIN)
    expected = {
        "tags": torch.where(sure, tags[0].double(), torch.nan).t().numpy(),
        "score": scores[0].numpy(),
        "logits": torch.where(real[..., None], logits, torch.nan).transpose(0, 1).numpy(),
    }
    return ParityTrial(inputs, expected)
