"""The operations between products on the native core: one pass over memory forward, one backward.

`pointwise.py` gives their formulas and sources, and calls these where the core supports them.

Shapes: T time, B batch, W width, K the convolution's width; N rows of any number of dimensions.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from elman.kernels import core, shapes


class FusedRMSNorm(torch.autograd.Function):
    """x (N, W) float32, weight (W,) -> y (N, W) of `dtype`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float, dtype: torch.dtype) -> Tensor:
        x = x.contiguous()
        y, scale = torch.empty_like(x, dtype=dtype), x.new_empty(x.shape[:-1])
        core.module().norm_forward(
            shapes.row_shape(y),
            x.data_ptr(),
            weight.data_ptr(),
            epsilon,
            y.data_ptr(),
            scale.data_ptr(),
        )
        ctx.save_for_backward(x, weight, scale)
        ctx.dtype = dtype
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_y: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, weight, scale = ctx.saved_tensors
        to_y = to_y.to(ctx.dtype).contiguous()
        to_x, to_weight = torch.empty_like(x), torch.empty_like(weight)
        core.module().norm_backward(
            shapes.row_shape(to_y),
            *(part.data_ptr() for part in (x, weight, scale, to_y, to_x, to_weight)),
        )
        return to_x, to_weight, None, None


class FusedSiLUGate(torch.autograd.Function):
    """gate and value (N, W) of one type -> y (N, W)."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, value: Tensor) -> Tensor:
        gate, value = gate.contiguous(), value.contiguous()
        y = torch.empty_like(gate)
        core.module().gate_forward(
            shapes.row_shape(y), gate.data_ptr(), value.data_ptr(), y.data_ptr()
        )
        ctx.save_for_backward(gate, value)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_y: Tensor) -> tuple[Tensor, Tensor]:
        gate, value = ctx.saved_tensors
        to_y = to_y.to(gate.dtype).contiguous()
        to_gate, to_value = torch.empty_like(gate), torch.empty_like(value)
        core.module().gate_backward(
            shapes.row_shape(to_y),
            *(part.data_ptr() for part in (gate, value, to_y, to_gate, to_value)),
        )
        return to_gate, to_value


class FusedShortConvolution(torch.autograd.Function):
    """inputs (K - 1 + T, B, W), weight (K, W), bias (W,) float32 -> y (T, B, W)."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        inputs, (taps, _) = inputs.contiguous(), weight.shape
        y = torch.empty_like(inputs[taps - 1 :])
        core.module().convolution_forward(
            shapes.row_shape(y),
            inputs.shape[1],
            taps,
            *(part.data_ptr() for part in (inputs, weight, bias, y)),
        )
        ctx.save_for_backward(inputs, weight)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        inputs, weight = ctx.saved_tensors
        to_y = to_y.to(inputs.dtype).contiguous()
        to_inputs = torch.empty_like(inputs)
        to_weights = weight.new_empty(
            len(weight) + 1, weight.shape[1]
        )  # the last row is the bias's
        core.module().convolution_backward(
            shapes.row_shape(to_y),
            inputs.shape[1],
            len(weight),
            *(part.data_ptr() for part in (inputs, weight, to_y, to_inputs, to_weights)),
        )
        return to_inputs, to_weights[:-1], to_weights[-1]


class FusedJoin(torch.autograd.Function):
    """x (T, B, W) float32 + y (T, B, W) of the products' type * mask (B, W), if not None."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, mask: Tensor | None) -> Tensor:
        x, y = x.contiguous(), y.contiguous()
        joined = torch.empty_like(x)
        core.module().join_forward(
            shapes.row_shape(y),
            x.shape[1],
            x.data_ptr(),
            y.data_ptr(),
            0 if mask is None else mask.data_ptr(),
            joined.data_ptr(),
        )
        ctx.save_for_backward(mask)
        ctx.dtype = y.dtype
        return joined

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_joined: Tensor) -> tuple[Tensor, Tensor, None]:
        (mask,) = ctx.saved_tensors
        to_joined = to_joined.contiguous()
        to_y = torch.empty_like(to_joined, dtype=ctx.dtype)
        core.module().join_backward(
            shapes.row_shape(to_y),
            to_joined.shape[1],
            0 if mask is None else mask.data_ptr(),
            to_joined.data_ptr(),
            to_y.data_ptr(),
        )
        return to_joined, to_y, None
