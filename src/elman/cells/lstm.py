"""Long short-term memory.

Shapes: B batch, D input width, H hidden width.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from elman.cells.cell import Cell, named


class LSTMState(NamedTuple):
    h: Tensor  # (B, H) the output
    c: Tensor  # (B, H) the memory


class LSTM(Cell):
    """A memory cell behind three gates.

        i, f, g, o = W_i2h x + b_i2h + W_h2h h + b_h2h        (four slices of H)
        c' = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h' = sigmoid(o) * tanh(c'),    y = h'

    The bias of the forget gate is initialized to 1, so the cell remembers by default
    (R. Jozefowicz et al., 'An Empirical Exploration of Recurrent Network Architectures',
    2015).

    Source: S. Hochreiter, J. Schmidhuber, 'Long Short-Term Memory', Neural Computation 9
    (1997), with the forget gate of F. A. Gers et al. (2000), equations 1 to 5; equal to
    torch.nn.LSTM.
    """

    gates: ClassVar[dict[str, str]] = {
        "i": "what is let in",
        "f": "what is kept",
        "g": "what could be written",
        "o": "what is shown",
    }

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i2h = nn.Linear(input_size, 4 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size)
        with torch.no_grad():
            self.i2h.bias[hidden_size : 2 * hidden_size] = 1.0
            self.h2h.bias[hidden_size : 2 * hidden_size] = 0.0

    def initial_state(self, batch_size: int) -> LSTMState:
        size = self.hidden_size
        return LSTMState(self.zeros(batch_size, size), self.zeros(batch_size, size))

    def forward(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        i, f, g, o = (self.i2h(x) + self.h2h(state.h)).chunk(4, dim=-1)
        i, f = named("i", torch.sigmoid(i)), named("f", torch.sigmoid(f))
        g, o = named("g", torch.tanh(g)), named("o", torch.sigmoid(o))
        c = f * state.c + i * g
        h = o * torch.tanh(c)
        return h, LSTMState(h, c)
