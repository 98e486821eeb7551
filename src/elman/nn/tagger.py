"""Sequence tagging: a bidirectional encoder, one linear layer, a CRF; beside it, if there is one, a
linear model of hashed features.

Both parts are conditional random fields, and so is their product, a logarithmic opinion pool (A.
Smith, T. Cohn, M. Osborne, 'Logarithmic Opinion Pools for Conditional Random Fields', 2005): the
scores of the parts add up.

Shapes: B batch, T time, W hidden size of a direction, F features of a word, K tags. Time comes
first, (T, B, K).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.nn.blocks import linear
from elman.nn.config import EncoderConfig
from elman.nn.crf import CRF, Transitions
from elman.nn.encoder import Encoder, PaddedBatch


class LinearTagger(nn.Module):
    """A linear-chain CRF over hashed features.

    Args:
        buckets: of the features, a row of weights each.
        allowed: the transitions between tags that the CRF allows.

    Attributes:
        bias: (K,) added to the scores of both parts together, but not to those of one alone.
    """

    def __init__(self, buckets: int, allowed: Transitions) -> None:
        super().__init__()
        self.buckets = buckets
        self.weight = nn.Parameter(torch.zeros(buckets, len(allowed.start)))
        self.bias = nn.Parameter(torch.zeros(len(allowed.start)))
        self.crf = CRF(allowed)

    def forward(self, features: Tensor) -> Tensor:
        """features (T, B, F) -> emission scores (T, B, K)."""
        bags = functional.embedding_bag(features.flatten(0, 1), self.weight, mode="sum")
        return bags.view(*features.shape[:2], -1)


class TaggerNetwork(nn.Module):
    """A tag for each token, from its left and right context.

    Source: G. Lample et al., 'Neural Architectures for Named Entity Recognition' (2016),
    section 2, here with character n-grams.

    Args:
        config: of the encoder; kept as `.config`.
        allowed: the transitions between tags that the CRF allows.
        dropout: the probability for the encoder's inputs and outputs.
        buckets: of the features of a `LinearTagger`, kept as `.counts`; 0 for none.
    """

    counts: LinearTagger | None

    def __init__(
        self, config: EncoderConfig, allowed: Transitions, dropout: float, buckets: int = 0
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config, dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = linear(config.hidden_size, len(allowed.start), scale=0.5)
        self.crf = CRF(allowed)
        self.counts = LinearTagger(buckets, allowed) if buckets else None

    def forward(self, padded: PaddedBatch) -> Tensor:
        """The emission scores (T, B, K) float32; `joint_crf` adds the transitions."""
        scores = self.emissions(padded)
        return scores if self.counts is None else scores + self.added(padded)

    def added(self, padded: PaddedBatch) -> Tensor:
        """What the linear model adds to the emission scores of the network (T, B, K)."""
        assert self.counts is not None
        assert padded.features is not None
        added: Tensor = self.counts(padded.features) + self.counts.bias
        return added

    @property
    def joint_crf(self) -> CRF:
        """The transitions of all parts; the network's own where it is the only one."""
        if self.counts is None:
            return self.crf
        joint = CRF(Transitions(*self.crf.allowed))
        with torch.no_grad():
            for name in Transitions._fields:
                parts = (getattr(part, name) for part in (self.crf, self.counts.crf))
                getattr(joint, name).copy_(sum(parts))
        return joint.to(self.crf.start.device)

    def emissions(self, padded: PaddedBatch) -> Tensor:
        """The emission scores (T, B, K) float32 of the network alone."""
        vectors, _ = self.encoder(padded)
        return self.logits(padded, vectors).float()

    def logits(self, padded: PaddedBatch, vectors: tuple[Tensor, ...]) -> Tensor:
        """The emission scores (T, B, K) of the network alone from the vectors that the encoder
        returned."""
        if len(vectors) == 2:
            forward, backward = vectors
            positions = padded.reversed_positions[..., None].expand_as(backward)
            vectors = (forward, backward.gather(0, positions))
        logits: Tensor = self.output(self.dropout(torch.cat(vectors, 2)))
        return logits

    def loss(self, padded: PaddedBatch, tags: Tensor) -> Tensor:
        """tags (T, B) -> the mean of the network's own -log p over all tokens, in nats."""
        log_p = self.crf.log_probability(self.emissions(padded), tags, padded.lengths)
        return -log_p.sum() / padded.lengths.sum()

    def best(self, padded: PaddedBatch) -> Tensor:
        """The best allowed tag sequence of each row (T, B)."""
        tags, _ = self.joint_crf.ranked(self(padded), padded.lengths)
        return tags[0]

    def best_of_network(self, padded: PaddedBatch) -> Tensor:
        """The best sequences (T, B) by the network alone."""
        tags, _ = self.crf.ranked(self.emissions(padded), padded.lengths)
        return tags[0]

    def best_of_counts(self, padded: PaddedBatch) -> Tensor:
        """The best sequences (T, B) by the linear model alone."""
        assert self.counts is not None
        assert padded.features is not None
        tags, _ = self.counts.crf.ranked(self.counts(padded.features), padded.lengths)
        return tags[0]
