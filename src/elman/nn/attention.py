"""Where a decoder looks: a weighted mean of what an encoder saw, the weights by likeness.

Shapes: R sources, K targets of each, T target time, S source time, W width, N heads, E = W / N, the
width of a head. Time comes first, (T, R K, W), as inside a stack; those of a source are neighbours.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from elman.kernels.pointwise import join
from elman.nn.blocks import Block, BlockState, RMSNorm, StackConfig, linear

KINDS = ("dot", "additive", "none")
"""How likeness is measured; with none, the whole source is one vector and there is no choice."""

HEAD_WIDTH = 64


class AttentionMemory(NamedTuple):
    """What one block looks at, projected once for all times."""

    keys: Tensor  # (R, N, S, E)
    values: Tensor  # (R, N, S, E)
    shut: Tensor  # (R, 1, 1, S) 0 at real tokens, minus infinity at padding


class Attention(nn.Module):
    """y = W_out (sum over s of a[t, s] v[s]), where a[t] = softmax over s of likeness(q[t], k[s]).

    The likeness is q k / sqrt(E) in each of N heads (A. Vaswani et al., 'Attention Is All You
    Need', 2017, equation 1; M.-T. Luong et al., 2015, section 3.1, 'dot'), or u tanh(q + k) with
    one head (D. Bahdanau et al., 'Neural Machine Translation by Jointly Learning to Align and
    Translate', 2015, section A.1.2).
    """

    def __init__(self, architecture: StackConfig, kind: str) -> None:
        super().__init__()
        hidden_size = architecture.hidden_size
        self.heads = 1 if kind == "additive" else max(1, hidden_size // HEAD_WIDTH)
        while hidden_size % self.heads:
            self.heads -= 1
        self.query = linear(hidden_size, hidden_size)
        self.key = linear(hidden_size, hidden_size)
        self.value = linear(hidden_size, hidden_size)
        self.out = linear(hidden_size, hidden_size, architecture.branch_scale)
        self.weigh = linear(hidden_size, 1) if kind == "additive" else None

    def remember(self, memory: Tensor, shut: Tensor) -> AttentionMemory:
        """memory (S, R, W), shut (R, 1, 1, S) -> what is looked at."""
        keys, values = (self._heads(part(memory), 1) for part in (self.key, self.value))
        return AttentionMemory(keys.contiguous(), values.contiguous(), shut)

    def forward(self, x: Tensor, memory: AttentionMemory) -> Tensor:
        """x (T, R K, W) -> y (T, R K, W)."""
        weights = self._weights(x, memory).to(memory.values.dtype)
        time, rows, hidden_size = x.shape
        seen = (weights @ memory.values).view(
            len(weights), self.heads, -1, time, hidden_size // self.heads
        )
        y: Tensor = self.out(seen.permute(3, 0, 2, 1, 4).reshape(time, rows, hidden_size))
        return y

    def weights(self, x: Tensor, memory: AttentionMemory) -> Tensor:
        """x (T, R K, W) -> (R K, T, S) how much each source token counts, the mean of all
        heads."""
        found = self._weights(x, memory).mean(1)
        return found.view(x.shape[1], len(x), -1)

    def _weights(self, x: Tensor, memory: AttentionMemory) -> Tensor:
        """x (T, R K, W) -> (R, N, K T, S)"""
        query = self._heads(self.query(x), x.shape[1] // len(memory.keys))
        keys = memory.keys.to(query.dtype)
        if self.weigh is None:
            likeness = query @ keys.transpose(2, 3) / math.sqrt(query.shape[3])
        else:
            both = torch.tanh(query[:, :, :, None] + keys[:, :, None])  # (R, 1, K T, S, W)
            likeness = self.weigh(both)[..., 0]
        return torch.softmax(likeness.float() + memory.shut, dim=-1)

    def _heads(self, x: Tensor, targets: int) -> Tensor:
        """(T, R K, W) -> (R, N, K T, E): the K targets of a source ask side by side."""
        time, rows, _ = x.shape
        apart = x.view(time, rows // targets, targets, self.heads, -1)
        return apart.permute(1, 3, 2, 0, 4).flatten(2, 3)


class AttendingBlock(Block):
    """A block that looks at a memory between its mixer and its MLP."""

    def __init__(self, architecture: StackConfig, kind: str) -> None:
        super().__init__(architecture)
        normed = "norm" in architecture.components
        self.attention_norm = RMSNorm(architecture.hidden_size) if normed else nn.Identity()
        self.attention = Attention(architecture, kind)

    def look(
        self, x: Tensor, state: BlockState, memory: AttentionMemory, lengths: Tensor | None
    ) -> tuple[Tensor, BlockState, Tensor]:
        """x (T, R K, W) -> the same, the state to hand on, and what the attention asked with."""
        y, state = self.mixer(self.mixer_norm(x), state, lengths)
        x = self._join(x, y)
        asked: Any = self.attention_norm(x)
        # What was seen is always added: without it a network of bare cells would have no source.
        x = join(x, self.attention(asked, memory), self.dropout.mask(x))
        if self.mlp is not None:
            x = self._join(x, self.mlp(x))
        return x, state, asked
