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
from elman.network import NetworkState, SymbolNetwork
from elman.text import Unit

CHUNK = 1024  # symbols of a long prompt that are read at once


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
    network: SymbolNetwork, symbols: npt.NDArray[Any] | Sequence[int], state: NetworkState
) -> tuple[Tensor, NetworkState]:
    """Read symbols (T,), T at least 1, with one row: the last logits (1, V) and the state."""
    ids = torch.as_tensor(np.asarray(symbols, dtype=np.int64))
    ids = ids.to(next(network.parameters()).device)
    logits = torch.empty(0)
    with torch.inference_mode():
        for begin in range(0, len(ids), CHUNK):
            logits, state = network(ids[None, begin : begin + CHUNK], state)
    # A state may be a view of all that was computed on the way, and would keep it in memory.
    return logits[:, -1], map_state(lambda part: part.clone(), state)
