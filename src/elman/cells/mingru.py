"""minGRU: a gated unit whose gates see only the input, so that time can be run in parallel.

Shapes: B batch, T time, D input width, H hidden width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman.cells.cell import Cell


class DiagonalState(NamedTuple):
    h: Tensor  # (B, H)


class DiagonalCell(Cell):
    """A cell of the form h' = keep(x) * h + new(x), y = h', with keep and new free of h.

    Each unit is a line of its own: nothing but the input passes between units. Kernels run the
    whole of `coefficients` over a sequence at once, and then only the sum along time.
    """

    def coefficients(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (..., D) -> keep (..., H), between 0 and 1, and new (..., H)."""
        raise NotImplementedError

    def initial_state(self, batch_size: int) -> DiagonalState:
        return DiagonalState(self.zeros(batch_size, self.hidden_size))

    def forward(self, x: Tensor, state: DiagonalState) -> tuple[Tensor, DiagonalState]:
        keep, new = self.coefficients(x)
        h = keep * state.h + new
        return h, DiagonalState(h)


class MinGRU(DiagonalCell):
    """The GRU with its gate and candidate made functions of the input alone.

        z = sigmoid(W_z x + b_z)
        n = W_n x + b_n
        h' = (1 - z) * h + z * n,    y = h'

    W_z and W_n are the two slices of `i2h`. The gate's bias begins between -4 and 0, spread
    over the units, so that some remember a symbol and some a line.

    Source: L. Feng et al., 'Were RNNs All We Needed?' (2024), section 3.1.2 (without the
    positive candidate of its log-space form: the sum along time needs no logarithms where it
    is taken in order).
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i2h = nn.Linear(input_size, 2 * hidden_size)
        with torch.no_grad():
            self.i2h.bias[:hidden_size] = torch.linspace(-4, 0, hidden_size)

    def coefficients(self, x: Tensor) -> tuple[Tensor, Tensor]:
        # Under autocast the product is bfloat16, in which 1 - z has no room for long memories.
        gate, candidate = self.i2h(x).to(self.i2h.weight.dtype).chunk(2, dim=-1)
        z = torch.sigmoid(gate)
        return 1 - z, z * candidate
