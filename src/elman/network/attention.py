"""Where a decoder looks: a weighted mean of what an encoder saw, the weights by likeness.

Shapes: B batch, T target time, S source time, W width, N heads, E = W / N, the width of a head.
Time comes first, (T, B, W), as inside a stack.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.network.blocks import Architecture, Block, BlockState, RMSNorm, linear

KINDS = ("dot", "additive", "none")
"""How likeness is measured; with none, the whole source is one vector and there is no choice."""

HEAD_WIDTH = 64


class Memory(NamedTuple):
    """What one block looks at, projected once for all times."""

    keys: Tensor  # (B, N, S, E)
    values: Tensor  # (B, N, S, E)
    shut: Tensor  # (B, 1, 1, S) 0 at real symbols, minus infinity at padding


class Attention(nn.Module):
    """y = W_out (sum over s of a[t, s] v[s]), where a[t] = softmax over s of likeness(q[t], k[s]).

    The likeness is q k / sqrt(E) in each of N heads (A. Vaswani et al., 'Attention Is All You
    Need', 2017, equation 1; M.-T. Luong et al., 2015, section 3.1, 'dot'), or u tanh(q + k) with
    one head (D. Bahdanau et al., 'Neural Machine Translation by Jointly Learning to Align and
    Translate', 2015, section A.1.2).
    """

    def __init__(self, architecture: Architecture, kind: str) -> None:
        super().__init__()
        width = architecture.width
        self.heads = 1 if kind == "additive" else max(1, width // HEAD_WIDTH)
        while width % self.heads:
            self.heads -= 1
        self.query = linear(width, width)
        self.key = linear(width, width)
        self.value = linear(width, width)
        self.out = linear(width, width, architecture.branch_scale)
        self.weigh = linear(width, 1) if kind == "additive" else None

    def remember(self, memory: Tensor, shut: Tensor) -> Memory:
        """memory (S, B, W), shut (B, 1, 1, S) -> what is looked at."""
        return Memory(self._parted(self.key(memory)), self._parted(self.value(memory)), shut)

    def forward(self, x: Tensor, memory: Memory) -> Tensor:
        """x (T, B, W) -> y (T, B, W)."""
        query = self._parted(self.query(x))
        if self.weigh is None:
            keys, values = memory.keys.to(query.dtype), memory.values.to(query.dtype)
            seen = functional.scaled_dot_product_attention(
                query, keys, values, attn_mask=memory.shut.to(query.dtype)
            )
        else:
            seen = self._weights(query, memory).to(memory.values.dtype) @ memory.values
        y: Tensor = self.out(seen.permute(2, 0, 1, 3).flatten(2))
        return y

    def weights(self, x: Tensor, memory: Memory) -> Tensor:
        """x (T, B, W) -> (B, T, S) how much each source symbol counts, the mean of all heads."""
        return self._weights(self._parted(self.query(x)), memory).mean(1)

    def _weights(self, query: Tensor, memory: Memory) -> Tensor:
        """query (B, N, T, E) -> (B, N, T, S)"""
        keys = memory.keys.to(query.dtype)
        if self.weigh is None:
            likeness = query @ keys.transpose(2, 3) / math.sqrt(query.shape[3])
        else:
            both = torch.tanh(query[:, :, :, None] + keys[:, :, None])  # (B, 1, T, S, W)
            likeness = self.weigh(both)[..., 0]
        return torch.softmax(likeness.float() + memory.shut, dim=-1)

    def _parted(self, x: Tensor) -> Tensor:
        """(T, B, W) -> (B, N, T, E)"""
        return x.view(*x.shape[:2], self.heads, -1).permute(1, 2, 0, 3)


class AttendingBlock(Block):
    """A block that looks at a memory between its mixer and its MLP."""

    def __init__(self, architecture: Architecture, kind: str) -> None:
        super().__init__(architecture)
        normed = "norm" in architecture.parts
        self.attention_norm = RMSNorm(architecture.width) if normed else nn.Identity()
        self.attention = Attention(architecture, kind)

    def look(
        self, x: Tensor, state: BlockState, memory: Memory, lengths: Tensor | None
    ) -> tuple[Tensor, BlockState, Tensor]:
        """x (T, B, W) -> y (T, B, W), the state to hand on, and what the attention asked with."""
        y, state = self.mixer(self.mixer_norm(x), state, lengths)
        x = self._join(x, y)
        asked: Any = self.attention_norm(x)
        # What was seen is always added: without it a network of bare cells would have no source.
        x = x + self.dropout(self.attention(asked, memory).to(x.dtype))
        if self.mlp is not None:
            x = self._join(x, self.mlp(x))
        return x, state, asked
