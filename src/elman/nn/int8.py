"""Weights of 8 bits: each row of a matrix on a grid of its own, 127 steps to either side of 0.

Shapes: N rows (outputs of a linear layer, tokens of an embedding), K columns.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from elman.bundle import Bundle, Layout
from elman.errors import ModelFileError

MOST = 127  # steps; -128 is left out, so that the grid is the same on either side

LEAST = 16  # rows and columns: of a smaller matrix there is little to save

_TINY = torch.finfo(torch.float32).tiny


class QuantizedWeight(NamedTuple):
    """A matrix as it stands in a file: its numbers are steps * scale."""

    steps: Tensor  # (N, K) int8, the largest of a row -127 or 127
    scale: Tensor  # (N,) float32


def has_int8(dtype: torch.dtype, shape: tuple[int, ...]) -> bool:
    """Whether a tensor of this kind is rounded, where a model's weights are of 8 bits."""
    return dtype == torch.float32 and len(shape) == 2 and min(shape) >= LEAST


def quantize(weight: Tensor) -> QuantizedWeight:
    """The nearest points of the grid; from halfway the even ones, as the native core rounds.

    What `dequantize` makes of them is rounded to the very same steps and scale. A row whose scale
    float32 could not hold exactly enough (its largest number is below 1.5e-36) becomes zeros.

    Args:
        weight: (N, K) float32.

    Raises:
        ModelFileError: where a weight is not a number, or so large that the grid does not hold it.
    """
    # On the processor: elsewhere a quotient may be the product with a reciprocal.
    weight = weight.detach().cpu()
    scale = weight.abs().amax(1) / MOST
    if not bool((scale * MOST).isfinite().all()):
        raise ModelFileError("its weights hold what is not a number, or one too large for 8 bits")
    scale[scale < _TINY] = 0
    steps = (weight / scale.masked_fill(scale == 0, 1)[:, None]).round()
    return QuantizedWeight(steps.to(torch.int8), scale)


def dequantize(quantised: QuantizedWeight) -> Tensor:
    """(N, K) float32."""
    return quantised.steps * quantised.scale[:, None]


def on_grid(tensor: Tensor) -> Tensor:
    """A matrix rounded to its grid; any other tensor as it is.

    Raises:
        ModelFileError: as `quantize`.
    """
    rounds = has_int8(tensor.dtype, tuple(tensor.shape))
    return dequantize(quantize(tensor)) if rounds else tensor


def packed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as a file of 8 bits has them: for a matrix its steps, and beside them its scale.

    Raises:
        ModelFileError: as `quantize`.
    """
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if has_int8(tensor.dtype, tuple(tensor.shape)):
            found[name], found[_scale_of(name)] = quantize(tensor)
        else:
            found[name] = tensor
    return found


def unpacked(bundle: Bundle, expected: Layout) -> dict[str, Tensor]:
    """The tensors of a file of 8 bits, as numbers again.

    Args:
        expected: what they are when they are numbers.

    Raises:
        ModelFileError: where the file does not hold just these, or steps and scales that
            `quantize` would not give.
    """
    layout: Layout = {}
    for name, (dtype, shape) in expected.items():
        if has_int8(dtype, shape):
            layout[name] = (torch.int8, shape)
            layout[_scale_of(name)] = (torch.float32, shape[:1])
        else:
            layout[name] = (dtype, shape)
    tensors = bundle.tensors(layout)
    for name, kind in expected.items():
        if has_int8(*kind):
            found = QuantizedWeight(tensors[name], tensors.pop(_scale_of(name)))
            tensors[name] = dequantize(found)
            if not _same_again(tensors[name], found):
                bundle.refuse(f"the tensor {name!r} is not what rounding to 8 bits gives")
    return tensors


def is_int8(bundle: Bundle) -> bool:
    """Whether a file says that its weights are of 8 bits.

    Raises:
        ModelFileError: where it says neither yes nor no.
    """
    said = bundle.about.get("int8", False)
    if not isinstance(said, bool):
        bundle.refuse("it should say whether its weights are of 8 bits")
    return said


def _scale_of(name: str) -> str:
    return f"{name}.scale"


def _same_again(weight: Tensor, found: QuantizedWeight) -> bool:
    """Whether rounding a matrix gives just what a file has it from."""
    try:
        again = quantize(weight)
    except ModelFileError:
        return False
    return torch.equal(again.steps, found.steps) and torch.equal(again.scale, found.scale)
