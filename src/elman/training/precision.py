"""Which type products are computed in."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch


def fast_type(device: torch.device) -> torch.dtype | None:
    """bfloat16 where the machine multiplies it natively, else None: emulated, it is slower."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    if device.type == "cpu":
        capabilities = (
            torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
        )
        if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
            return torch.bfloat16
    return None


def fast_products(device: torch.device) -> AbstractContextManager[Any]:
    """Within it, products are computed in the machine's `fast_type`, if it has one."""
    dtype = fast_type(device)
    return nullcontext() if dtype is None else torch.autocast(device.type, dtype)
