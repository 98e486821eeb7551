"""bfloat16 products: where they are used, and the memory of oneDNN's cache."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from elman.training.precision import exact_products, fast_products, fast_type

CPU = torch.device("cpu")
BFLOAT16 = pytest.mark.skipif(fast_type(CPU) is None, reason="no native bfloat16")

# Prints the growth of the process in MiB over products of many shapes.
MANY = """
import resource, torch
from pathlib import Path
from elman.training.precision import fast_products

def resident():  # a peak would include that of the parent process
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

weights = torch.randn(256, 256)
for rows in range(1, 400):
    with fast_products(torch.device("cpu")), torch.no_grad():
        torch.randn(rows, 256) @ weights
    before = resident() if rows == 100 else before if rows > 100 else 0
print((resident() - before) >> 20)
"""


@BFLOAT16
def test_products_are_bfloat16_unless_exact():
    row, weights = torch.randn(1, 64), torch.randn(64, 64)
    with fast_products(CPU):
        assert (row @ weights).dtype is torch.bfloat16
    with exact_products(), fast_products(CPU):
        assert (row @ weights).dtype is torch.float32


@BFLOAT16
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_cache_of_products_is_bounded():
    caches = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
    unset = {name: value for name, value in os.environ.items() if name not in caches}
    for environment, bounded in ((unset, True), (unset | dict.fromkeys(caches, "1024"), False)):
        command = [sys.executable, "-c", MANY]
        done = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=60
        )
        assert (int(done.stdout) < 60) is bounded
