"""The last product and the loss in one, a few rows at a time.

With a vocabulary of thousands the logits are by far the largest thing in a training step: made
whole, in float32, they leave every cache several times over.

Shapes: N positions, W width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from elman.kernels.pointwise import product_type

CHUNK = 2**21  # logits at a time: 8 MB of float32, so that the passes over them stay in cache


class _LinearCrossEntropy(torch.autograd.Function):
    """The gradient of the logits, softmax(logits) - onehot(target), is at hand as soon as they
    are, so everything is computed in the forward pass and nothing of size (N, V) is read twice.
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
        learning = any(ctx.needs_input_grad)
        losses = x.new_empty(count, dtype=exact)
        to_logits = x.new_empty((count, vocabulary) if learning else (0, 0))
        rows = max(1, CHUNK // vocabulary)
        for begin in range(0, count, rows):
            here = slice(begin, begin + rows)
            wanted = targets[here, None]
            logits = torch.addmm(narrow_bias, x[here], narrow.t())
            spread = functional.softmax(logits, dim=-1, dtype=exact)
            hit = spread.gather(1, wanted)
            losses[here] = -hit.clamp(min=torch.finfo(exact).tiny).log()[:, 0]
            if smoothing:
                # log p[v] = logit[v] - log Z for every v, and log Z is known from the one wanted.
                told = logits.gather(1, wanted)[:, 0].to(exact)
                mean = logits.mean(dim=1, dtype=exact)
                losses[here] += smoothing * (told - mean)
            if learning:
                spread.scatter_(1, wanted, hit - (1 - smoothing))
                to_logits[here] = spread.sub_(smoothing / vocabulary) if smoothing else spread
        if learning:
            ctx.save_for_backward(x, narrow, to_logits)
        return losses.mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, None]:
        x, narrow, to_logits = ctx.saved_tensors
        x_type, weight_type, bias_type = ctx.dtypes
        share = gradient / len(x)
        to_x = (to_logits @ narrow).to(x_type) * share.to(x_type)
        to_weight = (to_logits.t() @ x).to(weight_type) * share.to(weight_type)
        ones = x.new_ones(1, len(x))  # a product sums columns faster than a reduction does
        to_bias = (ones @ to_logits)[0].to(bias_type) * share.to(bias_type)
        return to_x, to_weight, to_bias, None, None, None


def linear_cross_entropy(
    x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, smoothing: float = 0.0
) -> Tensor:
    """The mean of -log softmax(weight x + bias)[target], in nats.

    Args:
        x: (N, W); weight: (V, W); bias: (V,); targets: (N,) integers.
        smoothing: the share of what is wanted that is given to all V tokens alike (C. Szegedy
            et al., 'Rethinking the Inception Architecture for Computer Vision', 2016, section 7).

    Source: the loss computed beside its product, chunk by chunk, after E. Wijmans et al., 'Cut
    Your Losses in Large-Vocabulary Language Models' (2024). torch's own
    `linear_cross_entropy` does the same for memory's sake; on a CPU it took longer than the
    plain way (docs/decisions.md).
    """
    loss: Tensor = _LinearCrossEntropy.apply(  # type: ignore[no-untyped-call]
        x, weight, bias, targets, smoothing, product_type(x)
    )
    return loss
