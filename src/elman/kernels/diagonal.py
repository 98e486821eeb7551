"""h[t] = keep[t] * h[t-1] + new[t] over a whole sequence, in order or in parallel.

Shapes: B batch, T time, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from elman.cells import Cell, DiagonalCell, DiagonalState, State

Solver = Callable[[Tensor, Tensor, Tensor, bool], Tensor]


def in_order(keep: Tensor, new: Tensor, first: Tensor, backwards: bool = False) -> Tensor:
    """One fused multiply-add a step: the least work, and the fastest on a CPU.

    Args:
        keep, new: (B, T, H); first: (B, H), the state before the first step.
        backwards: run from the last step to the first.

    Returns:
        hs: (B, T, H).
    """
    hs = torch.empty_like(new)
    steps = list(zip(keep.unbind(1), new.unbind(1), hs.unbind(1), strict=True))
    h = first
    for kept, added, out in reversed(steps) if backwards else steps:
        h = torch.addcmul(added, kept, h, out=out)
    return hs


def doubling(keep: Tensor, new: Tensor, first: Tensor, backwards: bool = False) -> Tensor:
    """The same in about log2(T) steps, each over the whole sequence: for a GPU.

    A stretch of steps is itself a step (keep, new); each round joins every stretch with the one
    before it and so doubles their length (W. D. Hillis, G. L. Steele, 'Data Parallel
    Algorithms', 1986). Products of keep stay between 0 and 1, so no logarithms are needed.
    Arguments and result are those of `in_order`.
    """
    edge = -1 if backwards else 0
    new = new.clone()
    new[:, edge] += keep[:, edge] * first
    distance, time = 1, new.shape[1]
    while distance < time:
        if backwards:
            here, there = slice(None, -distance), slice(distance, None)
        else:
            here, there = slice(distance, None), slice(None, -distance)
        joined_keep, joined_new = keep.clone(), new.clone()
        joined_new[:, here] += keep[:, here] * new[:, there]
        joined_keep[:, here] *= keep[:, there]
        keep, new = joined_keep, joined_new
        distance *= 2
    return new


class _Recurrence(torch.autograd.Function):
    """The recurrence with its gradient, which is the same recurrence run backwards.

    With g[t] the gradient that reaches h[t] from outside, the whole gradient is
    total[t] = g[t] + keep[t+1] * total[t+1]; that of new[t] is total[t], that of keep[t] is
    total[t] * h[t-1] (E. Martin, C. Cundy, 'Parallelizing Linear Recurrent Neural Nets Over
    Sequence Length', 2018, section 2.2).
    """

    @staticmethod
    def forward(ctx: Any, keep: Tensor, new: Tensor, first: Tensor, solve: Solver) -> Tensor:
        hs = solve(keep, new, first, False)
        ctx.save_for_backward(keep, hs, first)
        ctx.solve = solve
        return hs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        keep, hs, first = ctx.saved_tensors
        nothing = torch.zeros_like(keep[:, :1])
        later_keep = torch.cat([keep[:, 1:], nothing], dim=1)
        total = ctx.solve(later_keep, gradient, nothing[:, 0], True)
        grad_keep = torch.empty_like(keep)
        torch.mul(total[:, 1:], hs[:, :-1], out=grad_keep[:, 1:])
        torch.mul(total[:, 0], first, out=grad_keep[:, 0])
        return grad_keep, total, keep[:, 0] * total[:, 0], None


class Diagonal:
    """Cells of the form h' = keep(x) * h + new(x): their products in one call, then the sum.

    A reset is a step that keeps nothing and adds the initial state; padding is a step that
    keeps everything and adds nothing.
    """

    def __init__(self, name: str, solve: Solver, device: str | None) -> None:
        self.name = name
        self.solve = solve
        self.device = device

    def serves(self, cell: Cell) -> bool:
        return isinstance(cell, DiagonalCell)

    def run(
        self,
        cell: Any,
        xs: Tensor,
        state: State,
        lengths: Tensor | None,
        resets: Tensor | None,
    ) -> tuple[Tensor, State]:
        keep, new = cell.coefficients(xs)
        if resets is not None:
            fresh = cell.initial_state(len(xs)).h[:, None]
            new = torch.where(resets[..., None], keep * fresh + new, new)
            keep = keep.masked_fill(resets[..., None], 0)
        past = None
        if lengths is not None:
            past = (torch.arange(xs.shape[1], device=xs.device) >= lengths[:, None])[..., None]
            keep, new = keep.masked_fill(past, 1), new.masked_fill(past, 0)
        hs = _Recurrence.apply(keep, new, state[0], self.solve)  # type: ignore[no-untyped-call]
        ys = hs if past is None else hs.masked_fill(past, 0)
        return ys, DiagonalState(hs[:, -1])
