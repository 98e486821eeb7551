"""What a classifier remembers of texts that it reads word by word.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.counts.sparse_linear import SparseLinear
from elman.decoding.incremental import FEW
from elman.errors import EmptyTextError, SettingError
from elman.nn.classifier import ClassifierNetwork, PoolingState
from elman.nn.encoder import EncoderStep
from elman.tasks.classification.counts import as_tensors, from_tensors
from elman.text.subword_hashing import HashedVocabulary, WordForms, words_of
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.dataset import TokenDataset

Floats = npt.NDArray[np.float32]


class StreamingStates(NamedTuple):
    """The states of N texts that are read word by word."""

    members: tuple[PoolingState, ...]  # each member's of the network
    linear: tuple[Tensor, ...]  # the `RunningScores` of the linear part; () without one


def beginning(
    network: ClassifierNetwork,
    tokenizer: Tokenizer | HashedVocabulary,
    linear: SparseLinear | None,
    reads: Sequence[EncoderStep],
) -> StreamingStates:
    """The state of one text before its first word."""
    members = network.initial_state(1)
    if not isinstance(tokenizer, HashedVocabulary):
        boundary = TokenDataset([np.array([BOUNDARY])])
        _, members = _read(network, boundary, members, reads)
    return StreamingStates(members, () if linear is None else as_tensors(linear.start(1)))


def continued(
    network: ClassifierNetwork,
    tokenizer: Tokenizer | HashedVocabulary,
    linear: SparseLinear | None,
    texts: Sequence[str],
    states: StreamingStates,
    reads: Sequence[EncoderStep],
) -> tuple[Floats, Floats | None, StreamingStates]:
    """A text for each row of the states -> logits (N, K), the scores of the linear part (N, K) if
    there is one, and the states after.

    Args:
        reads: of the members, step by step; they are asked where all texts are as short.

    Raises:
        SettingError: the states are of another model.
        EmptyTextError: for a text without anything to read.
    """
    if not _is_state_of(states, network, linear):
        raise SettingError(
            "it is a state of another model", location="state", hint="Begin with start()."
        )
    forms = None
    rows: list[npt.NDArray[Any]]
    if isinstance(tokenizer, HashedVocabulary):
        forms = WordForms(tokenizer)
        rows = [forms.indices(words_of(text)) for text in texts]
    else:
        rows = [tokenizer.encode(text) for text in texts]
    if not all(map(len, rows)):
        raise EmptyTextError("nothing to read", location="step", hint="Give it some text.")
    logits, members = _read(network, TokenDataset(rows, forms), states.members, reads)
    if linear is None:
        return logits, None, StreamingStates(members, ())
    after = linear.advance(texts, from_tensors(states.linear))
    return logits, linear.running(after), StreamingStates(members, as_tensors(after))


def _is_state_of(
    states: StreamingStates, network: ClassifierNetwork, linear: SparseLinear | None
) -> bool:
    """Whether states may be those of a model: of so many members, units, classes and features."""
    of_network = [each.most.shape[1] for each in states.members]
    of_linear = [part.shape[1] for part in states.linear]
    return of_network == [network.config.hidden_size] * len(network.members) and of_linear == (
        [] if linear is None else linear.state_widths
    )


def _read(
    network: ClassifierNetwork,
    examples: TokenDataset,
    states: tuple[PoolingState, ...],
    reads: Sequence[EncoderStep],
) -> tuple[Floats, tuple[PoolingState, ...]]:
    lengths = examples.lengths
    alike = lengths.max() == lengths.min() <= FEW
    with torch.inference_mode():
        padded = examples.collate(np.arange(len(examples)))
        logits, states = network(padded, states, reads if alike else None)
    return logits.numpy(force=True), states
