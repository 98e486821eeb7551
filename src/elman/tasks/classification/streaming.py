"""What a classifier remembers of texts that it reads word by word.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from elman.decoding.incremental import FEW
from elman.errors import EmptyTextError
from elman.nn.classifier import ClassifierNetwork, PoolingState
from elman.nn.encoder import EncoderStep
from elman.text.subword_hashing import HashedVocabulary, WordForms, words_of
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.dataset import TokenDataset

StreamingStates = tuple[PoolingState, ...]
"""Each member's, of the same texts."""


def beginning(
    network: ClassifierNetwork,
    tokenizer: Tokenizer | HashedVocabulary,
    reads: Sequence[EncoderStep],
) -> StreamingStates:
    """The impression of one text that has not begun."""
    impression = network.initial_state(1)
    if isinstance(tokenizer, HashedVocabulary):
        return impression
    return _read(network, TokenDataset([np.array([BOUNDARY])]), impression, reads)[1]


def continued(
    network: ClassifierNetwork,
    tokenizer: Tokenizer | HashedVocabulary,
    texts: Sequence[str],
    states: StreamingStates,
    reads: Sequence[EncoderStep],
) -> tuple[npt.NDArray[np.float32], StreamingStates]:
    """A text for each row of the states -> logits (N, K), and the states after.

    Args:
        reads: of the members, step by step; they are asked where all texts are as short.

    Raises:
        EmptyTextError: for a text without anything to read.
    """
    forms = None
    rows: list[npt.NDArray[Any]]
    if isinstance(tokenizer, HashedVocabulary):
        forms = WordForms(tokenizer)
        rows = [forms.indices(words_of(text)) for text in texts]
    else:
        rows = [tokenizer.encode(text) for text in texts]
    if not all(map(len, rows)):
        raise EmptyTextError("nothing to read", location="step", hint="Give it some text.")
    return _read(network, TokenDataset(rows, forms), states, reads)


def _read(
    network: ClassifierNetwork,
    examples: TokenDataset,
    states: StreamingStates,
    reads: Sequence[EncoderStep],
) -> tuple[npt.NDArray[np.float32], StreamingStates]:
    lengths = examples.lengths
    alike = lengths.max() == lengths.min() <= FEW
    with torch.inference_mode():
        padded = examples.collate(np.arange(len(examples)))
        logits, states = network(padded, states, reads if alike else None)
    return logits.numpy(force=True), states
