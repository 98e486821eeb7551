"""The gated recurrent unit.

Shapes: B batch, D input width, H hidden width.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from elman.cells.cell import Cell, named


class GRUState(NamedTuple):
    h: Tensor  # (B, H)


class GRU(Cell):
    """Two gates: how much of the state to read, and how much of it to keep.

        r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
        z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
        n = tanh(W_in x + b_in + r * (W_hn h + b_hn))
        h' = (1 - z) * n + z * h,    y = h'

    W_i* are the slices r, z, n of `i2h`, W_h* those of `h2h`. The reset gate acts after the
    matrix product, as in cuDNN and torch.

    Source: K. Cho et al., 'Learning Phrase Representations using RNN Encoder-Decoder' (2014),
    equations 5 to 8, in the variant above; equal to torch.nn.GRU.
    """

    gates: ClassVar[dict[str, str]] = {
        "r": "what is used of the state",
        "z": "what is kept of the state",
        "n": "what could be written",
    }

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i2h = nn.Linear(input_size, 3 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 3 * hidden_size)

    def initial_state(self, batch_size: int) -> GRUState:
        return GRUState(self.zeros(batch_size, self.hidden_size))

    def forward(self, x: Tensor, state: GRUState) -> tuple[Tensor, GRUState]:
        input_r, input_z, input_n = self.i2h(x).chunk(3, dim=-1)
        hidden_r, hidden_z, hidden_n = self.h2h(state.h).chunk(3, dim=-1)
        r = named("r", torch.sigmoid(input_r + hidden_r))
        z = named("z", torch.sigmoid(input_z + hidden_z))
        n = named("n", torch.tanh(input_n + r * hidden_n))
        h = (1 - z) * n + z * state.h
        return h, GRUState(h)
