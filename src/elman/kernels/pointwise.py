"""The operations between the products of a block, each forward and backward in as few passes as
torch allows: they are bound by memory, not by arithmetic.

Shapes: T time, B batch, W width, K the convolution's width. Under autocast they read float32 and
write the type of the next product.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from elman.kernels import core, fused_ops, shapes


def product_type(x: Tensor) -> torch.dtype:
    """The type of a matrix product of x: autocast's where it is on, else that of x."""
    device = x.device.type
    if not torch.is_autocast_enabled(device) or x.dtype == torch.float64:
        return x.dtype
    dtype: torch.dtype = torch.get_autocast_dtype(device)
    return dtype


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, dtype: torch.dtype) -> Tensor:
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        scale = length.square_().div_(x.shape[-1]).add_(core.EPSILON).rsqrt_()
        normed = x * scale
        ctx.save_for_backward(normed, scale, weight)
        y: Tensor = normed * weight
        return y.to(dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        normed, scale, weight = ctx.saved_tensors
        gradient = gradient.to(normed.dtype)
        to_weight = (gradient * normed).flatten(0, -2).sum(0)
        to_normed = gradient * weight
        projection = (to_normed * normed).mean(-1, keepdim=True)
        to_x = torch.addcmul(to_normed, normed, projection, value=-1).mul_(scale)
        return to_x, to_weight, None


def rms_norm(x: Tensor, weight: Tensor) -> Tensor:
    """x / sqrt(mean(x^2) + 1e-6) * weight, over the last dimension.

    Source: B. Zhang, R. Sennrich, 'Root Mean Square Layer Normalization' (2019), equation 4.
    """
    dtype = product_type(x)
    y: Tensor
    if shapes.supports(dtype, x, weight):
        y = fused_ops.FusedRMSNorm.apply(x, weight, core.EPSILON, dtype)  # type: ignore[no-untyped-call]
    else:
        y = _RMSNorm.apply(x, weight, dtype)  # type: ignore[no-untyped-call]
    return y


class _SiLUGate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate: Tensor, value: Tensor) -> Tensor:
        ctx.save_for_backward(gate, value)
        return functional.silu(gate) * value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        gate, value = ctx.saved_tensors
        sigmoid = torch.sigmoid(gate)
        silu = sigmoid * gate
        slope = torch.addcmul(sigmoid + silu, sigmoid, silu, value=-1)
        return slope.mul_(value).mul_(gradient), silu.mul_(gradient)


def silu_gate(gate: Tensor, value: Tensor) -> Tensor:
    """silu(gate) * value, where silu(g) = g * sigmoid(g); both of one shape and type.

    Source: N. Shazeer, 'GLU Variants Improve Transformer' (2020), equation 6 (SwiGLU).
    """
    native = gate.device.type == "cpu" and shapes.supports(gate.dtype)
    function: Any = fused_ops.FusedSiLUGate if native else _SiLUGate
    y: Tensor = function.apply(gate, value)
    return y


class _ShortConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        past = len(weight) - 1
        time = len(inputs) - past
        y = torch.addcmul(bias, inputs[past:], weight[0])
        for k in range(1, past + 1):
            y.addcmul_(inputs[past - k : past - k + time], weight[k])
        ctx.save_for_backward(inputs, weight)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        inputs, weight = ctx.saved_tensors
        past, time = len(weight) - 1, len(gradient)
        to_inputs = torch.zeros_like(inputs)
        to_weight = torch.empty_like(weight)
        for k in range(past + 1):
            window = slice(past - k, past - k + time)
            to_inputs[window].addcmul_(gradient, weight[k])
            to_weight[k] = (gradient * inputs[window]).flatten(0, -2).sum(0)
        return to_inputs, to_weight, gradient.flatten(0, -2).sum(0)


def short_convolution(inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """y[t] = bias + sum over k < K of weight[k] * inputs[K - 1 + t - k], for each channel.

    Args:
        inputs: (K - 1 + T, B, W): K - 1 earlier inputs, then T.
        weight: (K, W); bias: (W,).

    Returns:
        y: (T, B, W).
    """
    y: Tensor
    if shapes.supports(inputs.dtype, weight, bias):
        y = fused_ops.FusedShortConvolution.apply(inputs, weight, bias)  # type: ignore[no-untyped-call]
    else:
        weight, bias = weight.to(inputs.dtype), bias.to(inputs.dtype)
        y = _ShortConvolution.apply(inputs, weight, bias)  # type: ignore[no-untyped-call]
    return y


def join(x: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
    """x + y * mask, in the type of x: a residual connection, with dropout on y.

    Args:
        x: (T, B, W).
        y: (T, B, W), possibly of a narrower type.
        mask: (B, W), the same at every step; None: no dropout.
    """
    if shapes.supports(y.dtype, x, *(() if mask is None else (mask,))):
        joined: Tensor = fused_ops.FusedJoin.apply(x, y, mask)  # type: ignore[no-untyped-call]
        return joined
    y = y.to(x.dtype)
    return x + (y if mask is None else y * mask)
