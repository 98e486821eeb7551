"""Many in, one out: what a reader saw, pooled over time, and one linear layer.

Shapes: B batch, T time, R the width of what is read (all directions), K classes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman.network.blocks import NetworkState, linear
from elman.network.reader import Passages, Reader, Reading

_BELOW_ALL = -1e4  # below every vector's elements, and a number in every type


class Impression(NamedTuple):
    """What is remembered of a text, of the same size however long it was."""

    states: tuple[NetworkState, ...]
    most: Tensor  # (B, R) the largest value of each element so far
    total: Tensor  # (B, R) the sum of its values
    symbols: Tensor  # (B, 1) the number of symbols read


class ClassNetwork(nn.Module):
    """A text's classes from the largest and the mean of each element over time.

    Both can be kept up as symbols come in, so a running answer after every word costs no second
    reading. Source of the pooling: J. Howard, S. Ruder, 'Universal Language Model Fine-tuning
    for Text Classification' (2018), section 3.3, without the last state.

    Args:
        reading: what the reader is built from; kept as `.reader.reading`.
        classes: K.
        dropout: of what goes into the reader, of what is pooled, half as much inside.
    """

    def __init__(self, reading: Reading, classes: int, dropout: float) -> None:
        super().__init__()
        self.reader = Reader(reading, dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = linear(2 * reading.width, classes, scale=0.5)

    def start(self, batch_size: int) -> Impression:
        """The impression of nothing yet."""
        like = self.output.weight
        shape = (batch_size, self.reader.reading.width)
        return Impression(
            self.reader.initial_states(batch_size),
            like.new_full(shape, _BELOW_ALL),
            like.new_zeros(shape),
            like.new_zeros(batch_size, 1),
        )

    def forward(
        self, passages: Passages, before: Impression | None = None
    ) -> tuple[Tensor, Impression]:
        """-> logits (B, K) after each row's last symbol, and the impression to read on from.

        Read on is only possible in one direction: the other begins at a text's end.
        """
        if before is None:
            before = self.start(len(passages.lengths))
        vectors, states = self.reader(passages, before.states)
        padding = ~passages.real
        most, total = [], []
        for y in vectors:
            most.append(y.masked_fill(padding, _BELOW_ALL).amax(0).float())
            total.append(y.masked_fill(padding, 0).sum(0, dtype=torch.float32))
        impression = Impression(
            states,
            torch.maximum(before.most, torch.cat(most, 1)),
            before.total + torch.cat(total, 1),
            before.symbols + passages.lengths[:, None],
        )
        pooled = torch.cat([impression.most, impression.total / impression.symbols], 1)
        logits: Tensor = self.output(self.dropout(pooled))
        return logits.float(), impression
