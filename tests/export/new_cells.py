"""Cells that the package does not have, each with its formula and nothing else."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.cells import Cell, Elman, named


class UGRNNState(NamedTuple):
    h: Tensor  # (B, H)


class UGRNN(Cell):
    """The update gate RNN: one gate between keeping and writing.

        g = sigmoid(W_gx x + W_gh h + b_g)
        c = tanh(W_cx x + W_ch h + b_c)
        h' = g * h + (1 - g) * c,    y = h'

    Source: J. Collins, J. Sohl-Dickstein, D. Sussillo, 'Capacity and Trainability in Recurrent
    Neural Networks' (2017), equations 10 to 13.
    """

    gates: ClassVar[dict[str, str]] = {"g": "what is kept", "c": "what could be written"}

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i2h = nn.Linear(input_size, 2 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 2 * hidden_size)

    def initial_state(self, batch_size: int) -> UGRNNState:
        return UGRNNState(self.zeros(batch_size, self.hidden_size))

    def forward(self, x: Tensor, state: UGRNNState) -> tuple[Tensor, UGRNNState]:
        g, c = (self.i2h(x) + self.h2h(state.h)).chunk(2, dim=-1)
        g, c = named("g", torch.sigmoid(g)), named("c", torch.tanh(c))
        h = g * state.h + (1 - g) * c
        return h, UGRNNState(h)


class EveryState(NamedTuple):
    h: Tensor  # (B, H)
    mean: Tensor  # (B, H) of what was read
    time: Tensor  # (B,) int64


class Every(Cell):
    """Every operation of the closed set, whole numbers and a learned first state among them."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.i2h = nn.Linear(input_size, 3 * hidden_size)
        self.h2h = nn.Linear(hidden_size + 1, hidden_size, bias=False)
        self.norm = nn.LayerNorm(hidden_size)
        self.begin = nn.Parameter(0.1 * torch.randn(hidden_size))
        self.rate = nn.Parameter(torch.randn(hidden_size, 1))
        self.register_buffer("mask", torch.ones(hidden_size, hidden_size + 1).tril(), False)
        self.register_buffer("periods", 1 + torch.arange(hidden_size) % 5, False)

    def initial_state(self, batch_size: int) -> EveryState:
        time = torch.zeros(batch_size, dtype=torch.int64, device=self.begin.device)
        begun = self.begin.expand(batch_size, -1)
        return EveryState(begun, self.zeros(batch_size, self.hidden_size), time)

    def forward(self, x: Tensor, state: EveryState) -> tuple[Tensor, EveryState]:
        a, b, c = self.i2h(x).chunk(3, dim=-1)
        spread = b.softmax(-1) + functional.softplus(b) - b.clamp(-1, 1).abs()
        weight = self.h2h.weight * self.mask * torch.sigmoid(self.rate)
        total = (a * a).mean(-1, keepdim=True).sqrt()
        heard = functional.linear(torch.cat([state.h, total], -1), weight)
        heard = heard + functional.linear(state.h[:, :-1], self.h2h.weight[:, 1:-1])
        ticks = state.time[:, None] % self.periods
        now = (ticks == 0) | ~(ticks < 3) & (c > 0)
        new = torch.where(now, self.norm(torch.tanh(heard + spread)), state.h.relu())
        new = torch.minimum(torch.maximum(new, -a.exp()), (3 + c.abs()).log() - c)
        count = torch.maximum(state.time + 1, ticks.new_tensor(1))
        share = 1 / count[:, None].to(x.dtype)
        mean = torch.lerp(state.mean, new, share) + 0.1 * torch.remainder(c, 0.7)
        y = functional.silu(new) + mean * now.to(x.dtype) + (ticks >= 2) * 0.5
        return y.log_softmax(-1), EveryState(new, mean, count)


class Erf(Elman):
    """Elman's network with the error function for tanh, which is outside of the closed set."""

    def squash(self, total: Tensor) -> Tensor:
        return torch.erf(total)
