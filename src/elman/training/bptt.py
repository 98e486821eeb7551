"""The objective of a language model: truncated back-propagation through time on one long text.

Shapes: B rows of a batch, T time, N tokens of the text.
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

VALIDATED = 100_000  # tokens that a validation reads, at most


class BPTTDataset:
    """Truncated back-propagation through time (R. J. Williams, J. Peng, 1990).

    The text wraps around. Row b starts at token b N / B and reads T tokens a step, so after N / B
    tokens it is at the start of the next row. The state is carried from step to step without its
    gradient. The position of a row depends on the step's number alone.

    Args:
        network: to be trained.
        tokens: (N,) the training text; may be memory-mapped, for a step reads one window a row.
        valid: the validation text, likewise.
        batch_size: B; less for a text with fewer than B T tokens.
        sequence_length: T.
    """

    def __init__(
        self,
        network: LanguageModelNetwork,
        tokens: np.ndarray[Any, Any],
        valid: np.ndarray[Any, Any],
        *,
        batch_size: int,
        sequence_length: int,
    ) -> None:
        self.network = network
        self.tokens = tokens
        self.valid = valid
        self.sequence_length = sequence_length
        self.batch_size = max(1, min(batch_size, len(tokens) // sequence_length))
        self.device = next(network.parameters()).device
        self.state: NetworkState = network.initial_state(self.batch_size)

    def loss(self, step: int) -> tuple[Tensor, int]:
        """The mean loss of a step's batch, in nats per token, and its number of tokens."""
        window = torch.from_numpy(self._window(step)).to(self.device)
        with fast_products(self.device):
            loss, state = self.network.loss(window[:, :-1], window[:, 1:], self.state)
        self.state = map_state(lambda part: part.detach(), state)
        return loss, self.batch_size * self.sequence_length

    def _window(self, step: int) -> np.ndarray[Any, Any]:
        """(B, T + 1) int64: the next T tokens of each row and the target after the last."""
        total = len(self.tokens)
        starts = np.arange(self.batch_size) * total // self.batch_size + step * self.sequence_length
        rows = [
            self.tokens.take(range(start, start + self.sequence_length + 1), mode="wrap")
            for start in (starts % total).tolist()
        ]
        return np.stack(rows).astype(np.int64)

    def validate(self) -> float:
        """The loss on the start of the validation text, in B rows, in nats per token."""
        rows = max(1, min(self.batch_size, (len(self.valid) - 1) // self.sequence_length))
        length = (min(len(self.valid), VALIDATED) - 1) // rows
        starts = np.arange(rows)[:, None] * length
        total, state = 0.0, self.network.initial_state(rows)
        with eval_mode(self.network), torch.inference_mode(), fast_products(self.device):
            for begin in range(0, length, 4 * self.sequence_length):
                width = min(4 * self.sequence_length, length - begin)
                window = self.valid[starts + np.arange(begin, begin + width + 1)].astype(np.int64)
                tokens = torch.from_numpy(window).to(self.device)
                loss, state = self.network.loss(tokens[:, :-1], tokens[:, 1:], state)
                total += float(loss) * width
        return total / length

    def state_tensors(self) -> Iterator[Tensor]:
        """The recurrent state of the rows, which the next step continues from."""
        return iter(state_tensors(self.state))

    def load_state_tensors(self, tensors: Iterator[Tensor]) -> None:
        """Restore what `state_tensors` returned."""

        def restored(old: Tensor) -> Tensor:
            return next(tensors).to(old.device).clone()

        self.state = map_state(restored, self.state)
