#!/usr/bin/env bash
# Library: torch 2.13.0, CPU.
# Date: 2026-11-30, Linux, x86-64 with AVX2.
#
# nn.LSTM reorders its weights for oneDNN at every call, also in inference mode. Over a whole
# sequence that is negligible; a single step spends most of its time on it. nn.LSTMCell computes the
# same step. One stream, width 512, one thread:
#
#     nn.LSTM, one step: 12.40 ms
#     nn.LSTMCell, one step: 1.78 ms
#     nn.LSTM, a step of 128 in one call: 0.32 ms
#
# The figures vary with the machine and with how malloc reuses memory; the order stays. To go step by
# step, use nn.LSTMCell.
source "$(dirname "$0")/common.sh"

"$python" - <<'PY'
import statistics
import sys
import time

import torch

WIDTH = 512

torch.set_num_threads(1)
torch.manual_seed(0)
layer, cell = torch.nn.LSTM(WIDTH, WIDTH), torch.nn.LSTMCell(WIDTH, WIDTH)
for name, weight in cell.named_parameters():
    weight.data.copy_(getattr(layer, f"{name}_l0"))
x = torch.randn(1, WIDTH)


def milliseconds(call, steps=1):
    """CPU time of a step, the median of 20 turns of 10 calls."""
    times = []
    for _ in range(20):
        begun = time.process_time()
        for _ in range(10):
            call()
        times.append(100 * (time.process_time() - begun) / steps)
    return statistics.median(times)


with torch.inference_mode():
    torch.testing.assert_close(layer(x[None])[0][0], cell(x)[0])
    whole = milliseconds(lambda: layer(x[None]))
    single = milliseconds(lambda: cell(x))
    in_one_call = milliseconds(lambda: layer(x.expand(128, 1, WIDTH)), 128)
print(f"nn.LSTM, one step: {whole:.2f} ms")
print(f"nn.LSTMCell, one step: {single:.2f} ms")
print(f"nn.LSTM, a step of 128 in one call: {in_one_call:.2f} ms")
if whole < 2 * single:
    sys.exit("changed: a step of nn.LSTM is no longer slower than one of nn.LSTMCell")
PY
