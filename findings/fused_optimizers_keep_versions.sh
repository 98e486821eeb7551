#!/usr/bin/env bash
# Library: torch 2.13.0, CPU.
# Date: 2026-11-30, Linux, x86-64.
#
# A fused optimizer changes its parameters in place and leaves their version counters as they were.
# So autograd does not notice that a saved value has changed, and silently computes a gradient from
# the new one. Without fused=True it raises:
#
#     SGD: refused: one of the variables needed for gradient computation has been modified by an ...
#     SGD, fused: version 0 -> 0, gradient 0.5 where 1.0 is right
#     AdamW: refused: one of the variables needed for gradient computation has been modified by an ...
#     AdamW, fused: version 0 -> 0, gradient 0.495 where 1.0 is right
#
# Caches that go by a tensor's version hold old weights for the same reason. After step(), call
# torch.autograd.graph.increment_version(parameters).
source "$(dirname "$0")/common.sh"

"$python" - <<'PY'
import sys

import torch

for kind in (torch.optim.SGD, torch.optim.AdamW):
    for fused in (False, True):
        name = f"{kind.__name__}{', fused' if fused else ''}"
        weight = torch.nn.Parameter(torch.tensor([1.0]))
        x = torch.tensor([1.0], requires_grad=True)
        optimizer = kind([weight], lr=0.5, fused=fused)
        loss = (weight * x).sum()  # its gradient with respect to x is the weight at this moment: 1
        weight.grad = torch.ones(1)
        before = weight._version
        optimizer.step()
        after = weight._version
        try:
            loss.backward()
        except RuntimeError as error:
            print(f"{name}: refused: {str(error)[:76]} ...")
            noticed = True
        else:
            gradient = x.grad.item()
            print(f"{name}: version {before} -> {after}, gradient {gradient:.4g} where 1.0 is right")
            noticed = gradient == 1.0
        if noticed == fused or (before == after) != fused:
            sys.exit(f"changed: {name}: another version counter or gradient")
PY
