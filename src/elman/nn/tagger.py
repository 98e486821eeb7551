"""Sequence tagging: a bidirectional encoder, one linear layer, a CRF.

Shapes: B batch, T time, W hidden size of a direction, K tags. Time comes first, (T, B, K).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman.nn.blocks import linear
from elman.nn.crf import CRF, Transitions
from elman.nn.encoder import Encoder, EncoderConfig, PaddedBatch


class TaggerNetwork(nn.Module):
    """A tag for each token, from its left and right context.

    Source: G. Lample et al., 'Neural Architectures for Named Entity Recognition' (2016),
    section 2, here with character n-grams.

    Args:
        config: of the encoder; kept as `.encoder.config`.
        allowed: the transitions between tags that the CRF allows.
        dropout: the probability for the encoder's inputs and outputs.
    """

    def __init__(self, config: EncoderConfig, allowed: Transitions, dropout: float) -> None:
        super().__init__()
        self.encoder = Encoder(config, dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = linear(config.hidden_size, len(allowed.start), scale=0.5)
        self.crf = CRF(allowed)

    def forward(self, padded: PaddedBatch) -> Tensor:
        """The emission scores (T, B, K) float32; the CRF adds the transitions."""
        vectors, _ = self.encoder(padded)
        return self.logits(padded, vectors).float()

    def logits(self, padded: PaddedBatch, vectors: tuple[Tensor, ...]) -> Tensor:
        """The emission scores (T, B, K) from the vectors that the encoder returned."""
        if len(vectors) == 2:
            forward, backward = vectors
            positions = padded.reversed_positions[..., None].expand_as(backward)
            vectors = (forward, backward.gather(0, positions))
        logits: Tensor = self.output(self.dropout(torch.cat(vectors, 2)))
        return logits

    def loss(self, padded: PaddedBatch, tags: Tensor) -> Tensor:
        """tags (T, B) -> the mean of -log p over all tokens, in nats."""
        log_p = self.crf.log_probability(self(padded), tags, padded.lengths)
        return -log_p.sum() / padded.lengths.sum()

    def best(self, padded: PaddedBatch) -> Tensor:
        """The best allowed tag sequence of each row (T, B)."""
        tags, _ = self.crf.ranked(self(padded), padded.lengths)
        return tags[0]
