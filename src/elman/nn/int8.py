"""int8 weights: symmetric quantisation of a matrix with one scale for each row.

Shapes: N rows (outputs of a linear layer, tokens of an embedding), K columns.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from elman.bundle import Bundle, Layout
from elman.errors import ModelFileError

MAX_STEP = 127  # -128 is unused, so that the range is symmetric

MIN_SIZE = 16  # rows and columns; a smaller matrix would save little

_TINY = torch.finfo(torch.float32).tiny


class QuantizedWeight(NamedTuple):
    """A quantised matrix: the weights are steps * scale."""

    steps: Tensor  # (N, K) int8, the largest magnitude of a row is 127
    scale: Tensor  # (N,) float32


def has_int8(dtype: torch.dtype, shape: tuple[int, ...]) -> bool:
    """Whether a model with int8 weights quantises a tensor of this dtype and shape."""
    return dtype == torch.float32 and len(shape) == 2 and min(shape) >= MIN_SIZE


def quantize(weight: Tensor) -> QuantizedWeight:
    """Round each row to multiples of its scale, half to even, as the native core does.

    Idempotent: `quantize(dequantize(q))` equals q. A row with a subnormal scale (its largest
    magnitude is below 1.5e-36) becomes zeros.

    Args:
        weight: (N, K) float32.

    Raises:
        ModelFileError: a weight is not finite, or too large for its scale.
    """
    # On the CPU: other devices may divide by multiplying with a reciprocal.
    weight = weight.detach().cpu()
    scale = weight.abs().amax(1) / MAX_STEP
    if not bool((scale * MAX_STEP).isfinite().all()):
        raise ModelFileError("a weight is not finite, or too large for int8")
    scale[scale < _TINY] = 0
    steps = (weight / scale.masked_fill(scale == 0, 1)[:, None]).round()
    return QuantizedWeight(steps.to(torch.int8), scale)


def dequantize(quantized: QuantizedWeight) -> Tensor:
    """The weights (N, K) float32."""
    return quantized.steps * quantized.scale[:, None]


def fake_quantize(tensor: Tensor) -> Tensor:
    """Quantise and dequantise a matrix; return any other tensor unchanged.

    Raises:
        ModelFileError: as `quantize`.
    """
    rounds = has_int8(tensor.dtype, tuple(tensor.shape))
    return dequantize(quantize(tensor)) if rounds else tensor


def packed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a file with int8 weights: steps and scale for each matrix.

    Raises:
        ModelFileError: as `quantize`.
    """
    stored: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if has_int8(tensor.dtype, tuple(tensor.shape)):
            stored[name], stored[_scale_of(name)] = quantize(tensor)
        else:
            stored[name] = tensor
    return stored


def unpacked(bundle: Bundle, expected: Layout) -> dict[str, Tensor]:
    """The dequantised tensors of a file with int8 weights.

    Args:
        bundle: the file.
        expected: dtype and shape of each dequantised tensor.

    Raises:
        ModelFileError: the file holds other tensors, or steps and scales that `quantize` never
            returns.
    """
    layout: Layout = {}
    for name, (dtype, shape) in expected.items():
        if has_int8(dtype, shape):
            layout[name] = (torch.int8, shape)
            layout[_scale_of(name)] = (torch.float32, shape[:1])
        else:
            layout[name] = (dtype, shape)
    tensors = bundle.tensors(layout)
    for name, (dtype, shape) in expected.items():
        if has_int8(dtype, shape):
            stored = QuantizedWeight(tensors[name], tensors.pop(_scale_of(name)))
            tensors[name] = dequantize(stored)
            if not _is_quantized_to(tensors[name], stored):
                bundle.refuse(f"the tensor {name!r} is not the result of int8 quantisation")
    return tensors


def is_int8(bundle: Bundle) -> bool:
    """Whether a file holds int8 weights.

    Raises:
        ModelFileError: its entry "int8" is not a boolean.
    """
    flag = bundle.about.get("int8", False)
    if not isinstance(flag, bool):
        bundle.refuse("its entry 'int8' is neither true nor false")
    return flag


def _scale_of(name: str) -> str:
    return f"{name}.scale"


def _is_quantized_to(weight: Tensor, stored: QuantizedWeight) -> bool:
    """Whether quantising a matrix gives exactly the stored steps and scale."""
    try:
        again = quantize(weight)
    except ModelFileError:
        return False
    return torch.equal(again.steps, stored.steps) and torch.equal(again.scale, stored.scale)
