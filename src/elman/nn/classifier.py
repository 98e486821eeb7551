"""Many in, one out: what a reader saw, pooled over time, and one linear layer.

Shapes: B batch, T time, R the width of what is read (all directions), K classes, M members.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from elman.nn.blocks import NetworkState, linear
from elman.nn.encoder import Encoder, EncoderConfig, EncoderStep, PaddedBatch

BELOW_ALL = -1e4  # below every vector's elements, and a number in every type


class PoolingState(NamedTuple):
    """What is remembered of a text, of the same size however long it was."""

    states: tuple[NetworkState, ...]
    most: Tensor  # (B, R) the largest value of each element so far
    total: Tensor  # (B, R) the sum of its values
    tokens: Tensor  # (B, 1) the number of tokens read


class ClassifierEncoder(nn.Module):
    """A text's classes from the largest and the mean of each element over time.

    Both can be kept up as tokens come in, so a running answer after every word costs no second
    reading. Source of the pooling: J. Howard, S. Ruder, 'Universal Language Model Fine-tuning
    for Text Classification' (2018), section 3.3, without the last state.

    Args:
        reading: what the reader is built from; kept as `.reader.reading`.
        classes: K.
        dropout: of what goes into the reader, of what is pooled, half as much inside.
    """

    def __init__(self, reading: EncoderConfig, classes: int, dropout: float) -> None:
        super().__init__()
        self.reader = Encoder(reading, dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = linear(2 * reading.hidden_size, classes, scale=0.5)

    def start(self, batch_size: int) -> PoolingState:
        """The impression of nothing yet."""
        like = self.output.weight
        shape = (batch_size, self.reader.reading.hidden_size)
        return PoolingState(
            self.reader.initial_states(batch_size),
            like.new_full(shape, BELOW_ALL),
            like.new_zeros(shape),
            like.new_zeros(batch_size, 1),
        )

    def forward(
        self,
        padded: PaddedBatch,
        before: PoolingState | None = None,
        read: EncoderStep | None = None,
    ) -> tuple[Tensor, PoolingState]:
        """-> logits (B, K) after each row's last token, and the impression to read on from.

        Read on is only possible in one direction: the other begins at a text's end.

        Args:
            read: another way to read than the reader's own, that gives the same.
        """
        if before is None:
            before = self.start(len(padded.lengths))
        vectors, states = (read or self.reader)(padded, before.states)
        padding = ~padded.real
        most, total = [], []
        for y in vectors:
            most.append(y.masked_fill(padding, BELOW_ALL).amax(0).float())
            total.append(y.masked_fill(padding, 0).sum(0, dtype=torch.float32))
        impression = PoolingState(
            states,
            torch.maximum(before.most, torch.cat(most, 1)),
            before.total + torch.cat(total, 1),
            before.tokens + padded.lengths[:, None],
        )
        logits = self._said(impression.most, impression.total / impression.tokens)
        return logits.float(), impression

    def running(self, vectors: tuple[Tensor, ...]) -> Tensor:
        """Logits (T, B, K) after each token, from what the reader gave for rows without padding;
        of two directions only the last are an answer."""
        y = torch.cat(vectors, 2)
        counts = torch.arange(1, len(y) + 1, device=y.device)[:, None, None]
        return self._said(y.cummax(0).values, y.cumsum(0) / counts)

    def _said(self, most: Tensor, mean: Tensor) -> Tensor:
        logits: Tensor = self.output(self.dropout(torch.cat([most, mean], -1)))
        return logits


class ClassifierNetwork(nn.Module):
    """Several readers of their own that answer together: the mean of their probabilities.

    They begin differently and so err differently, most of all where there are few texts to learn
    from. Source: B. Lakshminarayanan, A. Pritzel, C. Blundell, 'Simple and Scalable Predictive
    Uncertainty Estimation using Deep Ensembles' (2017), section 2.4.

    Args:
        reading: what each reader is built from; kept as `.reading`.
        classes: K; dropout: as `ClassifierEncoder` has them.
        members: M.
    """

    def __init__(
        self, reading: EncoderConfig, classes: int, dropout: float, members: int = 1
    ) -> None:
        super().__init__()
        self.reading = reading
        self.classes = classes
        self.members = nn.ModuleList(
            ClassifierEncoder(reading, classes, dropout) for _ in range(members)
        )

    @property
    def readers(self) -> list[Encoder]:
        """Of the members."""
        return [member.reader for member in self._members()]

    def _members(self) -> list[ClassifierEncoder]:
        return [cast("ClassifierEncoder", member) for member in self.members]

    def start(self, batch_size: int) -> tuple[PoolingState, ...]:
        """Each member's impression of nothing yet."""
        return tuple(member.start(batch_size) for member in self._members())

    def each(
        self,
        padded: PaddedBatch,
        before: tuple[PoolingState, ...] | None = None,
        reads: Sequence[EncoderStep] | None = None,
    ) -> tuple[Tensor, tuple[PoolingState, ...]]:
        """-> every member's logits (M, B, K), from which each learns by itself, and their
        impressions; with the members' `reads` by these."""
        befores = self.start(len(padded.lengths)) if before is None else before
        members = self._members()
        ways: Sequence[EncoderStep] = reads or self.readers
        pairs = [
            member(padded, its, read)
            for member, its, read in zip(members, befores, ways, strict=True)
        ]
        return torch.stack([logits for logits, _ in pairs]), tuple(after for _, after in pairs)

    def forward(
        self,
        padded: PaddedBatch,
        before: tuple[PoolingState, ...] | None = None,
        reads: Sequence[EncoderStep] | None = None,
    ) -> tuple[Tensor, tuple[PoolingState, ...]]:
        """-> the logs of the mean probabilities (B, K) after each row's last token, and the
        impressions to read on from, which is only possible in one direction."""
        logits, after = self.each(padded, before, reads)
        return self.together(logits), after

    @staticmethod
    def together(logits: Tensor) -> Tensor:
        """The logs of the mean probabilities (..., K) of every member's logits (M, ..., K)."""
        return logits.log_softmax(-1).logsumexp(0) - math.log(len(logits))
