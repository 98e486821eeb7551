"""What networks are built from: their configurations, and the constants that these name.

Nothing here needs torch, so a model is constructed, and its file checked, without it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

COMPONENTS = ("norm", "convolution", "gate", "residual", "mlp")

CONVOLUTION_WIDTH = 4

ATTENTIONS = ("dot", "additive", "none")
"""The score functions. With "none" the source is one pooled vector, so its weight is 1."""

ORDERS = ("both", "forward", "reversed")
"""The encoder's direction: alternating from layer to layer, forward, or backward."""

EMBEDDING_SCALE = 2.0
"""The factor of embeddings at the input of an encoder-decoder. They are tied to the output layer
and stay on the residual path: scale them down, or each token initially predicts itself, which takes
hundreds of steps to unlearn (docs/decisions.md)."""

MAX_DEVIATIONS = 1e4
"""Clip the standardised elements of a source vector, in standard deviations from the mean."""

HEAD_WIDTH = 64
"""The width of an attention head, about."""

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
"""The quantile levels: the median, and the ends of the 80 % and the 95 % interval."""

MEDIAN = 2


@dataclass(frozen=True)
class StackConfig:
    """The configuration of a stack; saved with its weights.

    Args:
        vocabulary: V, the number of tokens.
        cell: a key of `elman.cells.CELLS`.
        hidden_size: W, the size of the vectors between blocks.
        layers: the number of blocks.
        components: the COMPONENTS of each block; with none a block is its cell alone.
        dropout: the dropout probability, with one mask for all times (Y. Gal, Z. Ghahramani, 'A
            Theoretically Grounded Application of Dropout in Recurrent Neural Networks', 2016).
        tied: share one matrix between embedding and output layer (O. Press, L. Wolf, 'Using the
            Output Embedding to Improve Language Models', 2017).
    """

    vocabulary: int
    cell: str = "mingru"
    hidden_size: int = 192
    layers: int = 2
    components: tuple[str, ...] = COMPONENTS
    dropout: float = 0.1
    tied: bool = False

    @property
    def branch_scale(self) -> float:
        """The initial scale of a residual branch's last weights, 1 / sqrt(branches) (A. Radford et
        al., 'Language Models are Unsupervised Multitask Learners', 2019)."""
        return 1 / math.sqrt(2 * self.layers)


@dataclass(frozen=True)
class EncoderConfig:
    """The configuration of an encoder; saved with its weights.

    Args:
        blocks: of the stack of each direction; its vocabulary counts the tokens, or the words
            that have a vector.
        directions: 1 for forward, 2 for forward and backward.
        buckets: hash buckets of character n-grams, for words; 0 for tokens.
    """

    blocks: StackConfig
    directions: int = 1
    buckets: int = 0

    @property
    def hidden_size(self) -> int:
        """The size of a token's vector, all directions together."""
        return self.blocks.hidden_size * self.directions


@dataclass(frozen=True)
class Seq2SeqConfig:
    """The configuration of an encoder-decoder; saved with its weights.

    Args:
        blocks: of the decoder, with the target's vocabulary. An encoder of the order "both" has
            twice as many blocks.
        source: the size of the source's vocabulary, 0 to share the target's; D for vectors.
        attention: one of ATTENTIONS.
        order: one of ORDERS, or "vector" for vectors as sources.
    """

    blocks: StackConfig
    source: int = 0
    attention: str = "dot"
    order: str = "both"

    @property
    def encoder_layers(self) -> int:
        """The blocks of the encoder of texts."""
        return self.blocks.layers * (2 if self.order == "both" else 1)

    @property
    def heads(self) -> int:
        """N, the heads of the attention."""
        return attention_heads(self.blocks.hidden_size, self.attention)


def attention_heads(hidden_size: int, kind: str) -> int:
    """The heads of an attention: one if it is additive, otherwise as many of about HEAD_WIDTH as
    divide the hidden size."""
    heads = 1 if kind == "additive" else max(1, hidden_size // HEAD_WIDTH)
    while hidden_size % heads:
        heads -= 1
    return heads


@dataclass(frozen=True)
class ForecasterConfig:
    """The configuration of a forecaster; saved with its weights.

    Args:
        season: m, the seasonal period in steps; 1 without a season.
        horizon: H, the steps to forecast.
        context_length: R, the values before the origin that a forecast uses; at least 2 m.
        steps: C, the last of these, which the network reads one by one; at most R - m.
        logarithm: forecast the logarithms of the values.
        networks: N, the ensemble size.
        cell: a key of `elman.cells.CELLS`.
        hidden_size: of each network's `Stack`.
        layers: the number of its blocks.
        dropout: its dropout probability.
    """

    season: int
    horizon: int
    context_length: int
    steps: int
    logarithm: bool
    networks: int
    cell: str
    hidden_size: int
    layers: int
    dropout: float

    @property
    def blocks(self) -> StackConfig:
        """The configuration of each network's stack; the vocabulary is unused."""
        return StackConfig(1, self.cell, self.hidden_size, self.layers, dropout=self.dropout)
