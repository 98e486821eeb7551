"""Matrix products, by the fastest implementation in torch.

Shapes: N rows, K depth, M outputs.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor


@cache
def _onednn_linear() -> Any:
    """oneDNN's product for float32, or None if this torch lacks it.

    torch.mm uses MKL, which leaves half of an AMD processor's vector unit idle: 4,096 x 256 x
    1,024 took 11.2 ms, with oneDNN 4.4 (docs/decisions.md).
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    return getattr(torch.ops.mkldnn, "_linear_pointwise", None)


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x weight' + bias: (N, K), (M, K), (M,) -> (N, M), all of one type, without a gradient."""
    linear = _onednn_linear()
    y: Tensor
    if linear is not None and x.dtype == torch.float32 and x.device.type == "cpu" and x.numel():
        y = linear(_dense(x), _dense(weight), bias, "none", [], "")
    elif bias is None:
        y = x @ weight.t()
    else:
        y = torch.addmm(bias, x, weight.t())
    return y


def _dense(x: Tensor) -> Tensor:
    """x without gaps: on columns of a larger matrix oneDNN falls back to a plain loop."""
    if x.is_contiguous() or x.t().is_contiguous():
        return x
    return x.t().contiguous().t() if x.stride(0) == 1 else x.contiguous()
