"""The encoder: tokens or words to one vector each, in one direction or in both.

Shapes: B batch, T time, W width, V vocabulary, F distinct words of a batch, G their n-grams.
Time comes first, (T, B, W), as inside a stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.nn.blocks import NetworkState, SharedDropout, Stack
from elman.nn.config import EncoderConfig

WORD_DROPOUT = 0.3
"""The probability that training zeroes a distinct word's own vector and keeps its n-grams."""


class WordTable(NamedTuple):
    """The distinct words of a batch, as `WordForms.look_up` gives them."""

    form_indices: Tensor  # (F,) the index of each word in `WordForms`; the network ignores it
    ids: Tensor  # (F,) the id of each word in the vocabulary, 0 for an unknown one
    ngrams: Tensor  # (G,) the n-gram ids, word after word
    starts: Tensor  # (F,) the index in `ngrams` of each word's first n-gram
    weights: Tensor  # (G,) the weight of each n-gram in its word


class PaddedBatch(NamedTuple):
    """A batch of texts, padded to the longest."""

    tokens: Tensor  # (T, B) token ids, or indices into `words`
    lengths: Tensor  # (B,) tokens of each text, at least 1
    words: WordTable | None = None
    features: Tensor | None = None  # (T, B, F) ids of each word's features, of a linear model

    @property
    def real(self) -> Tensor:
        """(T, B, 1) True at tokens, False at padding."""
        times = torch.arange(len(self.tokens), device=self.lengths.device)
        return (times[:, None] < self.lengths)[..., None]

    @property
    def reversed_positions(self) -> Tensor:
        """(T, B) the time index of each token of a reversed row; padding stays at the end."""
        times = torch.arange(len(self.tokens), device=self.lengths.device)
        back = self.lengths - 1 - times[:, None]
        return torch.where(back >= 0, back, times[:, None])

    @property
    def reversed(self) -> Tensor:
        """(T, B) each row's tokens from its last to its first."""
        return self.tokens.gather(0, self.reversed_positions)


class WordEmbedding(nn.Module):
    """The vector of a word plus the weighted sum of the vectors of its character n-grams.

    Source: P. Bojanowski et al., 'Enriching Word Vectors with Subword Information' (2017),
    section 3.2. The initial vectors are small, so that a few updates of a rare word outweigh its
    random initialisation.

    Args:
        vocabulary: V, the words that have a vector.
        buckets: hash buckets of the n-grams.
        hidden_size: W.
    """

    def __init__(self, vocabulary: int, buckets: int, hidden_size: int) -> None:
        super().__init__()
        self.own = nn.Embedding(vocabulary, hidden_size)
        self.ngrams = nn.EmbeddingBag(buckets, hidden_size, mode="sum")
        for weight in (self.own.weight, self.ngrams.weight):
            nn.init.normal_(weight, std=0.05)

    def forward(self, words: WordTable) -> Tensor:
        """The vectors (F, W) of the distinct words."""
        own = self.own(words.ids)
        if self.training:
            own = own * (torch.rand(len(own), 1, device=own.device) >= WORD_DROPOUT)
        grams = self.ngrams(words.ngrams, words.starts, per_sample_weights=words.weights)
        vectors: Tensor = own + grams
        return vectors


EncoderStep = Callable[
    [PaddedBatch, tuple[NetworkState, ...]], tuple[tuple[Tensor, ...], tuple[NetworkState, ...]]
]
"""The signature of `Encoder.forward`: a batch and the states before it -> vectors, states after."""


class Encoder(nn.Module):
    """An embedding and one stack for each direction.

    Args:
        config: kept as `.config`.
        dropout: the probability for the embeddings, with one mask for all times.
    """

    def __init__(self, config: EncoderConfig, dropout: float) -> None:
        super().__init__()
        self.config = config
        blocks = config.blocks
        self.embedding: WordEmbedding | nn.Embedding
        if config.buckets:
            self.embedding = WordEmbedding(blocks.vocabulary, config.buckets, blocks.hidden_size)
        else:
            self.embedding = nn.Embedding(blocks.vocabulary, blocks.hidden_size)
        self.dropout = SharedDropout(dropout)
        self.stacks = nn.ModuleList(Stack(blocks) for _ in range(config.directions))

    def initial_states(self, batch_size: int) -> tuple[NetworkState, ...]:
        stacks = (cast("Stack", stack) for stack in self.stacks)
        return tuple(stack.initial_state(batch_size) for stack in stacks)

    @contextmanager
    def dropout_set_to(self, p: float) -> Iterator[None]:
        """A context that gives all dropout layers, in the stacks too, the probability p."""
        layers = [layer for layer in self.modules() if isinstance(layer, SharedDropout)]
        before = [layer.p for layer in layers]
        for layer in layers:
            layer.p = p
        try:
            yield
        finally:
            for layer, previous in zip(layers, before, strict=True):
                layer.p = previous

    def table(self, padded: PaddedBatch) -> Tensor:
        """The embeddings that `padded.tokens` index: (F, W) of words, or (V, W)."""
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
        """Encode a batch.

        Args:
            padded: B texts, or the next tokens of each.
            states: of each direction before these tokens; by default the initial ones.
            table: the result of `self.table(padded)`, to compute it once.

        Returns:
            The vectors of each direction (T, B, W), the second direction's from the last token to
            the first, and the states after each row's last token.
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
