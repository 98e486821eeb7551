"""Resets for kernels that know none: every reset begins a row of its own.

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
    """Cut each row at its resets, run the pieces as a ragged batch, and join them again.

    Args:
        run: what knows no resets, (cell, xs, state, lengths) -> (ys, state).
        cell: a cell, or a stack: anything with an `initial_state`.
        xs: (B, T, D); lengths: (B,) or None; resets: (B, T) bool.

    Returns:
        ys (B, T, H), zero after each row's length, and each row's last state.
    """
    rows, time = xs.shape[:2]
    steps = torch.arange(time, device=xs.device)
    ends = torch.full((rows,), time, device=xs.device) if lengths is None else lengths
    resets = resets & (steps < ends[:, None])  # in padding, an empty row's too, they say nothing
    begins = resets.clone()
    begins[:, 0] = True
    row, start = begins.nonzero(as_tuple=True)  # (N,) each, in reading order
    segment = begins.flatten().cumsum(0).view(rows, time) - 1  # (B, T) -> which of the N

    last_of_row = torch.ones_like(row, dtype=torch.bool)
    last_of_row[:-1] = row[1:] != row[:-1]
    following = torch.cat([start[1:], start.new_zeros(1)])
    sizes = torch.where(last_of_row, ends[row], following) - start

    longest = max(int(sizes.max()), 1)
    places = (start[:, None] + steps[:longest]).clamp(max=time - 1)
    pieces = xs[row[:, None], places]  # (N, L, D)
    carried = (start == 0) & ~resets[row, start]

    def first(given: Tensor, initial: Tensor) -> Tensor:
        keep = carried.view(-1, *[1] * (given.dim() - 1))
        return torch.where(keep, given[row], initial)

    initial = cell.initial_state(len(row))
    ys, last = run(cell, pieces, map_state(first, state, initial), sizes)

    inside = steps < ends[:, None]
    offset = (steps - start[segment]).clamp(max=longest - 1)
    joined = torch.where(inside[..., None], ys[segment, offset], 0)
    return joined, map_state(lambda part: part[last_of_row], last)
