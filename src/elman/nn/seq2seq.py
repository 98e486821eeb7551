"""Encoder-decoder networks: from a source text, or a vector, to a target text.

Shapes: B batch, S source time, T target time, W hidden size, V target vocabulary, D vector size.
Time comes first, (T, B, W), as inside a stack.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.kernels.cross_entropy import linear_cross_entropy
from elman.nn.attention import AttentionMemory, CrossAttentionBlock
from elman.nn.blocks import Block, GatedMLP, NetworkState, RMSNorm, SharedDropout, linear
from elman.nn.config import EMBEDDING_SCALE, MAX_DEVIATIONS, Seq2SeqConfig
from elman.nn.encoder import PaddedBatch


class DecoderState(NamedTuple):
    """The recurrent state of a decoder and what it attends to."""

    state: NetworkState
    memories: tuple[AttentionMemory, ...]  # one for each block


class SourceEncoder(nn.Module):
    """Contextual vectors of the source's tokens.

    With the order "both" every other block runs backward, so each block gets the context that the
    previous one collected from the other side (J. Zhou et al., 'Deep Recurrent Models with
    Fast-Forward Connections', 2016, section 3.2).
    """

    def __init__(self, config: Seq2SeqConfig) -> None:
        super().__init__()
        blocks = config.blocks
        self.order = config.order
        self.blocks = nn.ModuleList(Block(blocks) for _ in range(config.encoder_layers))
        self.norm = RMSNorm(blocks.hidden_size) if "norm" in blocks.components else nn.Identity()
        self.summed = config.attention == "none"

    def forward(self, x: Tensor, padded: PaddedBatch) -> tuple[Tensor, Tensor]:
        """The embeddings x (S, B, W) of a batch -> its contextual vectors (S, B, W) and the mask
        (B, S), True at tokens; without attention one pooled vector (1, B, W) for each text."""
        positions = padded.reversed_positions[..., None].expand_as(x)
        backward = self.order == "reversed"
        x = x.gather(0, positions) if backward else x
        for number, block in enumerate(self.blocks):
            mixer = cast("Block", block).mixer
            if number and self.order == "both":
                x, backward = x.gather(0, positions), not backward
            x, _ = block(x, mixer.initial_state(x.shape[1]), padded.lengths)
        if self.summed:
            return self.norm(self._ends(x, padded))[None], padded.lengths[:, None] > 0
        x = x.gather(0, positions) if backward else x
        return self.norm(x), padded.real[..., 0].t()

    def _ends(self, x: Tensor, padded: PaddedBatch) -> Tensor:
        """(B, W) the last vector of each text; with the order "both" the sum of last and first."""
        last = x.gather(0, (padded.lengths - 1)[None, :, None].expand_as(x[:1]))[0]
        return last + x[0] if self.order == "both" else last


class VectorEncoder(nn.Module):
    """A vector as the source; the decoder attends to it at every step.

    Source: O. Vinyals et al., 'Show and Tell' (2015), section 3.1, where only the first step
    gets the vector.
    """

    def __init__(self, config: Seq2SeqConfig, dropout: float) -> None:
        super().__init__()
        blocks = config.blocks
        self.dropout = nn.Dropout(dropout)
        # Mean and reciprocal standard deviation of the training vectors: not trained by gradient.
        self.center = nn.Parameter(torch.zeros(config.source), requires_grad=False)
        self.slope = nn.Parameter(torch.ones(config.source), requires_grad=False)
        self.into = linear(config.source, blocks.hidden_size)
        self.mlp = nn.Sequential(RMSNorm(blocks.hidden_size), GatedMLP(blocks))
        self.norm = RMSNorm(blocks.hidden_size)

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """vectors (B, D) -> (1, B, W) and the mask (B, 1), True."""
        # Infinite results are clipped; 0 times infinity, which is NaN, counts as 0.
        scaled = (
            ((vectors - self.center) * self.slope)
            .nan_to_num(nan=0.0)
            .clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS)
        )
        x = self.into(self.dropout(scaled))
        x = self.norm(x + self.mlp(x))
        return x[None], torch.ones(len(x), 1, dtype=torch.bool, device=x.device)


class EncoderDecoder(nn.Module):
    """Encoder and decoder; the decoder's embedding and output layer are tied.

    Attention is not fed back into a cell, so training runs the decoder over the whole target block
    by block, as the encoder over the source.

    Source: D. Bahdanau et al. (2015), section 3, here with attention inside every block of the
    decoder; without attention, I. Sutskever et al., 'Sequence to Sequence Learning with Neural
    Networks' (2014), and K. Cho et al. (2014), where every step gets the source.

    Args:
        config: kept as `.config`.
        dropout: the probability for embeddings, for the elements of source vectors and for the
            inputs of the output layer; `config.blocks.dropout` is that inside the blocks.
    """

    def __init__(self, config: Seq2SeqConfig, dropout: float) -> None:
        super().__init__()
        blocks = config.blocks
        self.config = config
        self.embedding = nn.Embedding(blocks.vocabulary, blocks.hidden_size)
        self.output = linear(blocks.hidden_size, blocks.vocabulary)
        self.output.weight = self.embedding.weight
        nn.init.normal_(self.embedding.weight, std=blocks.hidden_size**-0.5)
        self.scale = EMBEDDING_SCALE
        self.encoder: SourceEncoder | VectorEncoder
        self.source_embedding = self.embedding
        if config.order == "vector":
            self.encoder = VectorEncoder(config, dropout)
        else:
            self.encoder = SourceEncoder(config)
            if config.source:
                self.source_embedding = nn.Embedding(config.source, blocks.hidden_size)
                nn.init.normal_(self.source_embedding.weight, std=blocks.hidden_size**-0.5)
        self.dropout = SharedDropout(dropout)
        self.blocks = nn.ModuleList(
            CrossAttentionBlock(blocks, config.attention) for _ in range(blocks.layers)
        )
        self.norm = RMSNorm(blocks.hidden_size) if "norm" in blocks.components else nn.Identity()

    def fit_input_scaling(self, vectors: Tensor) -> None:
        """Standardise source vectors by the mean and deviation of these (N, D); constant elements
        become 0."""
        encoder = cast("VectorEncoder", self.encoder)
        deviation = vectors.double().std(0, correction=0)
        with torch.no_grad():
            encoder.center.copy_(vectors.double().mean(0))
            # Above the smallest normal number, 1 / deviation is finite.
            varies = deviation > torch.finfo(encoder.slope.dtype).tiny
            encoder.slope.copy_(torch.where(varies, 1 / deviation, 0))

    @property
    def decoder_blocks(self) -> list[CrossAttentionBlock]:
        """The blocks of the decoder."""
        return [cast("CrossAttentionBlock", block) for block in self.blocks]

    def encode(self, source: PaddedBatch | Tensor) -> DecoderState:
        """The state of the decoder before its first token, for B texts or vectors (B, D)."""
        if isinstance(source, Tensor):
            return self._decoder_state(*self.encoder(source))
        x = functional.embedding(source.tokens, self.source_embedding.weight) * self.scale
        return self.encode_vectors(x, source)

    def encode_vectors(self, x: Tensor, padded: PaddedBatch) -> DecoderState:
        """As `encode`, from the scaled embeddings x (S, B, W) of the tokens."""
        return self._decoder_state(*self.encoder(self.dropout(x), padded))

    def _decoder_state(self, memory: Tensor, real: Tensor) -> DecoderState:
        mask = torch.zeros_like(real, dtype=torch.float32).masked_fill(~real, -torch.inf)
        memories = tuple(
            block.attention.project_kv(memory, mask[:, None, None]) for block in self.decoder_blocks
        )
        return DecoderState(self.initial_state(memory.shape[1]), memories)

    def initial_state(self, batch_size: int) -> NetworkState:
        """The recurrent state of the decoder, one for each block."""
        return tuple(block.mixer.initial_state(batch_size) for block in self.decoder_blocks)

    def forward(
        self, tokens: Tensor, state: DecoderState, lengths: Tensor | None = None
    ) -> tuple[Tensor, DecoderState]:
        """tokens (T, B) -> logits (T, B, V) float32 of the next tokens, the state after."""
        y, after, _ = self._features(tokens, state, lengths)
        logits: Tensor = self.output(y)
        return logits.float(), after

    def attend(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, Tensor, DecoderState]:
        """tokens (T, B) -> logits (T, B, V) float32, the attention weights (B, T, S) averaged over
        blocks and heads, the state after."""
        y, after, query_inputs = self._features(tokens, state, None)
        weights = [
            block.attention.weights(x, memory)
            for block, x, memory in zip(
                self.decoder_blocks, query_inputs, state.memories, strict=True
            )
        ]
        logits: Tensor = self.output(y)
        return logits.float(), torch.stack(weights).mean(0), after

    def loss(
        self, source: PaddedBatch | Tensor, targets: PaddedBatch, begin: int, smoothing: float
    ) -> Tensor:
        """The mean of -log p over all target tokens, in nats.

        Args:
            source: B texts, or vectors (B, D).
            targets: B texts, each with the token that ends it.
            begin: the token before the first.
            smoothing: the label smoothing, the probability spread evenly over all tokens (C.
                Szegedy et al., 2016, section 7).
        """
        next_tokens = targets.tokens
        first = next_tokens.new_full((1, next_tokens.shape[1]), begin)
        tokens = torch.cat([first, next_tokens[:-1]])
        y, _, _ = self._features(tokens, self.encode(source), targets.lengths)
        real = targets.real[..., 0]
        output = self.output
        labels = next_tokens[real]
        return linear_cross_entropy(y[real], output.weight, output.bias, labels, smoothing)

    def _features(
        self, tokens: Tensor, state: DecoderState, lengths: Tensor | None
    ) -> tuple[Tensor, DecoderState, list[Tensor]]:
        """As `features`, from the tokens (T, B)."""
        x = functional.embedding(tokens, self.embedding.weight) * self.scale
        return self.features(x, state, lengths)

    def features(
        self, x: Tensor, state: DecoderState, lengths: Tensor | None = None
    ) -> tuple[Tensor, DecoderState, list[Tensor]]:
        """Run the decoder on the scaled embeddings x (T, B, W) of the tokens.

        Returns:
            The inputs of the output layer (T, B, W), the state after, and for each block the
            inputs of its attention.
        """
        x = self.dropout(x)
        after, query_inputs = [], []
        for block, before, memory in zip(
            self.decoder_blocks, state.state, state.memories, strict=True
        ):
            x, following, query_input = block.attend(x, before, memory, lengths)
            after.append(following)
            query_inputs.append(query_input)
        y = self.dropout(self.norm(x))
        return y, DecoderState(tuple(after), state.memories), query_inputs
