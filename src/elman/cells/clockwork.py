"""The Clockwork RNN: modules of the hidden vector that update at different rates.

Shapes: B batch, D input width, H hidden width, G modules, H / G units in each.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from elman.cells.cell import Cell, named
from elman.errors import SettingError


class ClockworkState(NamedTuple):
    h: Tensor  # (B, H)
    time: Tensor  # (B,) int64: tokens read since the state was new


class Clockwork(Cell):
    """G modules with periods 1, 2, 4, ... 2^(G-1); each reads itself and the slower ones.

        h'_g = tanh(W_g x + b_g + sum over j >= g of U_gj h_j)    where t mod 2^(g-1) = 0
        h'_g = h_g                                                elsewhere,    y = h'

    The first token (t = 0) updates every module. Module g updates every 2^(g-1) tokens, so it
    remembers 2^(g-1) times as long in the same number of updates.

    Args:
        modules: G; H must be a multiple of it (default 4).

    Raises:
        SettingError: if H is not a multiple of G.

    Source: J. Koutník, K. Greff, F. Gomez, J. Schmidhuber, 'A Clockwork RNN' (2014),
    equations 1 and 2 and section 3 (exponential periods).
    """

    gates: ClassVar[dict[str, str]] = {"moved": "which units moved"}

    block_upper: Tensor
    periods: Tensor

    def __init__(self, input_size: int, hidden_size: int, modules: int = 4) -> None:
        super().__init__(input_size, hidden_size)
        if modules < 1 or hidden_size % modules:
            raise SettingError(
                f"{hidden_size} units cannot be divided into {modules} clockwork modules",
                location="hidden-size",
                hint=f"Choose a multiple of {max(modules, 1)}.",
            )
        self.i2h = nn.Linear(input_size, hidden_size)
        self.h2h = nn.Linear(hidden_size, hidden_size, bias=False)
        nn.init.orthogonal_(self.h2h.weight)
        module = torch.arange(hidden_size) // (hidden_size // modules)
        # Row: the unit that reads; column: the unit that is read, as slow or slower.
        # Both buffers follow from the sizes, so do not save them.
        self.register_buffer("block_upper", module[:, None] <= module[None, :], persistent=False)
        self.register_buffer("periods", 2**module, persistent=False)

    def initial_state(self, batch_size: int) -> ClockworkState:
        time = torch.zeros(batch_size, dtype=torch.int64, device=self.periods.device)
        return ClockworkState(self.zeros(batch_size, self.hidden_size), time)

    def forward(self, x: Tensor, state: ClockworkState) -> tuple[Tensor, ClockworkState]:
        recurrent = nn.functional.linear(state.h, self.h2h.weight * self.block_upper)
        moved = named("moved", state.time[:, None] % self.periods == 0)
        h = torch.where(moved, torch.tanh(self.i2h(x) + recurrent), state.h)
        return h, ClockworkState(h, state.time + 1)
