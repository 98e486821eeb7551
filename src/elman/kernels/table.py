"""Faster ways to run a cell over time, each proven equal to `scan`'s own loop."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from elman.cells import Cell, State
from elman.kernels.mingru import DOUBLING, IN_ORDER, Diagonal, NativeDiagonal
from elman.kernels.native_sequences import NativeSequences
from elman.kernels.torch_layers import TorchLayers


class Kernel(Protocol):
    """One way to run some cells over a whole sequence."""

    name: str
    skips_padding: bool  # whether it never reads what is behind a row's length

    def serves(self, cell: Cell, xs: Tensor) -> bool:
        """Whether this kernel can run this cell on such inputs."""

    def suits(self, cell: Cell, xs: Tensor, ragged: bool) -> bool:
        """Whether it is the fastest, of those that serve and stand from here on in KERNELS."""

    def run(
        self, cell: Cell, xs: Tensor, state: State, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        """xs (B, T, D), lengths (B,) int64 -> ys (B, T, H), zero at padding, and each row's last
        state.

        A kernel knows no resets: `scan` makes each of them a row of its own (segments.py).
        """


KERNELS: tuple[Kernel, ...] = (
    NativeSequences(),
    NativeDiagonal(),
    TorchLayers(),
    Diagonal("diagonal-parallel", DOUBLING, device="cuda"),
    Diagonal("diagonal", IN_ORDER, device=None),
)
"""In order of preference."""
