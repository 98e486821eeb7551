"""What a classifier remembers of texts that it reads word by word.

Shapes: N texts, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.counts.sparse_linear import RunningScores, SparseLinear
from elman.errors import EmptyTextError, SettingError
from elman.nn.compiled.classifier import CompiledClassifier
from elman.nn.compiled.network import State
from elman.text.subword_hashing import HashedVocabulary, WordForms, words_of
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer

Floats = npt.NDArray[np.float32]

LINEAR_PARTS = len(RunningScores._fields)
"""The parts of a state, its last, that are the linear part's `RunningScores`."""


def beginning(
    network: CompiledClassifier,
    tokenizer: Tokenizer | HashedVocabulary,
    linear: SparseLinear | None,
) -> State:
    """The state of one text before its first word: the network's, then the linear part's."""
    state = network.initial_state(1)
    if not isinstance(tokenizer, HashedVocabulary):
        _, state = network.continued([np.array([BOUNDARY])], None, state)
    return state if linear is None else (*state, *linear.start(1))


def continued(
    network: CompiledClassifier,
    tokenizer: Tokenizer | HashedVocabulary,
    linear: SparseLinear | None,
    texts: Sequence[str],
    states: State,
) -> tuple[Floats, Floats | None, State]:
    """A text for each row of the states -> logits (N, K), the scores of the linear part (N, K) if
    there is one, and the states after.

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
    if linear is None:
        logits, after_network = network.continued(rows, forms, states)
        return logits, None, after_network
    logits, of_network = network.continued(rows, forms, states[:-LINEAR_PARTS])
    after = linear.advance(texts, RunningScores(*states[-LINEAR_PARTS:]))
    return logits, linear.running(after), (*of_network, *after)


def _is_state_of(states: State, network: CompiledClassifier, linear: SparseLinear | None) -> bool:
    """Whether states may be those of a model: of the same parts, of the same widths."""
    expected = [part.shape[1:] for part in network.initial_state(1)]
    if linear is not None:
        expected += [part.shape[1:] for part in linear.start(1)]
    return isinstance(states, tuple) and [part.shape[1:] for part in states] == expected
