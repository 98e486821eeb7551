#!/usr/bin/env bash
# Library: torch 2.13.0, CPU.
# Date: 2026-11-30, Linux, x86-64 with AVX2.
#
# A packed batch for nn.LSTM leaves the fast layer of oneDNN (aten::mkldnn_rnn_layer) as soon as one
# sequence is shorter than the others. 32 sequences, width 128, one thread, forward and backward:
#
#     padded, all 64 steps: 31 ms, mkldnn_rnn_layer: True
#     packed, all 64 steps: 32 ms, mkldnn_rnn_layer: True
#     packed, one of 63 steps: 124 ms, mkldnn_rnn_layer: False
#
# One step less to compute takes four times as long. Packing pays only if it removes most of the
# steps; otherwise pad, and mask the outputs.
source "$(dirname "$0")/common.sh"

"$python" - <<'PY'
import sys
import time

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.profiler import ProfilerActivity, profile

STEPS, SEQUENCES, WIDTH = 64, 32, 128

torch.set_num_threads(1)
torch.manual_seed(0)
layer = torch.nn.LSTM(WIDTH, WIDTH)
xs = torch.randn(STEPS, SEQUENCES, WIDTH)


def padded():
    layer(xs)[0].sum().backward()


def packed(lengths):
    ys, _ = layer(pack_padded_sequence(xs, lengths))
    pad_packed_sequence(ys)[0].sum().backward()


def measured(name, call):
    """The fastest of seven runs in milliseconds of CPU, and whether oneDNN's layer ran."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        call()
    fast = any(event.key == "aten::mkldnn_rnn_layer" for event in profiler.key_averages())
    times = []
    for _ in range(7):
        begun = time.process_time()
        call()
        times.append(1000 * (time.process_time() - begun))
    print(f"{name}: {min(times):.0f} ms, mkldnn_rnn_layer: {fast}")
    return min(times), fast


equal = torch.full((SEQUENCES,), STEPS)
shorter = equal.clone()
shorter[-1] -= 1
plain, plain_fast = measured("padded, all 64 steps", padded)
_, equal_fast = measured("packed, all 64 steps", lambda: packed(equal))
slow, shorter_fast = measured("packed, one of 63 steps", lambda: packed(shorter))
if (plain_fast, equal_fast, shorter_fast) != (True, True, False):
    sys.exit("changed: another set of these batches runs in oneDNN's layer")
if slow < 1.5 * plain:
    sys.exit("changed: the packed batch is no longer slower")
PY
