"""The output layer fused with its cross-entropy, a chunk of rows at a time.

With a vocabulary of thousands the logits are by far the largest tensor of a training step: as one
float32 tensor they exceed every cache several times over.

Shapes: N positions, W width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from elman.kernels.pointwise import product_type

CHUNK = 2**21  # logits a chunk: 8 MB of float32, which stay in cache


class _LinearCrossEntropy(torch.autograd.Function):
    """The gradient of the logits, softmax(logits) - onehot(target), follows from the logits alone:
    the forward pass computes it, and reads nothing of size (N, V) twice.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Tensor,
        smoothing: float,
        dtype: torch.dtype,
    ) -> Tensor:
        count, (vocabulary, _) = len(x), weight.shape
        ctx.dtypes = x.dtype, weight.dtype, bias.dtype
        exact = torch.promote_types(dtype, torch.float32)
        x, narrow, narrow_bias = x.to(dtype), weight.to(dtype), bias.to(dtype)
        training = any(ctx.needs_input_grad)
        losses = x.new_empty(count, dtype=exact)
        logits_gradient = x.new_empty((count, vocabulary) if training else (0, 0))
        rows = max(1, CHUNK // vocabulary)
        for begin in range(0, count, rows):
            chunk = slice(begin, begin + rows)
            target = targets[chunk, None]
            logits = torch.addmm(narrow_bias, x[chunk], narrow.t())
            probabilities = functional.softmax(logits, dim=-1, dtype=exact)
            target_probability = probabilities.gather(1, target)
            losses[chunk] = -target_probability.clamp(min=torch.finfo(exact).tiny).log()[:, 0]
            if smoothing:
                # log p[v] = logit[v] - log Z for every v; the target gives log Z.
                target_logit = logits.gather(1, target)[:, 0].to(exact)
                mean = logits.mean(dim=1, dtype=exact)
                losses[chunk] += smoothing * (target_logit - mean)
            if training:
                probabilities.scatter_(1, target, target_probability - (1 - smoothing))
                logits_gradient[chunk] = (
                    probabilities.sub_(smoothing / vocabulary) if smoothing else probabilities
                )
        if training:
            ctx.save_for_backward(x, narrow, logits_gradient)
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, None]:
        x, narrow, logits_gradient = ctx.saved_tensors
        x_type, weight_type, bias_type = ctx.dtypes
        scale = gradient / len(x)
        to_x = (logits_gradient @ narrow).to(x_type) * scale.to(x_type)
        to_weight = (logits_gradient.t() @ x).to(weight_type) * scale.to(weight_type)
        ones = x.new_ones(1, len(x))  # a product sums columns faster than a reduction does
        to_bias = (ones @ logits_gradient)[0].to(bias_type) * scale.to(bias_type)
        return to_x, to_weight, to_bias, None, None, None


def linear_cross_entropy(
    x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float = 0.0
) -> Tensor:
    """The mean of -log softmax(weight x + bias)[target], in nats.

    Args:
        x: (N, W); weight: (V, W); bias: (V,); targets: (N,) integers.
        smoothing: label smoothing, the probability that is probabilities evenly over all V tokens
            (C. Szegedy et al., 'Rethinking the Inception Architecture for Computer Vision',
            2016, section 7).

    Source: fuse the loss with its product, chunk by chunk, as E. Wijmans et al., 'Cut Your
    Losses in Large-Vocabulary Language Models' (2024). torch's `linear_cross_entropy` does the
    same to save memory; on a CPU it was slower than two separate steps (docs/decisions.md).
    """
    loss: Tensor = _LinearCrossEntropy.apply(  # type: ignore[no-untyped-call]
        x, weight, bias, targets, smoothing, product_type(x)
    )
    return loss
