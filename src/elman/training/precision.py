"""Which type products are computed in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import torch

# oneDNN compiles a narrow product anew for each shape and keeps 1,024 of them, 0.6 MB each: where
# rows are of all lengths, a training grew by more than a gigabyte and was no faster for it. Both
# are read once, by the first such product, and left alone where somebody has set them.
for _cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(_cache, "64")

_fast = ContextVar("_fast", default=True)


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
    dtype = fast_type(device) if _fast.get() else None
    return nullcontext() if dtype is None else torch.autocast(device.type, dtype)


@contextmanager
def exact_products() -> Iterator[None]:
    """Within it, in this thread, `fast_products` leaves products as they are.

    For a program that runs for long and is given texts of all lengths, in all numbers: to compile
    a narrow product for each shape would take its time, and room. What stands beside a text in its
    batch does not change its answer either.
    """
    before = _fast.set(False)
    try:
        yield
    finally:
        _fast.reset(before)
