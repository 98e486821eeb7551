"""Narrow products: within their bounds, in time and in room."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from elman.training.precision import exact_products, fast_products, fast_type

CPU = torch.device("cpu")
NARROW = pytest.mark.skipif(fast_type(CPU) is None, reason="this processor has no narrow products")

# Products of many shapes, and by how many MiB they have the process grow.
MANY = """
import resource, torch
from pathlib import Path
from elman.training.precision import fast_products

def resident():  # a peak would be that of the process this one was forked from
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

weights = torch.randn(256, 256)
for rows in range(1, 400):
    with fast_products(torch.device("cpu")), torch.no_grad():
        torch.randn(rows, 256) @ weights
    before = resident() if rows == 100 else before if rows > 100 else 0
print((resident() - before) >> 20)
"""


@NARROW
def test_products_are_narrow_unless_they_are_to_be_exact():
    row, weights = torch.randn(1, 64), torch.randn(64, 64)
    with fast_products(CPU):
        assert (row @ weights).dtype is torch.bfloat16
    with exact_products(), fast_products(CPU):
        assert (row @ weights).dtype is torch.float32


@NARROW
@pytest.mark.skipif(sys.platform != "linux", reason="it has no /proc")
def test_products_of_many_shapes_are_not_all_kept():
    caches = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
    unset = {name: value for name, value in os.environ.items() if name not in caches}
    for environment, bounded in ((unset, True), (unset | dict.fromkeys(caches, "1024"), False)):
        command = [sys.executable, "-c", MANY]
        told = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=60
        )
        assert (int(told.stdout) < 60) is bounded
