"""A trained network as arrays, and what reads with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from elman.cells.program import CellProgram
from elman.errors import UntraceableError
from elman.kernels import core
from elman.nn.compiled.network import Reader, compiled_stack
from elman.nn.compiled.weights import Weights
from elman.nn.config import StackConfig

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """The weights of a network, and the step of its cell.

    Args:
        weights: its parameters.
        cell: the step of its cells; None if only PyTorch runs it.
        module: returns the network as a torch module.
        int8: whether to use int8 products.
    """

    weights: Weights
    cell: CellProgram | None
    module: Callable[[], nn.Module]
    int8: bool = False

    @property
    def exact(self) -> TrainedNetwork:
        """The same with products of float32: what reads whole texts answers as an exported page."""
        return replace(self, int8=False)

    @property
    def program(self) -> CellProgram | None:
        """The step of the cell where the native core runs it, else None."""
        return self.cell if core.module() is not None else None

    def stack(self, name: str, config: StackConfig) -> Reader:
        """What reads with the stack of this name."""
        if self.program is not None:
            try:
                weights = self.weights.under(name)
                return compiled_stack(config, self.program, weights, int8=self.int8)
            except UntraceableError:
                pass
        from elman.nn.torch_reader import TorchReader

        return TorchReader(self.module().get_submodule(name), config.hidden_size)
