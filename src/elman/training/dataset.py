"""Texts as rows of tokens, and any of them side by side as a padded batch.

Shapes: N examples, B rows of a batch, T time, D width of a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from elman.nn.encoder import PaddedBatch, WordTable
from elman.text.subword_hashing import WordForms
from elman.training.eval_mode import eval_mode
from elman.training.precision import fast_products
from elman.training.samplers import by_length

Answer = TypeVar("Answer")

READ_TOGETHER = 256  # rows of a batch, where nothing is learned from it, at most ...
TOKENS_TOGETHER = 2**13  # ... and tokens, padding among them


class Dataset(Protocol):
    """What a network learns from: texts encoded (`TokenDataset`), or `VectorDataset`."""

    lengths: np.ndarray[Any, Any]  # (N,) tokens of each

    def __len__(self) -> int: ...

    def collate(self, chosen: np.ndarray[Any, Any]) -> Any:
        """Some of them (B,) side by side."""


class TokenDataset:
    """N texts, encoded.

    Args:
        rows: of each text its tokens; places in `forms` where there are forms.
        forms: the words that the tokens stand for.
    """

    def __init__(
        self, rows: Sequence[np.ndarray[Any, Any]], forms: WordForms | None = None
    ) -> None:
        self.rows = rows
        self.forms = forms
        self.lengths = np.fromiter(map(len, rows), np.int64, len(rows))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def tokens(self) -> int:
        return int(self.lengths.sum())

    def collate(self, chosen: np.ndarray[Any, Any]) -> PaddedBatch:
        """Some of them (B,) side by side."""
        lengths = self.lengths[chosen]
        real = np.arange(lengths.max())[:, None] < lengths
        tokens = np.zeros(real.shape, dtype=np.int64)
        # Filled by columns, so that a row's tokens are neighbours as they are laid down.
        joined = np.concatenate([self.rows[place] for place in chosen.tolist()])
        words = None
        if self.forms is not None:
            joined, found = self.forms.look_up(joined)
            words = WordTable(*map(torch.from_numpy, found))
        tokens.T[real.T] = joined
        return PaddedBatch(torch.from_numpy(tokens), torch.from_numpy(lengths), words)


class VectorDataset:
    """N vectors, each a source of one token.

    Args:
        rows: (N, D) float32.
    """

    def __init__(self, rows: np.ndarray[Any, Any]) -> None:
        self.rows = torch.from_numpy(rows)
        self.lengths = np.ones(len(rows), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def collate(self, chosen: np.ndarray[Any, Any]) -> Tensor:
        """Some of them, (B, D)."""
        return self.rows[torch.from_numpy(chosen)]


def in_batches(
    network: nn.Module, examples: TokenDataset, ask: Callable[[PaddedBatch], Answer]
) -> Iterator[tuple[np.ndarray[Any, Any], Answer]]:
    """What the network answers to all examples, batch by batch: their places among all, and the
    answer. The network is in its mode for answers meanwhile."""
    device = next(network.parameters()).device
    with eval_mode(network):
        for chosen in by_length(examples.lengths, READ_TOGETHER, TOKENS_TOGETHER):
            with torch.inference_mode(), fast_products(device):
                answer = ask(examples.collate(chosen))
            yield chosen, answer
