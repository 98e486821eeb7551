"""Incremental inference: tokens in, next-token distribution out, in constant memory.

Shapes: B rows, T tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.cells import map_state
from elman.nn.mixture import LanguageNetwork, LanguageState
from elman.nn.native_step import Step
from elman.text.tokenizers.tokenizer import Tokenizer

CHUNK = 1024  # tokens of a long prompt in one forward pass
FEW = 8  # up to so many tokens, single steps are faster than a forward pass


@dataclass(frozen=True, eq=False)
class NextTokenDistribution:
    """Distribution of the next token.

    Attributes:
        log_probabilities: (V,) of every token, in nats.
        tokenizer: the vocabulary of the V tokens.
    """

    log_probabilities: npt.NDArray[np.float32]
    tokenizer: Tokenizer

    def top(self, count: int = 3) -> list[tuple[str, float]]:
        """The `count` most probable next tokens as text, each with its probability."""
        best = np.argsort(-self.log_probabilities, kind="stable")[:count].tolist()
        return [
            (self.tokenizer.decode([i]), float(np.exp(self.log_probabilities[i]))) for i in best
        ]


def read(
    network: LanguageNetwork,
    tokens: npt.NDArray[Any] | Sequence[int],
    state: LanguageState,
    step: Step,
) -> tuple[Tensor, LanguageState]:
    """Run tokens (T,), T at least 1, in one row.

    Args:
        step: single step of the network, used for up to FEW tokens.

    Returns:
        Logits (1, V) after the last token, and the state.
    """
    ids = torch.as_tensor(np.asarray(tokens, dtype=np.int64))
    logits = torch.empty(0)
    if len(ids) <= FEW:
        for token in ids[:, None]:
            logits, state = step(token, state)
        return logits, state
    ids = ids.to(next(network.parameters()).device)
    with torch.inference_mode():
        for begin in range(0, len(ids), CHUNK):
            logits, state = network(ids[None, begin : begin + CHUNK], state)
    # Copy: views would keep the logits and states of all T tokens in memory.
    return logits[:, -1].clone(), map_state(lambda part: part.clone(), state)


def read_rows(
    network: LanguageNetwork,
    rows: Sequence[npt.NDArray[Any] | Sequence[int]],
    states: LanguageState,
    step: Step,
) -> tuple[Tensor, LanguageState]:
    """Run the tokens of each row (at least 1) from its own state.

    Rows of up to FEW tokens step in one batch; a longer row runs alone.

    Returns:
        Logits (B, V) after the last token of each row, and the states.
    """
    if len(rows) == 1:
        return read(network, rows[0], states, step)
    if all(len(row) == 1 for row in rows):  # the usual case in streaming
        return step(torch.tensor([row[0] for row in rows]), states)
    # Longest first: rows that still have tokens are then a prefix of the batch.
    order = sorted(range(len(rows)), key=lambda index: -len(rows[index]))
    permutation = torch.tensor(order)
    states = map_state(lambda part: part[permutation].clone(), states)
    logits = torch.empty(len(rows), network.config.vocabulary)
    long = sum(len(row) > FEW for row in rows)
    for row in range(long):
        one = slice(row, row + 1)
        _store(logits, states, one, read(network, rows[order[row]], _rows_of(states, one), step))
    for time in range(max((len(rows[index]) for index in order[long:]), default=0)):
        tokens = [rows[index][time] for index in order[long:] if len(rows[index]) > time]
        active = slice(long, long + len(tokens))
        _store(logits, states, active, step(torch.tensor(tokens), _rows_of(states, active)))
    inverse = permutation.argsort()
    return logits[inverse], map_state(lambda part: part[inverse], states)


def _rows_of(states: LanguageState, rows: slice) -> LanguageState:
    return map_state(lambda part: part[rows], states)


def _store(
    logits: Tensor, states: LanguageState, rows: slice, result: tuple[Tensor, LanguageState]
) -> None:
    """Write the logits and states of some rows into the batch."""
    logits[rows] = result[0].cpu()
    map_state(lambda all_, part: all_[rows].copy_(part), states, result[1])
