"""The machine's limits: how fast it multiplies matrices, and how fast one core reads memory.

What other libraries reach at their best is taken for the limit: a share of it may pass 100 %.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

import torch

from tables import table
from timings.comparison import Work, counted, in_turns

TYPES = (torch.float32, torch.bfloat16, torch.int8)
SIDES = (512, 1024)  # of the matrices
MEGABYTES = (0.5, 2, 8, 32, 256)
READ_AT_ONCE = 2**23  # bytes at least
SECONDS = 0.5  # a figure


def keep_memory() -> None:
    """Have malloc keep what is freed, where the C library is glibc.

    nn.LSTM packs its weights at every call. By default glibc may hand that memory back to the
    system each time, and the page faults then make a step up to five times as long, or not, as
    the process has it. So every peer is seen at its best.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        trim_threshold, mmap_threshold = -1, -3  # malloc.h
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(mmap_threshold, 2**30)


@cache
def products(dtype: torch.dtype, threads: int) -> float:
    """Operations a second of matrix products, a multiplication and an addition being two."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    with torch.inference_mode():
        rates = [2 * side**3 / _fastest(_products(dtype, side)) for side in SIDES]
    torch.set_num_threads(before)
    return max(rates)


@cache
def bandwidth(size: int) -> float:
    """Bytes a second that one core reads, from an array of this size read repeatedly."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    array = torch.ones(size // 4)
    times = max(1, READ_AT_ONCE // size)  # so the overhead of a call is small
    with torch.inference_mode():
        fastest = _fastest([array.expand(times, -1).sum])
    torch.set_num_threads(before)
    return times * size / fastest


def limits_table(threads: int) -> str:
    """The limits as a table, with the load average: under load no figure is valid."""
    counts = sorted({1, threads})
    rows = [("load average before", f"{os.getloadavg()[0]:.1f}")]
    rows += [
        (f"{_name(dtype)} products, {counted(count)}", said)
        for dtype in TYPES
        for count in counts
        for said in [f"{products(dtype, count) / 1e9:,.0f} GFLOP/s"]
    ]
    rows += [
        (f"one core reads {size:g} MB", f"{bandwidth(int(size * 2**20)) / 1e9:.0f} GB/s")
        for size in MEGABYTES
    ]
    return table(rows, ("limit", "figure"))


def _products(dtype: torch.dtype, side: int) -> list[Work]:
    """torch.mm, and oneDNN's product where it has the type: MKL is slow on some processors."""
    if dtype == torch.int8:
        a, b = (torch.randint(-127, 127, (side, side), dtype=dtype) for _ in range(2))
        return [lambda: torch._int_mm(a, b)]
    a, b = (torch.randn(side, side).to(dtype) for _ in range(2))
    works: list[Work] = [lambda: torch.mm(a, b)]
    if onednn_has_bfloat16() or (dtype == torch.float32 and torch.backends.mkldnn.is_available()):
        works.append(lambda: torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], ""))
    return works


def onednn_has_bfloat16() -> bool:
    """Whether oneDNN computes products in bfloat16 on this processor."""
    available = torch.backends.mkldnn.is_available()
    return available and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _fastest(works: list[Work]) -> float:
    return min(in_turns({str(n): work for n, work in enumerate(works)}, SECONDS, min).values())


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
