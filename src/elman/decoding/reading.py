"""Reading a stream: symbols in, what may come next out, in constant memory.

Shapes: B rows, T symbols, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.cells import map_state
from elman.network import NetworkState, Step, SymbolNetwork
from elman.text import Unit

CHUNK = 1024  # symbols of a long prompt that are read at once
FEW = 8  # symbols that are read sooner one by one


@dataclass(frozen=True, eq=False)
class Outlook:
    """What a model expects after what it has read.

    Attributes:
        log_probabilities: (V,) of every symbol, in nats.
    """

    log_probabilities: npt.NDArray[np.float32]
    unit: Unit

    def top(self, count: int = 3) -> list[tuple[str, float]]:
        """The likeliest next symbols as text, with their probabilities."""
        best = np.argsort(-self.log_probabilities, kind="stable")[:count].tolist()
        return [(self.unit.decode([i]), float(np.exp(self.log_probabilities[i]))) for i in best]


def read(
    network: SymbolNetwork,
    symbols: npt.NDArray[Any] | Sequence[int],
    state: NetworkState,
    step: Step,
) -> tuple[Tensor, NetworkState]:
    """Read symbols (T,), T at least 1, with one row: the last logits (1, V) and the state.

    Args:
        step: the network's; it is asked where there are a few symbols.
    """
    ids = torch.as_tensor(np.asarray(symbols, dtype=np.int64))
    logits = torch.empty(0)
    if len(ids) <= FEW:
        for symbol in ids[:, None]:
            logits, state = step(symbol, state)
        return logits, state
    ids = ids.to(next(network.parameters()).device)
    with torch.inference_mode():
        for begin in range(0, len(ids), CHUNK):
            logits, state = network(ids[None, begin : begin + CHUNK], state)
    # A state may be a view of all that was computed on the way, and would keep it in memory.
    return logits[:, -1], map_state(lambda part: part.clone(), state)
