"""Resets for kernels without them: every segment between resets becomes a row.

Shapes: B batch, T time, D input width, H hidden width, N segments, L the longest segment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from elman.cells import map_state

SegmentRunner = Callable[[Any, Tensor, Any, Tensor | None], tuple[Tensor, Any]]


def run_in_segments(
    run: SegmentRunner, cell: Any, xs: Tensor, state: Any, lengths: Tensor | None, resets: Tensor
) -> tuple[Tensor, Any]:
    """Split each row at its resets, run the segments as a ragged batch, and join the outputs.

    Args:
        run: a runner without resets, (cell, xs, state, lengths) -> (ys, state).
        cell: a cell or a stack: anything with an `initial_state`.
        xs: (B, T, D); lengths: (B,) or None; resets: (B, T) bool.

    Returns:
        ys (B, T, H), zero at padding, and the last state of each row.
    """
    rows, time = xs.shape[:2]
    steps = torch.arange(time, device=xs.device)
    ends = torch.full((rows,), time, device=xs.device) if lengths is None else lengths
    resets = resets & (steps < ends[:, None])  # ignore resets in padding, and in empty rows
    starts = resets.clone()
    starts[:, 0] = True
    row, start = starts.nonzero(as_tuple=True)  # (N,) each, row by row
    segment = starts.flatten().cumsum(0).view(rows, time) - 1  # (B, T) index among the N

    last_of_row = torch.ones_like(row, dtype=torch.bool)
    last_of_row[:-1] = row[1:] != row[:-1]
    following = torch.cat([start[1:], start.new_zeros(1)])
    sizes = torch.where(last_of_row, ends[row], following) - start

    longest = max(int(sizes.max()), 1)
    positions = (start[:, None] + steps[:longest]).clamp(max=time - 1)
    segments = xs[row[:, None], positions]  # (N, L, D)
    carried = (start == 0) & ~resets[row, start]

    def first(before: Tensor, initial: Tensor) -> Tensor:
        keep = carried.view(-1, *[1] * (before.dim() - 1))
        return torch.where(keep, before[row], initial)

    initial = cell.initial_state(len(row))
    ys, last = run(cell, segments, map_state(first, state, initial), sizes)

    inside = steps < ends[:, None]
    offset = (steps - start[segment]).clamp(max=longest - 1)
    joined = torch.where(inside[..., None], ys[segment, offset], 0)
    return joined, map_state(lambda part: part[last_of_row], last)
