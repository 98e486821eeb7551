"""Random inputs for the parity check.

Shapes: B batch, T time, F distinct words, G their n-grams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from elman.export.onnx.parity import TRIAL_SHAPES, Arrays
from elman.nn.config import EncoderConfig
from elman.nn.encoder import PaddedBatch, WordTable

_NGRAMS = np.array([4, 1, 7, 2, 9, 3, 3, 5, 6, 8, 2, 4])  # of each word


def random_tokens(number: int, size: int) -> tuple[np.random.Generator, Arrays]:
    """The generator of a trial, and its random tokens (B, T) and lengths (B,).

    Args:
        number: index into TRIAL_SHAPES, and the seed.
        size: of the vocabulary.
    """
    generator = np.random.default_rng(number)
    rows, time = TRIAL_SHAPES[number]
    lengths = generator.integers(1, time + 1, rows)
    lengths[0] = time
    return generator, {"tokens": generator.integers(0, size, (rows, time)), "lengths": lengths}


def random_batch(number: int, config: EncoderConfig) -> tuple[Arrays, PaddedBatch]:
    """A random batch as inputs of a graph, and as input of an encoder.

    Args:
        number: index into TRIAL_SHAPES.
        config: of the encoder.
    """
    words = len(_NGRAMS)
    size = config.blocks.vocabulary
    generator, inputs = random_tokens(number, words if config.buckets else size)
    tokens, lengths = (torch.from_numpy(each) for each in inputs.values())
    if not config.buckets:
        return inputs, PaddedBatch(tokens.t(), lengths)
    table: Arrays = {
        "numbers": generator.integers(0, size, words),
        "ngrams": generator.integers(0, config.buckets, _NGRAMS.sum()),
        "ngram_words": np.repeat(np.arange(words), _NGRAMS),
        "ngram_weights": generator.random(_NGRAMS.sum(), dtype=np.float32),
    }
    numbers, ngrams, _, weights = map(torch.from_numpy, table.values())
    starts = torch.from_numpy(_NGRAMS.cumsum() - _NGRAMS)
    word_table = WordTable(torch.arange(words), numbers, ngrams, starts, weights)
    return inputs | table, PaddedBatch(tokens.t(), lengths, word_table)


def named_states(name: str, blocks: Iterable[Any], states: Any, ending: str = "") -> Arrays:
    """The tensors of the state of each block, by their names in a graph."""
    return {
        f"{name}{layer}.{field}{ending}": tensor.numpy(force=True)
        for layer, (block, state) in enumerate(zip(blocks, states, strict=True))
        for field, tensor in _fields(block, state)
    }


def _fields(block: Any, state: Any) -> Iterator[tuple[str, Any]]:
    if block.mixer.convolution is not None:
        yield "recent", state.recent
    yield from state.cell._asdict().items()
