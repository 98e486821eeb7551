"""minGRU over a whole sequence: one product, then h[t] = keep[t] * h[t-1] + new[t].

Shapes: T time, B batch, D input width, H hidden width. Time comes first here, so each step is
contiguous.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from elman.cells import Cell, MinGRU, MinGRUState, State
from elman.kernels import core, shapes
from elman.kernels.pointwise import product_type


class ScanSolver(NamedTuple):
    """An algorithm for the recurrence, and for its gradient: the same recurrence run backwards.

    Attributes:
        forward: keep and new (T, B, H), first (B, H), the initial state -> hs (T, B, H) with
            hs[t] = keep[t] * hs[t-1] + new[t].
        backward: keep and gradient (T, B, H) -> total (T, B, H) with
            total[t] = gradient[t] + keep[t+1] * total[t+1].
    """

    forward: Callable[[Tensor, Tensor, Tensor], Tensor]
    backward: Callable[[Tensor, Tensor], Tensor]


def _forward_in_order(keep: Tensor, new: Tensor, first: Tensor) -> Tensor:
    hs = torch.empty_like(new)
    h = first
    for keep_t, new_t, out in zip(keep.unbind(0), new.unbind(0), hs.unbind(0), strict=True):
        h = torch.addcmul(new_t, keep_t, h, out=out)
    return hs


def _backward_in_order(keep: Tensor, gradient: Tensor) -> Tensor:
    total = torch.empty_like(keep)
    total[-1] = gradient[-1]
    steps = zip(keep[1:].unbind(0), gradient[:-1].unbind(0), total[:-1].unbind(0), strict=True)
    later = total[-1]
    for keep_t, new_t, out in reversed(list(steps)):
        later = torch.addcmul(new_t, keep_t, later, out=out)
    return total


IN_ORDER = ScanSolver(_forward_in_order, _backward_in_order)
"""One fused multiply-add a step: the least arithmetic, and the fastest on a CPU."""


def _forward_by_doubling(keep: Tensor, new: Tensor, first: Tensor) -> Tensor:
    new = new.clone()
    new[0] += keep[0] * first
    distance = 1
    while distance < len(new):
        joined_keep, joined_new = keep.clone(), new.clone()
        joined_new[distance:] += keep[distance:] * new[:-distance]
        joined_keep[distance:] *= keep[:-distance]
        keep, new = joined_keep, joined_new
        distance *= 2
    return new


def _backward_by_doubling(keep: Tensor, gradient: Tensor) -> Tensor:
    zero = torch.zeros_like(keep[:1])
    later = torch.cat([zero, keep[1:].flip(0)])
    return _forward_by_doubling(later, gradient.flip(0), zero[0]).flip(0)


DOUBLING = ScanSolver(_forward_by_doubling, _backward_by_doubling)
"""A parallel scan for a GPU: about log2(T) rounds, each over the whole sequence.

