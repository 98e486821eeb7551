"""Reading a stream: tokens in, what may come next out, in constant memory.

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
from elman.nn.blocks import NetworkState
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.native_step import Step
from elman.text.tokenizers.tokenizer import Tokenizer

CHUNK = 1024  # tokens of a long prompt that are read at once
FEW = 8  # tokens that are read sooner one by one


@dataclass(frozen=True, eq=False)
class NextTokenDistribution:
    """What a model expects after what it has read.

    Attributes:
        log_probabilities: (V,) of every token, in nats.
    """

    log_probabilities: npt.NDArray[np.float32]
    tokenizer: Tokenizer

    def top(self, count: int = 3) -> list[tuple[str, float]]:
        """The likeliest next tokens as text, with their probabilities."""
        best = np.argsort(-self.log_probabilities, kind="stable")[:count].tolist()
        return [
            (self.tokenizer.decode([i]), float(np.exp(self.log_probabilities[i]))) for i in best
        ]


def read(
    network: LanguageModelNetwork,
    tokens: npt.NDArray[Any] | Sequence[int],
    state: NetworkState,
    step: Step,
) -> tuple[Tensor, NetworkState]:
    """Read tokens (T,), T at least 1, with one row: the last logits (1, V) and the state.

    Args:
        step: the network's; it is asked where there are a few tokens.
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
    # Both may be views of all that was computed on the way, and would keep it in memory.
    return logits[:, -1].clone(), map_state(lambda part: part.clone(), state)


def read_rows(
    network: LanguageModelNetwork,
    rows: Sequence[npt.NDArray[Any] | Sequence[int]],
    states: NetworkState,
    step: Step,
) -> tuple[Tensor, NetworkState]:
    """Read each row's tokens, at least 1, from its own state: the last logits (B, V), the states.

    Rows of a few tokens step side by side; a longer one is read by itself.
    """
    if len(rows) == 1:
        return read(network, rows[0], states, step)
    if all(len(row) == 1 for row in rows):  # what most of those who stream send
        return step(torch.tensor([row[0] for row in rows]), states)
    # The longest first: those that still have tokens are then the first of all.
    order = sorted(range(len(rows)), key=lambda place: -len(rows[place]))
    places = torch.tensor(order)
    states = map_state(lambda part: part[places].clone(), states)
    logits = torch.empty(len(rows), network.config.vocabulary)
    long = sum(len(row) > FEW for row in rows)
    for row in range(long):
        one = slice(row, row + 1)
        _read_into(logits, states, one, read(network, rows[order[row]], _of(states, one), step))
    for time in range(max((len(rows[place]) for place in order[long:]), default=0)):
        some = [rows[place][time] for place in order[long:] if len(rows[place]) > time]
        those = slice(long, long + len(some))
        _read_into(logits, states, those, step(torch.tensor(some), _of(states, those)))
    back = places.argsort()
    return logits[back], map_state(lambda part: part[back], states)


def _of(states: NetworkState, rows: slice) -> NetworkState:
    return map_state(lambda part: part[rows], states)


def _read_into(
    logits: Tensor, states: NetworkState, rows: slice, found: tuple[Tensor, NetworkState]
) -> None:
    """Put the logits and states of some rows in their places."""
    logits[rows] = found[0].cpu()
    map_state(lambda all_, part: all_[rows].copy_(part), states, found[1])
