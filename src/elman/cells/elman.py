"""Elman's simple recurrent network, with tanh or ReLU.

Shapes: B batch, D input width, H hidden width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman.cells.cell import Cell


class ElmanState(NamedTuple):
    h: Tensor  # (B, H)


class Elman(Cell):
    """The hidden vector, bounded by tanh and fed back.

        h' = tanh(W_i2h x + b_i2h + W_h2h h + b_h2h),    y = h'

    Source: J. L. Elman, 'Finding Structure in Time', Cognitive Science 14 (1990); equal
    to torch.nn.RNN.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i2h = nn.Linear(input_size, hidden_size)
        self.h2h = nn.Linear(hidden_size, hidden_size)
        nn.init.orthogonal_(self.h2h.weight)

    def initial_state(self, batch_size: int) -> ElmanState:
        return ElmanState(self.zeros(batch_size, self.hidden_size))

    def squash(self, total: Tensor) -> Tensor:
        return torch.tanh(total)

    def forward(self, x: Tensor, state: ElmanState) -> tuple[Tensor, ElmanState]:
        h = self.squash(self.i2h(x) + self.h2h(state.h))
        return h, ElmanState(h)


class ElmanReLU(Elman):
    """Elman's network with max(0, .) instead of tanh, and W_h2h initialized to the identity.

        h' = max(0, W_i2h x + b_i2h + W_h2h h + b_h2h),    y = h'

    Source: Q. V. Le, N. Jaitly, G. E. Hinton, 'A Simple Way to Initialize Recurrent Networks
    of Rectified Linear Units' (2015), section 2.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        nn.init.eye_(self.h2h.weight)
        nn.init.zeros_(self.h2h.bias)

    def squash(self, total: Tensor) -> Tensor:
        return torch.relu(total)
