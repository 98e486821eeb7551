"""What can be scored: anything that predicts tokens, a network or an n-gram.

Shapes: N tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.nn.blocks import NetworkState
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.native_step import CompiledStep, step_of, stream_of

Tokens = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

ROWS = 32  # read side by side where nothing is carried
CHUNK = 1024  # tokens read in one call; the state is carried, so any number gives the same


class Predictor(Protocol):
    """Foretells each token of a text from those before it; `KneserNey` is one too."""

    def log_probabilities(self, ids: Tokens) -> Floats:
        """(N,) tokens -> (N - 1,) nats: the log-probability of each token but the first."""

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """For each position, in rising order, a row (V,) that ranks what may stand there."""


class NetworkPredictor:
    """A network that reads a whole text with its state carried, in float32.

    Args:
        int8: whether it is to read as `step_of` does with products of 8-bit integers: token by
            token where the native core is on, and in float32 where it is not.
    """

    def __init__(self, network: LanguageModelNetwork, *, int8: bool = False) -> None:
        self.network = network
        self.device = next(network.parameters()).device
        step = step_of(network, int8=True) if int8 else None
        self._step = step if isinstance(step, CompiledStep) else None

    def log_probabilities(self, ids: Tokens) -> Floats:
        found = [
            _of_targets(logits, self._tensor(ids[begin + 1 : begin + 1 + logits.shape[1]]))
            for begin, logits in self._read(ids[:-1])
        ]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.float32)

    def fresh_log_probabilities(self, ids: Tokens, block: int = 64) -> Floats:
        """The same with nothing remembered from one block of inputs to the next."""
        count = (len(ids) - 1) // block
        inputs = self._tensor(ids[: count * block]).view(count, block)
        targets = self._tensor(ids[1 : count * block + 1]).view(count, block)
        found = []
        with torch.inference_mode():
            for begin in range(0, count, ROWS):
                rows, wanted = inputs[begin : begin + ROWS], targets[begin : begin + ROWS]
                logits, _ = self._logits(rows, self.network.initial_state(len(rows)))
                found.append(_of_targets(logits, wanted))
        return np.concatenate(found) if found else np.zeros(0, dtype=np.float32)

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """Rows of log-probabilities, up to a constant of each row; batches (B, V)."""
        for begin, logits in self._read(ids[:-1]):
            low, high = np.searchsorted(positions, [begin + 1, begin + 1 + logits.shape[1]])
            rows = logits[0, self._tensor(positions[low:high]) - begin - 1]
            if len(rows):
                yield rows.numpy(force=True)

    def _read(self, ids: Tokens) -> Iterator[tuple[int, Tensor]]:
        """Where each chunk begins, and its logits (1, T, V)."""
        state: NetworkState = self.network.initial_state(1)
        for begin in range(0, len(ids), CHUNK):
            with torch.inference_mode():
                tokens = self._tensor(ids[begin : begin + CHUNK])[None]
                logits, state = self._logits(tokens, state)
            yield begin, logits

    def _logits(self, tokens: Tensor, state: NetworkState) -> tuple[Tensor, NetworkState]:
        """tokens (B, T) -> logits (B, T, V), and the state after."""
        if self._step is None:
            logits, state = self.network(tokens, state)
            return logits, state
        stream = stream_of(self._step, state)
        rows = [stream.read(column).copy() for column in tokens.t().tolist()]
        return torch.from_numpy(np.stack(rows, axis=1)), stream.state

    def _tensor(self, ids: Tokens) -> Tensor:
        return torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(self.device)


def _of_targets(logits: Tensor, targets: Tensor) -> Floats:
    """logits (B, T, V), targets of B * T tokens -> their log-probabilities, in reading order."""
    picked = logits.log_softmax(-1).gather(-1, targets.view(*logits.shape[:2], 1))
    return picked.flatten().numpy(force=True)
