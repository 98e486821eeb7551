"""A reader: tokens or words in, a vector for each out, read in one direction or in both.

Shapes: B batch, T time, W width, V tokens or words with a number, F distinct words, G n-grams.
Time comes first, (T, B, W), as inside a stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.nn.blocks import NetworkState, SharedDropout, Stack, StackConfig

WORD_DROPOUT = 0.3
"""The share of distinct words that training reads by their characters alone."""


class WordTable(NamedTuple):
    """The distinct words of a batch, as `WordForms.look_up` gives them."""

    places: Tensor  # (F,) among all the words that were met; no part of what is read
    numbers: Tensor  # (F,) each word's own, 0 for those that have none
    ngrams: Tensor  # (G,) one word's after the other's
    starts: Tensor  # (F,) where a word's n-grams begin
    weights: Tensor  # (G,) what each n-gram counts for in its word


class PaddedBatch(NamedTuple):
    """Texts side by side, the shorter ones padded."""

    tokens: Tensor  # (T, B) integers; places in `words` where there are words
    lengths: Tensor  # (B,) at least 1
    words: WordTable | None = None

    @property
    def real(self) -> Tensor:
        """(T, B, 1) whether a token is one, and no padding."""
        times = torch.arange(len(self.tokens), device=self.lengths.device)
        return (times[:, None] < self.lengths)[..., None]

    @property
    def reversed_places(self) -> Tensor:
        """(T, B) where the tokens of a reversed row stand; padding stays at the end."""
        times = torch.arange(len(self.tokens), device=self.lengths.device)
        back = self.lengths - 1 - times[:, None]
        return torch.where(back >= 0, back, times[:, None])

    @property
    def reversed(self) -> Tensor:
        """(T, B) each row's tokens from its last to its first."""
        return self.tokens.gather(0, self.reversed_places)


@dataclass(frozen=True)
class EncoderConfig:
    """What a reader is built from; frozen, and saved with its weights.

    Args:
        blocks: of each direction's stack; its vocabulary is that of the tokens, or of the words
            that have a number.
        directions: 1 reads from the beginning, 2 also from the end.
        buckets: of character n-grams where the tokens are words; 0 where they are not.
    """

    blocks: StackConfig
    directions: int = 1
    buckets: int = 0

    @property
    def hidden_size(self) -> int:
        """Of the vector of each token, all directions together."""
        return self.blocks.hidden_size * self.directions


class WordEmbedding(nn.Module):
    """A word's own vector, if it has one, and the weighted sum of those of its n-grams.

    Source: P. Bojanowski et al., 'Enriching Word Vectors with Subword Information' (2017),
    section 3.2. All vectors begin short: what is read a few times only is then soon what
    training made of it, and no longer chance.
    """

    def __init__(self, vocabulary: int, buckets: int, hidden_size: int) -> None:
        super().__init__()
        self.own = nn.Embedding(vocabulary, hidden_size)
        self.ngrams = nn.EmbeddingBag(buckets, hidden_size, mode="sum")
        for weight in (self.own.weight, self.ngrams.weight):
            nn.init.normal_(weight, std=0.05)

    def forward(self, words: WordTable) -> Tensor:
        """-> (F, W)"""
        own = self.own(words.numbers)
        if self.training:
            kept = torch.rand(len(own), 1, device=own.device) >= WORD_DROPOUT
            own = own * kept
        grams = self.ngrams(words.ngrams, words.starts, per_sample_weights=words.weights)
        vectors: Tensor = own + grams
        return vectors


EncoderStep = Callable[
    [PaddedBatch, tuple[NetworkState, ...]], tuple[tuple[Tensor, ...], tuple[NetworkState, ...]]
]
"""Padded and the states to read on from -> what a `Encoder` gives for them."""


class Encoder(nn.Module):
    """Embedding and a stack for each direction.

    Args:
        reading: what it is built from.
        dropout: of what goes into the stacks, the same elements at every time.
    """

    def __init__(self, reading: EncoderConfig, dropout: float) -> None:
        super().__init__()
        self.reading = reading
        blocks = reading.blocks
        self.embedding: WordEmbedding | nn.Embedding
        if reading.buckets:
            self.embedding = WordEmbedding(blocks.vocabulary, reading.buckets, blocks.hidden_size)
        else:
            self.embedding = nn.Embedding(blocks.vocabulary, blocks.hidden_size)
        self.dropout = SharedDropout(dropout)
        self.stacks = nn.ModuleList(Stack(blocks) for _ in range(reading.directions))

    def initial_states(self, batch_size: int) -> tuple[NetworkState, ...]:
        stacks = (cast("Stack", stack) for stack in self.stacks)
        return tuple(stack.initial_state(batch_size) for stack in stacks)

    @contextmanager
    def dropping(self, share: float) -> Iterator[None]:
        """Within it, training silences that share: of what comes in, and inside the stacks."""
        layers = [layer for layer in self.modules() if isinstance(layer, SharedDropout)]
        before = [layer.share for layer in layers]
        for layer in layers:
            layer.share = share
        try:
            yield
        finally:
            for layer, its in zip(layers, before, strict=True):
                layer.share = its

    def table(self, padded: PaddedBatch) -> Tensor:
        """The vectors that the tokens are places in: (F, W) or (V, W)."""
        if isinstance(self.embedding, WordEmbedding):
            assert padded.words is not None
            words: Tensor = self.embedding(padded.words)
            return words
        return self.embedding.weight

    def forward(
        self,
        padded: PaddedBatch,
        states: tuple[NetworkState, ...] | None = None,
        table: Tensor | None = None,
    ) -> tuple[tuple[Tensor, ...], tuple[NetworkState, ...]]:
        """-> each direction's vectors (T, B, W) in the order it reads them (the second
        direction's last token first), and the states after each row's last token.

        Args:
            states: to read on from.
            table: what `table` gave for these padded, where the caller needs it too.
        """
        states = self.initial_states(len(padded.lengths)) if states is None else states
        table = self.table(padded) if table is None else table
        ys, after = [], []
        for direction, (stack, state) in enumerate(zip(self.stacks, states, strict=True)):
            tokens = padded.reversed if direction else padded.tokens
            x = self.dropout(functional.embedding(tokens, table))
            y, state = stack(x.transpose(0, 1), state, lengths=padded.lengths)
            ys.append(y.transpose(0, 1))
            after.append(state)
        return tuple(ys), tuple(after)
