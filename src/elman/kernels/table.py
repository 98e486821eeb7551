"""Faster ways to run a cell over time, each tested equal to the plain loop of `scan`."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from elman.cells import Cell, State
from elman.kernels.mingru import DOUBLING, IN_ORDER, Diagonal, NativeDiagonal
from elman.kernels.native_sequences import NativeSequences
from elman.kernels.torch_layers import TorchLayers


class Kernel(Protocol):
    """A fast implementation for some cells over a whole sequence."""

    name: str
    skips_padding: bool  # whether it never reads padding

    def supports(self, cell: Cell, xs: Tensor) -> bool:
        """Whether this kernel can run the cell on such inputs."""

    def preferred(self, cell: Cell, xs: Tensor, ragged: bool) -> bool:
        """Whether it is faster than the later KERNELS that support the call."""

    def run(
        self, cell: Cell, xs: Tensor, state: State, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        """xs (B, T, D), lengths (B,) int64 -> ys (B, T, H), zero at padding, and the last
        state of each row.

        Kernels do not handle resets: `scan` splits rows at them (segments.py).
        """


KERNELS: tuple[Kernel, ...] = (
    NativeSequences(),
    NativeDiagonal(),
    TorchLayers(),
    Diagonal("diagonal-parallel", DOUBLING, device="cuda"),
    Diagonal("diagonal", IN_ORDER, device=None),
)
"""In order of preference."""
