"""Many in, many out, in step: a reader in both directions, one linear layer, a CRF.

Shapes: B batch, T time, W width of a direction, K tags. Time comes first, (T, B, K).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman.nn.blocks import linear
from elman.nn.crf import CRF, Transitions
from elman.nn.encoder import Encoder, EncoderConfig, PaddedBatch


class TaggerNetwork(nn.Module):
    """Each token's tag, from all that stands before and behind it.

    Source: G. Lample et al., 'Neural Architectures for Named Entity Recognition' (2016),
    section 2, with words read by their n-grams.

    Args:
        reading: what the reader is built from; kept as `.reader.reading`.
        allowed: which tags may follow each other.
        dropout: of what goes into the reader and of what comes out of it.
    """

    def __init__(self, reading: EncoderConfig, allowed: Transitions, dropout: float) -> None:
        super().__init__()
        self.reader = Encoder(reading, dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = linear(reading.hidden_size, len(allowed.start), scale=0.5)
        self.crf = CRF(allowed)

    def forward(self, padded: PaddedBatch) -> Tensor:
        """-> logits (T, B, K), what each token says of its tag; the CRF says the rest."""
        vectors, _ = self.reader(padded)
        return self.said(padded, vectors).float()

    def said(self, padded: PaddedBatch, vectors: tuple[Tensor, ...]) -> Tensor:
        """The same from what the reader gave for the padded."""
        if len(vectors) == 2:
            forward, backward = vectors
            places = padded.reversed_places[..., None].expand_as(backward)
            vectors = (forward, backward.gather(0, places))
        logits: Tensor = self.output(self.dropout(torch.cat(vectors, 2)))
        return logits

    def loss(self, padded: PaddedBatch, tags: Tensor) -> Tensor:
        """tags (T, B) -> the mean of -log p over all tokens, in nats."""
        log_p = self.crf.log_probability(self(padded), tags, padded.lengths)
        return -log_p.sum() / padded.lengths.sum()

    def best(self, padded: PaddedBatch) -> Tensor:
        """-> each row's best tags (T, B), of which no sequence is illegal."""
        tags, _ = self.crf.ranked(self(padded), padded.lengths)
        return tags[0]
