"""Compiled steps on tensors, beside those of torch's modules."""

from __future__ import annotations

import torch

from elman.cells import state_like, state_tensors
from elman.nn.native_step import compiled


class CompiledStep:
    """The step of a cell, a stack or a language model; raises UntraceableError if there is none."""

    def __init__(self, network, *, int8=False):
        self.network = compiled(network, int8=int8)

    def __call__(self, x, state):
        y, after = self.network.step(x.numpy(), arrays_of(state))
        return torch.from_numpy(y), state_like(state, [*map(torch.from_numpy, after)])

    def stream(self, state):
        return self.network.stream(arrays_of(state))


def arrays_of(state):
    return tuple(part.numpy(force=True) for part in state_tensors(state))
