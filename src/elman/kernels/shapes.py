"""The shapes of torch's tensors, as the native core takes them.

Shapes: T time, B batch, H hidden width, W width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elman.kernels import core

_PRECISIONS = {torch.float32: "float32", torch.bfloat16: "bfloat16"}


def supports(product: torch.dtype, *exact: Tensor) -> bool:
    """Whether the core runs products of this type with these tensors, float32 on the CPU."""
    return (
        product in _PRECISIONS
        and all(each.dtype == torch.float32 and each.device.type == "cpu" for each in exact)
        and core.module() is not None
    )


def sequence_shape(cell: str, hs: Tensor, lengths: Tensor | None, offsets: Tensor | None) -> Any:
    """The shape of hs (T, B, H), for the core's recurrent layers.

    Args:
        cell: a name of the core's `Cell`.
        hs: (T, B, H); lengths: (B,) int64, or None if all rows have T steps.
        offsets: (T, B) int64, the index of each step of each row in arrays without padding.
    """
    native = core.module()
    address = 0 if offsets is None else offsets.data_ptr()
    return native.sequence(getattr(native.Cell, cell), *_sizes(hs, lengths), address)


def diagonal_shape(hs: Tensor, lengths: Tensor | None) -> Any:
    """The shape of hs (T, B, H), for the core's diagonal recurrence."""
    return core.module().diagonal(*_sizes(hs, lengths))


def row_shape(narrow: Tensor) -> Any:
    """The shape of the rows of narrow (..., W), for the core's fused operations."""
    native, width = core.module(), narrow.shape[-1]
    precision = getattr(native.Precision, _PRECISIONS[narrow.dtype])
    rows = narrow.numel() // width if width else 0
    return native.row_shape(precision, rows, width, torch.get_num_threads())


def _sizes(hs: Tensor, lengths: Tensor | None) -> tuple[Any, ...]:
    precision = getattr(core.module().Precision, _PRECISIONS[hs.dtype])
    address = 0 if lengths is None else lengths.data_ptr()
    return precision, *hs.shape, address, torch.get_num_threads()
