"""Datasets of token sequences or vectors, and their batches.

Shapes: N examples, B rows of a batch, T time, D vector size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from elman.text.subword_hashing import WordForms
from elman.training.samplers import by_length

if TYPE_CHECKING:
    from torch import Tensor, nn

    from elman.nn.encoder import PaddedBatch

Output = TypeVar("Output")

EVAL_BATCH_SIZE = 256  # rows of a batch in inference, at most ...
EVAL_TOKENS_PER_BATCH = 2**13  # ... and tokens, with padding


class Dataset(Protocol):
    """Examples of a network: `TokenDataset` or `VectorDataset`."""

    rows: Any  # (N,) the tokens of each example, or (N, D)
    lengths: np.ndarray[Any, Any]  # (N,) tokens of each example

    def __len__(self) -> int: ...

    def collate(self, chosen: np.ndarray[Any, Any]) -> Any:
        """A batch of the examples with these indices (B,)."""


class TokenDataset:
    """N tokenized texts.

    Args:
        rows: the token ids of each text, or indices into `forms`.
        forms: the distinct words of texts in words, else None.
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
        """The number of tokens of all texts."""
        return int(self.lengths.sum())

    def collate(self, chosen: np.ndarray[Any, Any]) -> PaddedBatch:
        """A padded batch of the texts with these indices (B,)."""
        import torch

        from elman.nn.encoder import PaddedBatch, WordTable

        lengths = self.lengths[chosen]
        real = np.arange(lengths.max())[:, None] < lengths
        tokens = np.zeros(real.shape, dtype=np.int64)
        # Transposed: a boolean mask fills row by row, so the tokens of a text stay in order.
        joined = np.concatenate([self.rows[index] for index in chosen.tolist()])
        words = None
        if self.forms is not None:
            joined, table = self.forms.look_up(joined)
            words = WordTable(*map(torch.from_numpy, table))
        tokens.T[real.T] = joined
        return PaddedBatch(torch.from_numpy(tokens), torch.from_numpy(lengths), words)


class VectorDataset:
    """N vectors, each of length one.

    Args:
        rows: (N, D) float32.
    """

    def __init__(self, rows: np.ndarray[Any, Any]) -> None:
        self.rows = rows
        self.lengths = np.ones(len(rows), dtype=np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def collate(self, chosen: np.ndarray[Any, Any]) -> Tensor:
        """The vectors with these indices, (B, D)."""
        import torch

        return torch.from_numpy(self.rows[chosen])


def in_batches(
    network: nn.Module, examples: TokenDataset, compute: Callable[[PaddedBatch], Output]
) -> Iterator[tuple[np.ndarray[Any, Any], Output]]:
    """Run a network on all examples, batch by batch, in evaluation mode.

    Args:
        network: set to evaluation mode meanwhile.
        examples: N texts.
        compute: from a padded batch to an output.

    Yields:
        The indices (B,) of the examples in a batch, and the output for it.
    """
    import torch

    from elman.training.eval_mode import eval_mode
    from elman.training.precision import fast_products

    device = next(network.parameters()).device
    with eval_mode(network):
        for chosen in by_length(examples.lengths, EVAL_BATCH_SIZE, EVAL_TOKENS_PER_BATCH):
            with torch.inference_mode(), fast_products(device):
                output = compute(examples.collate(chosen))
            yield chosen, output