Consecutive steps compose into one step (keep, new); each round composes every segment with the
one before it, which doubles their length (W. D. Hillis, G. L. Steele, 'Data Parallel Algorithms',
1986). Products of keep stay between 0 and 1, so logarithms are not needed.
"""


class _Recurrence(torch.autograd.Function):
    """(gate | candidate) (T, B, 2H), first (B, H) -> hs (T, B, H), with its gradient.

    With g[t] the gradient of the output at t, the gradient of h[t] is
    total[t] = g[t] + keep[t+1] * total[t+1]: the same recurrence run backwards (E. Martin,
    C. Cundy, 'Parallelizing Linear Recurrent Neural Nets Over Sequence Length', 2018,
    section 2.2). The gradient of candidate[t] is total * z, of gate[t]
    total * (candidate - h[t-1]) * z * (1 - z).
    """

    @staticmethod
    def forward(ctx: Any, packed: Tensor, first: Tensor, solver: ScanSolver) -> Tensor:
        gate, candidate = packed.chunk(2, dim=-1)
        keep = gate.neg().to(first.dtype).sigmoid_()
        candidate = candidate.to(first.dtype)
        new = torch.addcmul(candidate, keep, candidate, value=-1)
        hs = solver.forward(keep, new, first)
        ctx.save_for_backward(keep, candidate, hs, first)
        ctx.solver, ctx.packed_dtype = solver, packed.dtype
        return hs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        keep, candidate, hs, first = ctx.saved_tensors
        total = ctx.solver.backward(keep, gradient.to(first.dtype))

        time, rows, width = total.shape
        to_packed = total.new_empty(time, rows, 2 * width, dtype=ctx.packed_dtype)
        to_gate, to_candidate = to_packed.chunk(2, dim=-1)
        difference = torch.empty_like(candidate)  # candidate[t] - h[t-1]
        torch.sub(candidate[1:], hs[:-1], out=difference[1:])
        torch.sub(candidate[0], first, out=difference[0])
        through_z = torch.addcmul(total, total, keep, value=-1)
        to_candidate.copy_(through_z)
        to_gate.copy_(through_z.mul_(keep).mul_(difference))
        return to_packed, keep[0] * total[0], None


class _NativeRecurrence(torch.autograd.Function):
    """`_Recurrence` on the native core, one pass each way; hs has the type of packed.

    Save only inputs and outputs: recomputing the gates is cheaper than reading them back.
    """

    @staticmethod
    def forward(
        ctx: Any, packed: Tensor, first: Tensor, lengths: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        hs = packed.new_empty(*packed.shape[:2], first.shape[1])
        last = torch.empty_like(first)
        core.module().diagonal_forward(
            shapes.diagonal_shape(hs, lengths),
            packed.data_ptr(),
            first.data_ptr(),
            hs.data_ptr(),
            last.data_ptr(),
        )
        ctx.save_for_backward(packed, hs, first, lengths)
        return hs, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_hs: Tensor, to_last: Tensor) -> tuple[Tensor, Tensor, None]:
        packed, hs, first, lengths = ctx.saved_tensors
        to_hs, to_last = to_hs.to(hs.dtype).contiguous(), to_last.contiguous()
        to_packed, to_first = torch.empty_like(packed), torch.empty_like(first)
        core.module().diagonal_backward(
            shapes.diagonal_shape(hs, lengths),
            packed.data_ptr(),
            hs.data_ptr(),
            first.data_ptr(),
            to_hs.data_ptr(),
            to_last.data_ptr(),
            to_packed.data_ptr(),
            to_first.data_ptr(),
        )
        return to_packed, to_first, None


class NativeDiagonal:
    """minGRU on the native core, which stops at the end of each row."""

    name = "native"
    skips_padding = False

    def supports(self, cell: Cell, xs: Tensor) -> bool:
        return type(cell) is MinGRU and shapes.supports(product_type(xs), *cell.parameters())

    def preferred(self, cell: Cell, xs: Tensor, ragged: bool) -> bool:  # noqa: ARG002
        return True

    def run(
        self, cell: Any, xs: Tensor, state: State, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        packed = cell.i2h(xs.transpose(0, 1)).contiguous()
        hs, last = _NativeRecurrence.apply(  # type: ignore[no-untyped-call]
            packed, state[0].contiguous(), lengths
        )
        return hs.transpose(0, 1), MinGRUState(last)


class Diagonal:
    """minGRU with all products in one call, and a `ScanSolver` for the recurrence.

    It runs through the padding; the state of a row is taken at its last real step.

    Args:
        name: in `KERNELS`.
        solver: the algorithm for the recurrence.
        device: the device type that prefers this kernel, as "cuda"; None: any.
    """

    skips_padding = False

    def __init__(self, name: str, solver: ScanSolver, device: str | None = None) -> None:
        self.name = name
        self.solver = solver
        self.device = device

    def supports(self, cell: Cell, xs: Tensor) -> bool:  # noqa: ARG002
        return type(cell) is MinGRU

    def preferred(self, cell: Cell, xs: Tensor, ragged: bool) -> bool:  # noqa: ARG002
        return self.device in (None, xs.device.type)

    def run(
        self, cell: Any, xs: Tensor, state: State, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        packed = cell.i2h(xs.transpose(0, 1))
        hs = _Recurrence.apply(packed, state[0], self.solver)  # type: ignore[no-untyped-call]
        if lengths is None:
            return hs.transpose(0, 1), MinGRUState(hs[-1])
        past = torch.arange(xs.shape[1], device=xs.device)[:, None] >= lengths
        ys = hs.masked_fill(past[..., None], 0)
        ends = (lengths - 1).clamp(min=0)[None, :, None].expand(1, -1, hs.shape[2])
        after = torch.where((lengths > 0)[:, None], hs.gather(0, ends)[0], state[0])
        return ys.transpose(0, 1), MinGRUState(after)
