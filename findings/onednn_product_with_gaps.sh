#!/usr/bin/env bash
# Library: torch 2.13.0 and the oneDNN in it, CPU.
# Date: 2026-11-30, Linux, x86-64 with AVX2.
#
# torch.ops.mkldnn._linear_pointwise, the product that torch.compile emits for linear layers, takes a
# weight whose rows have gaps between them (some columns of a larger matrix). The result is right, but
# oneDNN then runs a plain loop. 256 x 256 x 256 in float32, one thread:
#
#     columns of a larger matrix: 900 ms
#     the same, copied first: 0.79 ms
#     torch.nn.functional.linear, columns of a larger matrix: 0.48 ms
#
# Make the weight contiguous before the call.
source "$(dirname "$0")/common.sh"

"$python" - <<'PY'
import sys
import time

import torch
from torch.nn.functional import linear

torch.set_num_threads(1)
torch.manual_seed(0)
x, larger = torch.randn(256, 256), torch.randn(256, 512)
columns = larger[:, :256]


def product(weight):
    return torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")


def milliseconds(call):
    """The fastest of five calls, CPU time."""
    times = []
    for _ in range(5):
        begun = time.process_time()
        call()
        times.append(1000 * (time.process_time() - begun))
    return min(times)


with torch.inference_mode():
    torch.testing.assert_close(product(columns), linear(x, columns), atol=1e-4, rtol=1e-4)
    gaps = milliseconds(lambda: product(columns))
    copied = milliseconds(lambda: product(columns.contiguous()))
    usual = milliseconds(lambda: linear(x, columns))
print(f"columns of a larger matrix: {gaps:.0f} ms")
print(f"the same, copied first: {copied:.2f} ms")
print(f"torch.nn.functional.linear, columns of a larger matrix: {usual:.2f} ms")
if gaps < 20 * copied:
    sys.exit("changed: gaps in the weight no longer slow the product down")
PY
