"""Cross-attention of a decoder over the vectors of an encoder.

Shapes: R sources, K targets of each, T target time, S source time, W width, N heads, E = W / N.
Time comes first, (T, R K, W), as inside a stack; the targets of one source are adjacent.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from elman.kernels.pointwise import join
from elman.nn.blocks import Block, BlockState, RMSNorm, linear
from elman.nn.config import StackConfig, attention_heads


class AttentionMemory(NamedTuple):
    """The keys and values of one block, projected once for all target times."""

    keys: Tensor  # (R, N, S, E)
    values: Tensor  # (R, N, S, E)
    mask: Tensor  # (R, 1, 1, S) 0 at tokens, minus infinity at padding


class Attention(nn.Module):
    """y = W_out (sum over s of a[t, s] v[s]), where a[t] = softmax over s of score(q[t], k[s]).

    The score is q k / sqrt(E) in each of N heads (A. Vaswani et al., 'Attention Is All You Need',
    2017, equation 1; M.-T. Luong et al., 2015, section 3.1, 'dot'), or u tanh(q + k) with one head
    (D. Bahdanau et al., 'Neural Machine Translation by Jointly Learning to Align and Translate',
    2015, section A.1.2).

    Args:
        config: of the decoder's blocks.
        kind: one of `elman.nn.config.ATTENTIONS`.
    """

    def __init__(self, config: StackConfig, kind: str) -> None:
        super().__init__()
        hidden_size = config.hidden_size
        self.heads = attention_heads(hidden_size, kind)
        self.query = linear(hidden_size, hidden_size)
        self.key = linear(hidden_size, hidden_size)
        self.value = linear(hidden_size, hidden_size)
        self.out = linear(hidden_size, hidden_size, config.branch_scale)
        self.weigh = linear(hidden_size, 1) if kind == "additive" else None

    def project_kv(self, memory: Tensor, mask: Tensor) -> AttentionMemory:
        """The keys and values of the encoder's vectors (S, R, W); mask (R, 1, 1, S) is additive."""
        keys, values = (self._heads(layer(memory), 1) for layer in (self.key, self.value))
        return AttentionMemory(keys.contiguous(), values.contiguous(), mask)

    def forward(self, x: Tensor, memory: AttentionMemory) -> Tensor:
        """x (T, R K, W) -> y (T, R K, W)."""
        weights = self._weights(x, memory).to(memory.values.dtype)
        time, rows, hidden_size = x.shape
        context = (weights @ memory.values).view(
            len(weights), self.heads, -1, time, hidden_size // self.heads
        )
        y: Tensor = self.out(context.permute(3, 0, 2, 1, 4).reshape(time, rows, hidden_size))
        return y

    def weights(self, x: Tensor, memory: AttentionMemory) -> Tensor:
        """x (T, R K, W) -> the attention weights (R K, T, S), averaged over the heads."""
        mean = self._weights(x, memory).mean(1)
        return mean.view(x.shape[1], len(x), -1)

    def _weights(self, x: Tensor, memory: AttentionMemory) -> Tensor:
        """x (T, R K, W) -> the attention weights (R, N, K T, S)."""
        query = self._heads(self.query(x), x.shape[1] // len(memory.keys))
        keys = memory.keys.to(query.dtype)
        if self.weigh is None:
            score = query @ keys.transpose(2, 3) / math.sqrt(query.shape[3])
        else:
            both = torch.tanh(query[:, :, :, None] + keys[:, :, None])  # (R, 1, K T, S, W)
            score = self.weigh(both)[..., 0]
        return torch.softmax(score.float() + memory.mask, dim=-1)

    def _heads(self, x: Tensor, targets: int) -> Tensor:
        """(T, R K, W) -> (R, N, K T, E); one product serves the K targets of a source."""
        time, rows, _ = x.shape
        split = x.view(time, rows // targets, targets, self.heads, -1)
        return split.permute(1, 3, 2, 0, 4).flatten(2, 3)


class CrossAttentionBlock(Block):
    """A decoder's block: cross-attention between its mixer and its MLP."""

    def __init__(self, config: StackConfig, kind: str) -> None:
        super().__init__(config)
        normed = "norm" in config.components
        self.attention_norm = RMSNorm(config.hidden_size) if normed else nn.Identity()
        self.attention = Attention(config, kind)

    def attend(
        self, x: Tensor, state: BlockState, memory: AttentionMemory, lengths: Tensor | None
    ) -> tuple[Tensor, BlockState, Tensor]:
        """x (T, R K, W) -> y of the same shape, the state after, the attention's input."""
        y, state = self.mixer(self.mixer_norm(x), state, lengths)
        x = self._join(x, y)
        query_input: Any = self.attention_norm(x)
        # Residual even in blocks without a residual path: bare cells would lose the source.
        x = join(x, self.attention(query_input, memory), self.dropout.mask(x))
        if self.mlp is not None:
            x = self._join(x, self.mlp(x))
        return x, state, query_input
