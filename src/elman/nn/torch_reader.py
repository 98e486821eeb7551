"""Read with a torch network as with a compiled one: where there is no native core, and for cells
whose step it cannot run.

Shapes: B rows, T times, N tokens of all rows, D input width, W output width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.cells import state_like, state_tensors
from elman.nn.compiled.network import Array, Floats, State


class TorchReader:
    """A `Reader` of a stack or a language model.

    Args:
        network: with `initial_state(rows)`, and a `forward` of x (B, T, D) or (B, T), a state and
            `lengths`.
        outputs: W.
    """

    def __init__(self, network: Any, outputs: int) -> None:
        self._network, self.outputs = network, outputs
        self._like = next(network.parameters())

    def initial_state(self, rows: int) -> State:
        return self._arrays(self._network.initial_state(rows))

    def step(self, x: Array, state: State) -> tuple[Floats, State]:
        y, after = self._run(self._tensor(x)[:, None], state)
        return self._floats(y[:, 0]), after

    def read(
        self,
        x: Array,
        lengths: Array,
        state: State | None = None,
        *,
        backward: bool = False,
    ) -> tuple[Floats, State]:
        lengths = np.asarray(lengths, dtype=np.int64)
        state = self.initial_state(len(lengths)) if state is None else state
        if not len(x):
            return np.zeros((0, self.outputs), dtype=np.float32), state
        time = np.arange(lengths.max())
        real = time < lengths[:, None]
        at = lengths[:, None] - 1 - time if backward else np.broadcast_to(time, real.shape)
        index = ((np.cumsum(lengths) - lengths)[:, None] + at)[real]  # of each token in x
        rows = np.zeros((*real.shape, *x.shape[1:]), dtype=x.dtype)
        rows[real] = x[index]
        ys, after = self._run(self._tensor(rows), state, torch.from_numpy(lengths))
        y = np.empty((len(x), self.outputs), dtype=np.float32)
        y[index] = self._floats(ys)[real]
        return y, after

    def _run(self, x: Tensor, state: State, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        with torch.inference_mode():
            parts = [torch.from_numpy(part).to(self._like.device) for part in state]
            structured = state_like(self._network.initial_state(1), parts)
            lengths = None if lengths is None else lengths.to(self._like.device)
            y, after = self._network(x, structured, lengths=lengths)
        return y, self._arrays(after)

    def _tensor(self, x: Array) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(x)).to(self._like.device)
        return tensor.to(self._like.dtype) if tensor.is_floating_point() else tensor.long()

    @staticmethod
    def _arrays(state: Any) -> State:
        return tuple(part.numpy(force=True) for part in state_tensors(state))

    @staticmethod
    def _floats(y: Tensor) -> Floats:
        return y.float().numpy(force=True)
