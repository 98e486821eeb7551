"""The dtype of matrix products."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import torch

# oneDNN compiles a kernel for each shape of a bfloat16 product and caches 1,024, 0.6 MB each: with
# rows of many lengths a training grew by more than a gigabyte and was no faster. oneDNN reads
# both variables once, at the first such product; a user's values take precedence.
for _cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(_cache, "64")

_fast = ContextVar("_fast", default=True)


def fast_type(device: torch.device) -> torch.dtype | None:
    """bfloat16 on hardware with native support, else None: emulation is slower."""
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
    """A context that computes matrix products in `fast_type(device)`, if there is one."""
    dtype = fast_type(device) if _fast.get() else None
    return nullcontext() if dtype is None else torch.autocast(device.type, dtype)


@contextmanager
def exact_products() -> Iterator[None]:
    """A context that disables `fast_products` in this thread.

    For long-running programs, whose batches have many shapes: compiling a bfloat16 kernel for each
    takes time and memory. In float32 the result for a text does not depend on its batch either.
    """
    before = _fast.set(False)
    try:
        yield
    finally:
        _fast.reset(before)
