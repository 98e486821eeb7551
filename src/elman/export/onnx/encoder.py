"""ONNX operators of an encoder of tokens or words, in one or both directions.

Shapes: T time, B batch, W width, V vocabulary, F distinct words, G their n-grams. Time comes first,
(T, B, W).
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from elman.export.onnx.graph import Graph, Names
from elman.export.onnx.layers import GraphBatch, reverse_rows, stack
from elman.nn.blocks import Stack
from elman.nn.config import EncoderConfig
from elman.nn.encoder import Encoder
from elman.text.subword_hashing import LENGTHS, MAX_WORD_LENGTH

WORDS = (
    "If the vocabulary is a lexicon, tokens are indices into the distinct words that numbers, "
    "ngrams, ngram_words (index of the word of an n-gram) and ngram_weights describe. The number "
    "of a word is 1 + its index in the lexicon in lower case, or 0 if the lexicon lacks it. Its "
    f"n-grams are the runs of {LENGTHS[0]} to {LENGTHS[-1]} characters of <word> in lower case, "
    "each with weight 1 / sqrt(their count), and its shape, with weight 1: a space, and the word "
    "with X for upper case, x for other letters, d for digits, other characters unchanged, "
    "repeats of one kind merged. The id of either is crc32 of its UTF-8 bytes modulo the "
    f"buckets of the lexicon. A word of more than {MAX_WORD_LENGTH} characters is shortened to its "
    f"first and last {MAX_WORD_LENGTH // 2} for n-grams and shape, but not for the lexicon."
)
"""How a program computes the inputs of the graph from words."""


def word_inputs(graph: Graph, config: EncoderConfig) -> Names:
    """Inputs that describe the distinct words of a batch; none for other tokenizers."""
    if not config.buckets:
        return []
    return [
        graph.input("numbers", np.int64, "words"),
        graph.input("ngrams", np.int64, "ngrams"),
        graph.input("ngram_words", np.int64, "ngrams"),
        graph.input("ngram_weights", np.float32, "ngrams"),
    ]


def run_encoder(
    graph: Graph, encoder: Encoder, tokens: str, words: Names, rows: GraphBatch, name: str | None
) -> Names:
    """Outputs (T, B, W) of each direction, in its own order, for tokens (T, B).

    Args:
        graph: receives the operators.
        encoder: its weights.
        tokens: (T, B).
        words: the result of `word_inputs`.
        rows: lengths and mask of the batch.
        name: prefix of the state of the first direction; see `stack`.
    """
    x = graph.op("Gather", _table(graph, encoder, words), tokens)
    forward, *backward = (cast("Stack", each) for each in encoder.stacks)
    ys = [stack(graph, forward, x, rows, name)]
    return ys + [stack(graph, each, reverse_rows(graph, x, rows), rows, None) for each in backward]


def _table(graph: Graph, encoder: Encoder, words: Names) -> str:
    """The embedding table of the tokens: (F, W) for words, else (V, W)."""
    embedding = cast("Any", encoder.embedding)
    if not words:
        return graph.weight(embedding.weight)
    numbers, ngrams, owners, weights = words
    own = graph.op("Gather", graph.weight(embedding.own.weight), numbers)
    pieces = graph.op("Gather", graph.weight(embedding.ngrams.weight), ngrams)
    one = graph.constant([1])
    weighted = graph.op("Mul", pieces, graph.op("Unsqueeze", weights, one))
    return graph.op("ScatterND", own, graph.op("Unsqueeze", owners, one), weighted, reduction="add")
