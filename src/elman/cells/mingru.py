"""minGRU: a gated unit whose gates depend only on the input, so time can run in parallel.

Shapes: B batch, D input width, H hidden width.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from elman.cells.cell import Cell, named


class MinGRUState(NamedTuple):
    h: Tensor  # (B, H)


class MinGRU(Cell):
    """A GRU whose gate and candidate depend on the input alone.

        z = sigmoid(W_z x + b_z)
        n = W_n x + b_n
        h' = (1 - z) * h + z * n,    y = h'

    W_z and W_n are the two slices of `i2h`. Units do not read each other's state, so kernels
    compute the products of a whole sequence in one call, which leaves one multiply-add a step.

    Source: L. Feng et al., 'Were RNNs All We Needed?' (2024), section 3.1.2 (without the
    positive candidate of its log-space form: no logarithms are needed here).
    """

    gates: ClassVar[dict[str, str]] = {
        "z": "what is renewed of the state",
        "n": "what could be written",
    }
    expansion = 2  # a wider state needs no recurrent product

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i2h = nn.Linear(input_size, 2 * hidden_size)
        nn.init.normal_(self.i2h.weight, std=input_size**-0.5)
        nn.init.zeros_(self.i2h.bias)

    def initial_state(self, batch_size: int) -> MinGRUState:
        return MinGRUState(self.zeros(batch_size, self.hidden_size))

    def forward(self, x: Tensor, state: MinGRUState) -> tuple[Tensor, MinGRUState]:
        # Under autocast the product is bfloat16, in which 1 - z is too coarse for long memories.
        gate, candidate = self.i2h(x).to(state.h.dtype).chunk(2, dim=-1)
        z, n = named("z", torch.sigmoid(gate)), named("n", candidate)
        h = (1 - z) * state.h + z * n
        return h, MinGRUState(h)
