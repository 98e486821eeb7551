"""The one loop over time, for any cell.

Shapes: B batch, T time, D input width, H hidden width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elman.cells import Cell, State, map_state, state_tensors
from elman.errors import SettingError
from elman.kernels.segments import run_in_segments
from elman.kernels.table import KERNELS, Kernel


def scan(
    cell: Cell,
    xs: Tensor,
    state: Any = None,
    *,
    lengths: Tensor | None = None,
    resets: Tensor | None = None,
    kernel: str | None = None,
) -> tuple[Tensor, Any]:
    """Run a cell over a batch of sequences.

    Args:
        xs: (B, T, D) inputs.
        state: the state to begin from; the cell's initial state where None.
        lengths: (B,) integers, the real tokens of each row; all T where None. What lies behind
            them is never looked at: outputs there are zero.
        resets: (B, T) bool; where True, the row begins anew before it reads that token.
        kernel: "reference" for this file's loop, or a name in `elman.kernels.table.KERNELS`;
            None takes the fastest that can serve the call.

    Returns:
        ys (B, T, H), and each row's state after its last real token.

    Raises:
        SettingError: for shapes that do not fit together, or a kernel that cannot serve the cell.
    """
    _check(cell, xs, lengths, resets)
    rows, time = xs.shape[:2]
    if state is None:
        state = cell.initial_state(rows)
    else:
        _check_state(state, cell.initial_state(0), rows)
    if time == 0:
        return xs.new_zeros(rows, 0, cell.output_size), state
    chosen = _kernel(cell, xs, lengths is not None or resets is not None, kernel)
    if lengths is not None:
        lengths = lengths.to(torch.int64).contiguous()
        past = torch.arange(time, device=xs.device) >= lengths[:, None]
        if chosen is None or not chosen.skips_padding:
            # Padding may hold anything, NaN too: it must not reach a sum, nor a gradient.
            # Time first in memory, as kernels read it; the other way round it is copied once more.
            xs = xs.transpose(0, 1).masked_fill(past.t()[..., None], 0).transpose(0, 1)
        resets = None if resets is None else resets & ~past

    if chosen is None:
        return _reference(cell, xs, state, lengths, resets)
    if resets is not None:
        return run_in_segments(chosen.run, cell, xs, state, lengths, resets)
    return chosen.run(cell, xs, state, lengths)


def _kernel(cell: Cell, xs: Tensor, ragged: bool, name: str | None) -> Kernel | None:
    if name == "reference" or (name is None and xs.shape[1] == 1):
        return None  # one step is the cell itself: nothing is faster
    for kernel in KERNELS:
        wanted = kernel.suits(cell, xs, ragged) if name is None else kernel.name == name
        if wanted and kernel.serves(cell, xs):
            return kernel
    if name is None:
        return None
    raise SettingError(f"no kernel {name!r} for {type(cell).__name__}", location="kernel")


def _reference(
    cell: Cell, xs: Tensor, state: State, lengths: Tensor | None, resets: Tensor | None
) -> tuple[Tensor, State]:
    initial = cell.initial_state(len(xs))
    ys = []
    for t, x in enumerate(xs.unbind(1)):
        if resets is not None:
            state = _choose(resets[:, t], initial, state)
        y, following = cell(x, state)
        following = map_state(_as_before, following, state)
        if lengths is not None:
            real = t < lengths
            following = _choose(real, following, state)
            y = torch.where(real[:, None], y, 0)
        state = following
        ys.append(y)
    return torch.stack(ys, dim=1), state


def _as_before(new: Tensor, old: Tensor) -> Tensor:
    """Under autocast a cell may answer in bfloat16; what is remembered keeps its precision."""
    return new.to(old.dtype)


def _choose(where: Tensor, yes: State, no: State) -> State:
    """Row by row, one state or the other; where (B,) bool."""

    def pick(a: Tensor, b: Tensor) -> Tensor:
        return torch.where(where.view(-1, *[1] * (a.dim() - 1)), a, b)

    return map_state(pick, yes, no)


def _check_state(state: State, empty: State, rows: int) -> None:
    """Kernels go by addresses: a state of another shape or type ends elsewhere than they think."""
    for found, right in zip(state_tensors(state), state_tensors(empty), strict=True):
        shape = (rows, *right.shape[1:])
        if found.shape != shape or found.dtype != right.dtype:
            raise SettingError(
                f"expected {shape} of {right.dtype}, found {tuple(found.shape)} of {found.dtype}",
                location="state",
            )


def _check(cell: Cell, xs: Tensor, lengths: Tensor | None, resets: Tensor | None) -> None:
    if xs.dim() != 3 or xs.shape[2] != cell.input_size:
        raise SettingError(
            f"expected (batch, time, {cell.input_size}), found {tuple(xs.shape)}", location="xs"
        )
    rows, time = xs.shape[:2]
    if lengths is not None:
        if lengths.shape != (rows,):
            raise SettingError(
                f"expected ({rows},), found {tuple(lengths.shape)}", location="lengths"
            )
        if rows and not 0 <= int(lengths.min()) <= int(lengths.max()) <= time:
            raise SettingError(f"expected values from 0 to {time}", location="lengths")
    if resets is not None and (resets.shape != (rows, time) or resets.dtype != torch.bool):
        raise SettingError(
            f"expected ({rows}, {time}) of bool, found {tuple(resets.shape)} of {resets.dtype}",
            location="resets",
        )
