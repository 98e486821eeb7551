"""How a network is set for a while: its chance, and whether it learns or answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within it torch draws what this seed says; what is drawn elsewhere is not changed by it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextmanager
def eval_mode(network: nn.Module) -> Iterator[None]:
    """Within it the network answers, and silences nothing; then it is as it was."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)
