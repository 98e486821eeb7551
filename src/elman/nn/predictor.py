"""The interface of what scores the tokens of a text: a network or an n-gram model.

Shapes: N tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.nn.mixture import LanguageNetwork, LanguageState
from elman.nn.native_step import CompiledStep, step_of, stream_of

Tokens = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

ROWS = 32  # batch size of independent blocks
CHUNK = 1024  # tokens a forward pass; the state is carried over, so any number gives equal results


class Predictor(Protocol):
    """Predicts each token of a text from those before it; `KneserNey` implements it too."""

    def log_probabilities(self, ids: Tokens) -> Floats:
        """(N,) tokens -> the log-probability of each but the first, (N - 1,), in nats."""

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """For each position, in rising order, scores (V,) that order the tokens by probability."""


class NetworkPredictor:
    """Scores a text with a network in float32; the state is carried through the whole text.

    Args:
        network: in evaluation mode.
        int8: step token by token with int8 products, as `step_of` does; without the native core
            float32 products are used.
    """

    def __init__(self, network: LanguageNetwork, *, int8: bool = False) -> None:
        self.network = network
        self.device = next(network.parameters()).device
        step = step_of(network, int8=True) if int8 else None
        self._step = step if isinstance(step, CompiledStep) else None

    def log_probabilities(self, ids: Tokens) -> Floats:
        chunks = [
            _of_targets(logits, self._tensor(ids[begin + 1 : begin + 1 + logits.shape[1]]))
            for begin, logits in self.chunks(ids[:-1])
        ]
        return np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.float32)

    def fresh_log_probabilities(self, ids: Tokens, block: int = 64) -> Floats:
        """`log_probabilities` with the state reset after every `block` tokens."""
        count = (len(ids) - 1) // block
        inputs = self._tensor(ids[: count * block]).view(count, block)
        targets = self._tensor(ids[1 : count * block + 1]).view(count, block)
        batches = []
        with torch.inference_mode():
            for begin in range(0, count, ROWS):
                rows, row_targets = inputs[begin : begin + ROWS], targets[begin : begin + ROWS]
                logits, _ = self._logits(rows, self.network.initial_state(len(rows)))
                batches.append(_of_targets(logits, row_targets))
        return np.concatenate(batches) if batches else np.zeros(0, dtype=np.float32)

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """Batches (B, V) of logits: log-probabilities up to a constant of each row."""
        for begin, logits in self.chunks(ids[:-1]):
            low, high = np.searchsorted(positions, [begin + 1, begin + 1 + logits.shape[1]])
            rows = logits[0, self._tensor(positions[low:high]) - begin - 1]
            if len(rows):
                yield rows.numpy(force=True)

    def chunks(self, ids: Tokens) -> Iterator[tuple[int, Tensor]]:
        """Yield the offset of each chunk of a text and its logits (1, T, V)."""
        state: LanguageState = self.network.initial_state(1)
        for begin in range(0, len(ids), CHUNK):
            with torch.inference_mode():
                tokens = self._tensor(ids[begin : begin + CHUNK])[None]
                logits, state = self._logits(tokens, state)
            yield begin, logits

    def _logits(self, tokens: Tensor, state: LanguageState) -> tuple[Tensor, LanguageState]:
        """tokens (B, T) -> logits (B, T, V), the state after."""
        if self._step is None:
            logits, state = self.network(tokens, state)
            return logits, state
        stream = stream_of(self._step, state)
        rows = [stream.read(column).copy() for column in tokens.t().tolist()]
        return torch.from_numpy(np.stack(rows, axis=1)), stream.state

    def _tensor(self, ids: Tokens) -> Tensor:
        return torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(self.device)


def _of_targets(logits: Tensor, targets: Tensor) -> Floats:
    """logits (B, T, V), targets of B * T tokens -> their log-probabilities (B * T,)."""
    picked = logits.log_softmax(-1).gather(-1, targets.view(*logits.shape[:2], 1))
    return picked.flatten().numpy(force=True)
