"""int8 weights: symmetric quantisation of a matrix with one scale for each row.

Shapes: N rows (outputs of a linear layer, tokens of an embedding), K columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.bundle import Array, Bundle, Layout
from elman.errors import ModelFileError

MAX_STEP = 127  # -128 is unused, so that the range is symmetric

MIN_SIZE = 16  # rows and columns; a smaller matrix would save little

_TINY = np.finfo(np.float32).tiny

Floats = npt.NDArray[np.float32]


class QuantizedWeight(NamedTuple):
    """A quantised matrix: the weights are steps * scale."""

    steps: npt.NDArray[np.int8]  # (N, K), the largest magnitude of a row is 127
    scale: Floats  # (N,)


def has_int8(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
    """Whether a model with int8 weights quantises an array of this dtype and shape."""
    return dtype == np.float32 and len(shape) == 2 and min(shape) >= MIN_SIZE


def quantize(weight: Floats) -> QuantizedWeight:
    """Round each row to multiples of its scale, half to even, as the native core does.

    Idempotent: `quantize(dequantize(q))` equals q. A row with a subnormal scale (its largest
    magnitude is below 1.5e-36) becomes zeros.

    Args:
        weight: (N, K).

    Raises:
        ModelFileError: a weight is not finite, or too large for its scale.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        scale = np.abs(weight).max(axis=1) / np.float32(MAX_STEP)
        if not np.isfinite(scale * np.float32(MAX_STEP)).all():
            raise ModelFileError("a weight is not finite, or too large for int8")
    scale[scale < _TINY] = 0
    steps = np.rint(weight / np.where(scale == 0, np.float32(1), scale)[:, None])
    return QuantizedWeight(steps.astype(np.int8), scale)


def dequantize(quantized: QuantizedWeight) -> Floats:
    """The weights (N, K) float32."""
    with np.errstate(over="ignore"):  # a damaged scale, which its reader refuses
        return quantized.steps * quantized.scale[:, None]


def fake_quantize(array: Array) -> Array:
    """Quantise and dequantise a matrix; return any other array unchanged.

    Raises:
        ModelFileError: as `quantize`.
    """
    return dequantize(quantize(array)) if has_int8(array.dtype, array.shape) else array


def packed(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays of a file with int8 weights: steps and scale for each matrix.

    Raises:
        ModelFileError: as `quantize`.
    """
    stored: dict[str, Array] = {}
    for name, array in arrays.items():
        if has_int8(array.dtype, array.shape):
            stored[name], stored[_scale_of(name)] = quantize(array)
        else:
            stored[name] = array
    return stored


def unpacked(bundle: Bundle, expected: Layout) -> dict[str, Array]:
    """The dequantised arrays of a file with int8 weights.

    Args:
        bundle: the file.
        expected: dtype and shape of each dequantised array.

    Raises:
        ModelFileError: the file holds other arrays, or steps and scales that `quantize` never
            returns.
    """
    layout: Layout = {}
    for name, (dtype, shape) in expected.items():
        if has_int8(dtype, shape):
            layout[name] = (np.dtype(np.int8), shape)
            layout[_scale_of(name)] = (np.dtype(np.float32), shape[:1])
        else:
            layout[name] = (dtype, shape)
    arrays = bundle.arrays(layout)
    for name, (dtype, shape) in expected.items():
        if has_int8(dtype, shape):
            stored = QuantizedWeight(arrays[name], arrays.pop(_scale_of(name)))
            arrays[name] = dequantize(stored)
            if not _is_quantized_to(arrays[name], stored):
                bundle.refuse(f"the tensor {name!r} is not the result of int8 quantisation")
    return arrays


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


def _is_quantized_to(weight: Floats, stored: QuantizedWeight) -> bool:
    """Whether quantising a matrix gives exactly the stored steps and scale."""
    try:
        again = quantize(weight)
    except ModelFileError:
        return False
    return np.array_equal(again.steps, stored.steps) and np.array_equal(again.scale, stored.scale)
