"""Readers as graphs: tokens or words, read in one direction or in both.

Shapes: T time, B batch, W width, V tokens or words with a number, F distinct words, G their
n-grams. Time comes first, (T, B, W).
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from elman.export.onnx.graph import Graph, Names
from elman.export.onnx.layers import GraphRows, stack, turned
from elman.nn.blocks import Stack
from elman.nn.encoder import Encoder, EncoderConfig
from elman.text.subword_hashing import BUCKETS, LENGTHS, MAX_WORD_LENGTH

WORDS = (
    "Where the vocabulary is a lexicon, tokens are places among the words that numbers, ngrams, "
    "ngram_words (which word an n-gram is of) and ngram_weights give. A word's number is 1 + its "
    "place in the lexicon in lower case, 0 where it has none. Its n-grams are the "
    f"{LENGTHS[0]} to {LENGTHS[-1]} neighbouring characters of <word> in lower case, each counting "
    "for 1 / sqrt(how many there are), and then its shape, counting for 1: a space, and the word "
    "with X for upper case, x for other letters, d for digits, all else as it is, runs of a kind "
    f"as one. The number of either is crc32 of its UTF-8 modulo {BUCKETS}. Of words beyond "
    f"{MAX_WORD_LENGTH} characters, the first and the last {MAX_WORD_LENGTH // 2} are joined "
    "before all that but the lexicon."
)
"""What a program has to do with words before it can ask the graph."""


def word_inputs(graph: Graph, reading: EncoderConfig) -> Names:
    """The words of a batch, in which its tokens are places; nothing where tokens are tokens."""
    if not reading.buckets:
        return []
    return [
        graph.input("numbers", np.int64, "words"),
        graph.input("ngrams", np.int64, "ngrams"),
        graph.input("ngram_words", np.int64, "ngrams"),
        graph.input("ngram_weights", np.float32, "ngrams"),
    ]


def read(
    graph: Graph, reader: Encoder, tokens: str, words: Names, rows: GraphRows, name: str | None
) -> Names:
    """tokens (T, B) -> each direction's vectors (T, B, W) in the order it reads them.

    Args:
        name: of the first direction's state, as `stack` has it.
    """
    x = graph.op("Gather", _table(graph, reader, words), tokens)
    forward, *backward = (cast("Stack", each) for each in reader.stacks)
    ys = [stack(graph, forward, x, rows, name)]
    return ys + [stack(graph, each, turned(graph, x, rows), rows, None) for each in backward]


def _table(graph: Graph, reader: Encoder, words: Names) -> str:
    """The vectors that the tokens are places in: (F, W) or (V, W)."""
    embedding = cast("Any", reader.embedding)
    if not words:
        return graph.weight(embedding.weight)
    numbers, ngrams, owners, weights = words
    own = graph.op("Gather", graph.weight(embedding.own.weight), numbers)
    found = graph.op("Gather", graph.weight(embedding.ngrams.weight), ngrams)
    one = graph.constant([1])
    weighed = graph.op("Mul", found, graph.op("Unsqueeze", weights, one))
    return graph.op("ScatterND", own, graph.op("Unsqueeze", owners, one), weighed, reduction="add")
