"""Every variant of running a cell over time, and random inputs for them.

Shapes: B batch, T time, D input width, H hidden width.
"""

from __future__ import annotations

import copy
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from elman.cells import CELLS, Cell, map_state, state_tensors
from elman.kernels import core
from elman.kernels.scan import scan

INPUT, HIDDEN = 5, 8


@dataclass(frozen=True)
class Variant:
    """A cell, its kernel, and the tolerance against the plain loop in float64."""

    cell: str
    kernel: str
    instructions: str = core.OFF  # of the native core
    dtype: torch.dtype = torch.float64
    tolerance: float = 1e-10

    def __str__(self) -> str:
        named = (self.cell, self.kernel, self.instructions)
        return "-".join(named[: 3 if self.kernel == "native" else 2])

    def make(self, inputs: int = INPUT, units: int = HIDDEN) -> Cell:
        torch.manual_seed(1)
        return CELLS[self.cell](inputs, units).to(self.dtype)

    def chosen(self) -> AbstractContextManager[None]:
        """Run the core on the instructions of this variant, forward and backward."""
        return core.using(self.instructions)

    def scan(self, cell: Cell, xs: Tensor, state=None, **options):
        with self.chosen():
            return scan(cell, xs, state, kernel=self.kernel, **options)

    def gradients(self, cell: Cell, xs: Tensor, state, slopes: Tensor, **options):
        """The gradients of a loss of all outputs (times slopes) and the last state, for the inputs,
        the weights and the initial state."""
        xs = xs.detach().requires_grad_()
        state = map_state(lambda part: part.detach(), state)
        inputs = [xs, *cell.parameters(), *(x.requires_grad_() for x in floating(state))]
        ys, last = self.scan(cell, xs, state, **options)
        loss = (ys * slopes).sum() + sum(part.square().sum() for part in floating(last))
        with self.chosen():
            return torch.autograd.grad(loss, inputs)

    def assert_same(self, left, right) -> None:
        """Compare nested tensors within the tolerance, relative to the largest element."""
        for a, b in zip(state_tensors(left), state_tensors(right), strict=True):
            largest = max([1.0, *b.detach().abs().flatten().tolist()])
            torch.testing.assert_close(
                a.to(b.dtype), b, rtol=0, atol=self.tolerance * largest, equal_nan=False
            )


RECURRENT = ("elman", "elman-relu", "gru", "lstm")
SERVED = {
    "reference": tuple(CELLS),
    "fused": RECURRENT,
    "diagonal": ("mingru",),
    "diagonal-parallel": ("mingru",),
}
NATIVE = [
    Variant(cell, "native", instructions, torch.float32, 1e-5)
    for instructions in core.sets()[:-1]
    for cell in (*RECURRENT, "mingru")
]
VARIANTS = [*(Variant(cell, kernel) for kernel, cells in SERVED.items() for cell in cells), *NATIVE]
each_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)


def random_state(cell: Cell, rows: int):
    """A random state: invariants must hold from any state, not only from zeros."""

    def fill(part: Tensor) -> Tensor:
        return torch.randn_like(part) if part.is_floating_point() else part + 3

    return map_state(fill, cell.initial_state(rows))


@st.composite
def ragged_batches(draw, rows: int, time: int) -> tuple[Tensor, Tensor]:
    """(lengths, resets) of a batch of at most so many rows and steps; some rows may be empty.
    Also seeds torch."""
    batch, steps = draw(st.integers(1, rows)), draw(st.integers(1, time))
    torch.manual_seed(draw(st.integers(0, 2**31)))
    lengths = torch.tensor(draw(st.lists(st.integers(0, steps), min_size=batch, max_size=batch)))
    resets = torch.rand(batch, steps) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    return lengths, resets


def exact(value):
    """A cell, a tensor or a state in float64."""
    if isinstance(value, Cell):
        return copy.deepcopy(value).double()
    if isinstance(value, tuple):
        return map_state(exact, value)
    return value.double() if value.is_floating_point() else value


def floating(state) -> list[Tensor]:
    """The tensors of a state that have gradients."""
    return [part for part in state_tensors(state) if part.is_floating_point()]
