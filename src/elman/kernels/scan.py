"""Run any cell over time.

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
        cell: the cell to run.
        xs: (B, T, D) inputs.
        state: the state before the first step; None: the cell's initial state.
        lengths: (B,) integers, the number of real tokens of each row; None: all T. Padding after
            them is never read, and its outputs are zero.
        resets: (B, T) bool; True resets the state of the row before that token.
        kernel: "reference" for the plain loop, or a name in `elman.kernels.table.KERNELS`;
            None: the fastest that supports the call.

    Returns:
        ys (B, T, H), and each row's state after its last real token.

    Raises:
        SettingError: if the shapes do not match, or the kernel does not support the cell.
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
            # Padding may hold anything, even NaN: keep it out of sums and gradients. Write time
            # first, the order in which kernels read: they would copy any other.
            xs = xs.transpose(0, 1).masked_fill(past.t()[..., None], 0).transpose(0, 1)
        resets = None if resets is None else resets & ~past

    if chosen is None:
        return _reference(cell, xs, state, lengths, resets)
    if resets is not None:
        return run_in_segments(chosen.run, cell, xs, state, lengths, resets)
    return chosen.run(cell, xs, state, lengths)


def _kernel(cell: Cell, xs: Tensor, ragged: bool, name: str | None) -> Kernel | None:
    if name == "reference" or (name is None and xs.shape[1] == 1):
        return None  # for one step nothing is faster than the cell
    for kernel in KERNELS:
        chosen = kernel.preferred(cell, xs, ragged) if name is None else kernel.name == name
        if chosen and kernel.supports(cell, xs):
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
        following = map_state(_keep_dtype, following, state)
        if lengths is not None:
            real = t < lengths
            following = _choose(real, following, state)
            y = torch.where(real[:, None], y, 0)
        state = following
        ys.append(y)
    return torch.stack(ys, dim=1), state


def _keep_dtype(new: Tensor, old: Tensor) -> Tensor:
    """Keep the state's precision: under autocast a cell may return bfloat16."""
    return new.to(old.dtype)


def _choose(where: Tensor, yes: State, no: State) -> State:
    """Select a state for each row; where: (B,) bool."""

    def pick(a: Tensor, b: Tensor) -> Tensor:
        return torch.where(where.view(-1, *[1] * (a.dim() - 1)), a, b)

    return map_state(pick, yes, no)


def _check_state(state: State, empty: State, rows: int) -> None:
    """Kernels use raw pointers: check shape and dtype first."""
    for actual, initial in zip(state_tensors(state), state_tensors(empty), strict=True):
        shape = (rows, *initial.shape[1:])
        if actual.shape != shape or actual.dtype != initial.dtype:
            raise SettingError(
                f"expected {shape} of {initial.dtype}, "
                f"found {tuple(actual.shape)} of {actual.dtype}",
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
