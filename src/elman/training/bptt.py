"""A language model's objective: one long text, read in parallel rows, the state carried on.

Shapes: B rows, T time, N the text's tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.cells import map_state, state_tensors
from elman.nn.blocks import NetworkState
from elman.nn.language_model import LanguageModelNetwork
from elman.training.eval_mode import eval_mode
from elman.training.precision import fast_products

VALIDATED = 100_000  # tokens of the validation text that each look at it reads, at most


class BPTTDataset:
    """Truncated back-propagation through time (R. J. Williams, J. Peng, 1990).

    The text is a circle. Row b begins at b / B of it and reads T tokens a step, so after N / B
    tokens it stands where the next row began; its state is never thrown away, only its
    gradient is cut. Where a row stands follows from the step's number alone.

    Args:
        tokens: (N,) the training text; a memory-mapped array is read a window at a time.
        valid: the validation text, likewise.
        rows: B, and time: T; fewer rows where the text is short.
    """

    def __init__(
        self,
        network: LanguageModelNetwork,
        tokens: np.ndarray[Any, Any],
        valid: np.ndarray[Any, Any],
        *,
        rows: int,
        time: int,
    ) -> None:
        self.network = network
        self.tokens = tokens
        self.valid = valid
        self.time = time
        self.rows = max(1, min(rows, len(tokens) // time))
        self.device = next(network.parameters()).device
        self.state: NetworkState = network.initial_state(self.rows)

    def loss(self, step: int) -> tuple[Tensor, int]:
        """The mean loss of a step's batch in nats per token, and how many tokens it read."""
        window = torch.from_numpy(self._window(step)).to(self.device)
        with fast_products(self.device):
            loss, state = self.network.loss(window[:, :-1], window[:, 1:], self.state)
        self.state = map_state(lambda part: part.detach(), state)
        return loss, self.rows * self.time

    def _window(self, step: int) -> np.ndarray[Any, Any]:
        """(B, T + 1) int64: each row's next tokens and the one to be predicted after them."""
        total = len(self.tokens)
        places = np.arange(self.rows) * total // self.rows + step * self.time
        picked = [
            self.tokens.take(range(place, place + self.time + 1), mode="wrap")
            for place in (places % total).tolist()
        ]
        return np.stack(picked).astype(np.int64)

    def validate(self) -> float:
        """Nats per token on the beginning of the validation text, read in B rows."""
        rows = max(1, min(self.rows, (len(self.valid) - 1) // self.time))
        length = (min(len(self.valid), VALIDATED) - 1) // rows
        starts = np.arange(rows)[:, None] * length
        total, state = 0.0, self.network.initial_state(rows)
        with eval_mode(self.network), torch.inference_mode(), fast_products(self.device):
            for begin in range(0, length, 4 * self.time):
                width = min(4 * self.time, length - begin)
                window = self.valid[starts + np.arange(begin, begin + width + 1)].astype(np.int64)
                tokens = torch.from_numpy(window).to(self.device)
                loss, state = self.network.loss(tokens[:, :-1], tokens[:, 1:], state)
                total += float(loss) * width
        return total / length

    def carried(self) -> Iterator[Tensor]:
        """What the next step needs besides the weights: the rows' states."""
        return iter(state_tensors(self.state))

    def carry(self, tensors: Iterator[Tensor]) -> None:
        """Put back what `carried` gave."""

        def put_back(old: Tensor) -> Tensor:
            return next(tensors).to(old.device).clone()

        self.state = map_state(put_back, self.state)
