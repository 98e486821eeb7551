"""What models and their graphs are given to be compared: tokens drawn at random, and states.

Shapes: B batch, T time, F distinct words, G their n-grams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from elman.export.onnx.parity import TRIED, Arrays
from elman.nn.encoder import EncoderConfig, PaddedBatch, WordTable

_COUNTS = np.array([4, 1, 7, 2, 9, 3, 3, 5, 6, 8, 2, 4])  # n-grams of each word


def drawn(number: int, size: int) -> tuple[np.random.Generator, Arrays]:
    """Tokens (B, T) below a size, and lengths (B,), the longest the first."""
    draw = np.random.default_rng(number)
    rows, time = TRIED[number]
    lengths = draw.integers(1, time + 1, rows)
    lengths[0] = time
    return draw, {"tokens": draw.integers(0, size, (rows, time)), "lengths": lengths}


def drawn_padded(number: int, reading: EncoderConfig) -> tuple[Arrays, PaddedBatch]:
    """What a graph that begins with a reader is given, and the same for the reader."""
    words = len(_COUNTS)
    size = reading.blocks.vocabulary
    draw, given = drawn(number, words if reading.buckets else size)
    tokens, lengths = (torch.from_numpy(each) for each in given.values())
    if not reading.buckets:
        return given, PaddedBatch(tokens.t(), lengths)
    table: Arrays = {
        "numbers": draw.integers(0, size, words),
        "ngrams": draw.integers(0, reading.buckets, _COUNTS.sum()),
        "ngram_words": np.repeat(np.arange(words), _COUNTS),
        "ngram_weights": draw.random(_COUNTS.sum(), dtype=np.float32),
    }
    numbers, ngrams, _, weights = map(torch.from_numpy, table.values())
    starts = torch.from_numpy(_COUNTS.cumsum() - _COUNTS)
    its = WordTable(torch.arange(words), numbers, ngrams, starts, weights)
    return given | table, PaddedBatch(tokens.t(), lengths, its)


def named_states(name: str, blocks: Iterable[Any], states: Any, ending: str = "") -> Arrays:
    """Each part of each block's state by the name that a graph has for it."""
    return {
        f"{name}{layer}.{field}{ending}": tensor.numpy(force=True)
        for layer, (block, state) in enumerate(zip(blocks, states, strict=True))
        for field, tensor in _fields(block, state)
    }


def _fields(block: Any, state: Any) -> Iterator[tuple[str, Any]]:
    if block.mixer.convolution is not None:
        yield "recent", state.recent
    yield from state.cell._asdict().items()
