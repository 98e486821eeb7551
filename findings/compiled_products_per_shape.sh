#!/usr/bin/env bash
# Library: torch 2.13.0 and the oneDNN in it, CPU.
# Date: 2026-11-30, Linux, x86-64 with AVX2.
#
# A module that runs in oneDNN keeps memory for every shape it has met. Freed tensors and the garbage
# collector do not give it back. 500 sequences of different lengths through one nn.LSTM of 64 units:
#
#     lengths met for the first time: 101.1 MiB more
#     the same lengths again: 0.0 MiB more
#     at most 16 kept, lengths met for the first time: 5.3 MiB more
#
# oneDNN compiles a primitive for each shape. oneDNN (ONEDNN_PRIMITIVE_CACHE_CAPACITY) and torch
# (LRU_CACHE_CAPACITY) keep 1,024 of them each. Both variables must be set before torch is imported.
# Where the CPU multiplies bfloat16, products in bfloat16 keep 0.6 MB a shape in the same way.
source "$(dirname "$0")/common.sh"

cat >"$folder/growth.py" <<'PY'
"""Prints the MiB by which resident memory grows, for lengths met first and for the same again."""
import os
from pathlib import Path

import torch

torch.set_num_threads(1)
layer = torch.nn.LSTM(64, 64)


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def read(lengths):
    for length in lengths:
        layer(torch.zeros(length, 2, 64))


with torch.inference_mode():
    read(range(2, 12))
    marks = [resident()]
    for _ in range(2):
        read(range(20, 520))
        marks.append(resident())
print(*((after - before) / 2**20 for before, after in zip(marks, marks[1:])))
PY

read -r first again < <("$python" "$folder/growth.py")
export ONEDNN_PRIMITIVE_CACHE_CAPACITY=16 LRU_CACHE_CAPACITY=16
read -r capped _ < <("$python" "$folder/growth.py")

"$python" - "$first" "$again" "$capped" <<'PY'
import sys

first, again, capped = map(float, sys.argv[1:])
print(f"lengths met for the first time: {first:.1f} MiB more")
print(f"the same lengths again: {again:.1f} MiB more")
print(f"at most 16 kept, lengths met for the first time: {capped:.1f} MiB more")
if not (first > 50 and again < 10 and capped < first / 4):
    sys.exit("changed: memory no longer grows with each new shape, up to the capacity")
PY
