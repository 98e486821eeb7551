"""Many in, then many out: an encoder reads the source, a decoder writes the target from it.

Shapes: B batch, S source time, T target time, W width, V target vocabulary, D width of a vector.
Time comes first, (T, B, W), as inside a stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.kernels.cross_entropy import linear_cross_entropy
from elman.nn.attention import AttendingBlock, AttentionMemory
from elman.nn.blocks import (
    Block,
    GatedMLP,
    NetworkState,
    RMSNorm,
    SharedDropout,
    StackConfig,
    linear,
)
from elman.nn.encoder import PaddedBatch

ORDERS = ("both", "forward", "reversed")
"""How a source is read: layer by layer from either end, from its beginning, or from its end."""

EMBEDDING_SCALE = 2.0
"""Of embeddings as they enter the network. They are the output layer's too and pass through on the
residual path: were they as long as what the blocks add, each token would at first be predicted to
follow itself, and unlearning that costs hundreds of steps (docs/decisions.md)."""

FAR = 1e4
"""Deviations from the mean: a vector's number that lies further off is read as that far, so that
none is too large for the network."""


@dataclass(frozen=True)
class Seq2SeqConfig:
    """What a rewriter is built from; frozen, and saved with its weights.

    Args:
        blocks: of the decoder; its vocabulary is the target's. An encoder that reads in both
            directions has twice as many.
        source: the source's vocabulary; 0 where it shares the target's; or D where the source
            is a vector.
        attention: one of `elman.nn.attention.KINDS`.
        order: one of ORDERS; or "vector".
    """

    blocks: StackConfig
    source: int = 0
    attention: str = "dot"
    order: str = "both"


class DecoderState(NamedTuple):
    """Where a decoder stands, and all that it looks at."""

    state: NetworkState
    memories: tuple[AttentionMemory, ...]  # one a block


class SourceEncoder(nn.Module):
    """A source's tokens, each in the light of those around it.

    With the order "both" every other block reads from the end, so that each sees what the one
    before it saw of the other side (the alternation is that of J. Zhou et al., 'Deep Recurrent
    Models with Fast-Forward Connections', 2016, section 3.2).
    """

    def __init__(self, rewriting: Seq2SeqConfig) -> None:
        super().__init__()
        blocks = rewriting.blocks
        self.order = rewriting.order
        count = blocks.layers * (2 if self.order == "both" else 1)
        self.blocks = nn.ModuleList(Block(blocks) for _ in range(count))
        self.norm = RMSNorm(blocks.hidden_size) if "norm" in blocks.components else nn.Identity()
        self.summed = rewriting.attention == "none"

    def forward(self, x: Tensor, padded: PaddedBatch) -> tuple[Tensor, Tensor]:
        """x (S, B, W), the vectors of the padded' tokens -> what a decoder looks at
        (S, B, W), and (B, S) whether it is real."""
        back = padded.reversed_places[..., None].expand_as(x)
        backward = self.order == "reversed"
        x = x.gather(0, back) if backward else x
        for number, block in enumerate(self.blocks):
            mixer = cast("Block", block).mixer
            if number and self.order == "both":
                x, backward = x.gather(0, back), not backward
            x, _ = block(x, mixer.initial_state(x.shape[1]), padded.lengths)
        if self.summed:
            return self.norm(self._ends(x, padded))[None], padded.lengths[:, None] > 0
        x = x.gather(0, back) if backward else x
        return self.norm(x), padded.real[..., 0].t()

    def _ends(self, x: Tensor, padded: PaddedBatch) -> Tensor:
        """(B, W) the vector where the reading ended; in both directions, at either end."""
        last = x.gather(0, (padded.lengths - 1)[None, :, None].expand_as(x[:1]))[0]
        return last + x[0] if self.order == "both" else last


class VectorEncoder(nn.Module):
    """A vector as the one thing that a decoder looks at, at its first step and at every other.

    Source: O. Vinyals et al., 'Show and Tell' (2015), section 3.1, where it is read once.
    """

    def __init__(self, rewriting: Seq2SeqConfig, dropout: float) -> None:
        super().__init__()
        blocks = rewriting.blocks
        self.dropout = nn.Dropout(dropout)
        # Of the vectors learned from, the mean and one over the deviation: no gradient moves them.
        self.center = nn.Parameter(torch.zeros(rewriting.source), requires_grad=False)
        self.slope = nn.Parameter(torch.ones(rewriting.source), requires_grad=False)
        self.into = linear(rewriting.source, blocks.hidden_size)
        self.mlp = nn.Sequential(RMSNorm(blocks.hidden_size), GatedMLP(blocks))
        self.norm = RMSNorm(blocks.hidden_size)

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """vectors (B, D) -> (1, B, W), and (B, 1): it is real."""
        # What is infinitely far on the way is taken as very far, and of no weight as 0.
        scaled = ((vectors - self.center) * self.slope).nan_to_num(nan=0.0).clamp(-FAR, FAR)
        x = self.into(self.dropout(scaled))
        x = self.norm(x + self.mlp(x))
        return x[None], torch.ones(len(x), 1, dtype=torch.bool, device=x.device)


class EncoderDecoder(nn.Module):
    """Encoder and decoder; the decoder's embedding is its output layer as well.

    No attention is fed back into a cell, so in training the decoder runs over the whole target at
    once, block by block, as the encoder does over the source.

    Source: D. Bahdanau et al. (2015), section 3, with attention inside every block of the
    decoder; without attention, I. Sutskever et al., 'Sequence to Sequence Learning with Neural
    Networks' (2014), and K. Cho et al. (2014), who show the source at every step.

    Args:
        rewriting: what it is built from; kept as `.rewriting`.
        dropout: of embeddings, of a vector's numbers and of what the output layer reads; inside
            the blocks it is theirs.
    """

    def __init__(self, rewriting: Seq2SeqConfig, dropout: float) -> None:
        super().__init__()
        blocks = rewriting.blocks
        self.rewriting = rewriting
        self.embedding = nn.Embedding(blocks.vocabulary, blocks.hidden_size)
        self.output = linear(blocks.hidden_size, blocks.vocabulary)
        self.output.weight = self.embedding.weight
        nn.init.normal_(self.embedding.weight, std=blocks.hidden_size**-0.5)
        self.scale = EMBEDDING_SCALE
        self.encoder: SourceEncoder | VectorEncoder
        self.source_embedding = self.embedding
        if rewriting.order == "vector":
            self.encoder = VectorEncoder(rewriting, dropout)
        else:
            self.encoder = SourceEncoder(rewriting)
            if rewriting.source:
                self.source_embedding = nn.Embedding(rewriting.source, blocks.hidden_size)
                nn.init.normal_(self.source_embedding.weight, std=blocks.hidden_size**-0.5)
        self.dropout = SharedDropout(dropout)
        self.blocks = nn.ModuleList(
            AttendingBlock(blocks, rewriting.attention) for _ in range(blocks.layers)
        )
        self.norm = RMSNorm(blocks.hidden_size) if "norm" in blocks.components else nn.Identity()

    def scale_vectors(self, vectors: Tensor) -> None:
        """Let the vectors to be read from now on be as wide as these (N, D); numbers that never
        vary are read as 0."""
        encoder = cast("VectorEncoder", self.encoder)
        deviation = vectors.double().std(0, correction=0)
        with torch.no_grad():
            encoder.center.copy_(vectors.double().mean(0))
            varies = deviation > torch.finfo(encoder.slope.dtype).tiny  # 1 / it is a number
            encoder.slope.copy_(torch.where(varies, 1 / deviation, 0))

    @property
    def attending(self) -> list[AttendingBlock]:
        """The blocks of the decoder."""
        return [cast("AttendingBlock", block) for block in self.blocks]

    def begin(self, source: PaddedBatch | Tensor) -> DecoderState:
        """A source read: tokens of B texts, or vectors (B, D)."""
        if isinstance(source, Tensor):
            return self._written(*self.encoder(source))
        x = functional.embedding(source.tokens, self.source_embedding.weight) * self.scale
        return self.begin_from(x, source)

    def begin_from(self, x: Tensor, padded: PaddedBatch) -> DecoderState:
        """The same from x (S, B, W), the vectors of the padded' tokens."""
        return self._written(*self.encoder(self.dropout(x), padded))

    def _written(self, memory: Tensor, real: Tensor) -> DecoderState:
        shut = torch.zeros_like(real, dtype=torch.float32).masked_fill(~real, -torch.inf)
        memories = tuple(
            block.attention.remember(memory, shut[:, None, None]) for block in self.attending
        )
        return DecoderState(self.initial_state(memory.shape[1]), memories)

    def initial_state(self, batch_size: int) -> NetworkState:
        """Of the decoder."""
        return tuple(block.mixer.initial_state(batch_size) for block in self.attending)

    def forward(
        self, tokens: Tensor, written: DecoderState, lengths: Tensor | None = None
    ) -> tuple[Tensor, DecoderState]:
        """tokens (T, B) -> logits (T, B, V) of the tokens after them, and where it stands."""
        y, after, _ = self._features(tokens, written, lengths)
        logits: Tensor = self.output(y)
        return logits.float(), after

    def attend(self, tokens: Tensor, written: DecoderState) -> tuple[Tensor, Tensor, DecoderState]:
        """The same, and (B, T, S) how much of each source token went into each logits: the mean
        over blocks and heads."""
        y, after, asked = self._features(tokens, written, None)
        looks = [
            block.attention.weights(x, memory)
            for block, x, memory in zip(self.attending, asked, written.memories, strict=True)
        ]
        logits: Tensor = self.output(y)
        return logits.float(), torch.stack(looks).mean(0), after

    def loss(
        self, source: PaddedBatch | Tensor, targets: PaddedBatch, begin: int, smoothing: float
    ) -> Tensor:
        """The mean of -log p over all target tokens, in nats.

        Args:
            targets: with their last token, which says that they end.
            begin: the token before the first.
            smoothing: the share of what is wanted that is given to all tokens alike (C. Szegedy
                et al., 2016, section 7).
        """
        wanted = targets.tokens
        read = torch.cat([wanted.new_full((1, wanted.shape[1]), begin), wanted[:-1]])
        y, _, _ = self._features(read, self.begin(source), targets.lengths)
        real = targets.real[..., 0]
        output = self.output
        return linear_cross_entropy(y[real], output.weight, output.bias, wanted[real], smoothing)

    def _features(
        self, tokens: Tensor, written: DecoderState, lengths: Tensor | None
    ) -> tuple[Tensor, DecoderState, list[Tensor]]:
        """tokens (T, B) -> what the output layer reads (T, B, W), where the decoder stands, and
        what each block asked its memory with."""
        x = functional.embedding(tokens, self.embedding.weight) * self.scale
        return self.features(x, written, lengths)

    def features(
        self, x: Tensor, written: DecoderState, lengths: Tensor | None = None
    ) -> tuple[Tensor, DecoderState, list[Tensor]]:
        """The same from x (T, B, W), the vectors of the tokens."""
        x = self.dropout(x)
        after, asked = [], []
        for block, state, memory in zip(
            self.attending, written.state, written.memories, strict=True
        ):
            x, following, question = block.look(x, state, memory, lengths)
            after.append(following)
            asked.append(question)
        y = self.dropout(self.norm(x))
        return y, DecoderState(tuple(after), written.memories), asked
