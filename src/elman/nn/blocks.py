"""From cells to a network: blocks of norm, mixer, residual and gated MLP, stacked.

    x = x + dropout(mixer(norm(x)))        mixer: short convolution, cell, gate, projection
    x = x + dropout(mlp(norm(x)))          mlp: gated, as wide again

Shapes: B batch, T time, W width, H the cell's width, K the convolution's width, V vocabulary.
Inside a stack time comes first, (T, B, W): each step is then one piece of memory.
A network obeys the same laws as a cell: its state goes in and comes out, and one token after
another equals the whole sequence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from elman.cells import CELLS
from elman.kernels.pointwise import join, rms_norm, short_convolution, silu_gate
from elman.kernels.scan import scan
from elman.kernels.segments import run_in_segments

COMPONENTS = ("norm", "convolution", "gate", "residual", "mlp")
CONVOLUTION_WIDTH = 4


@dataclass(frozen=True)
class StackConfig:
    """What a network is built from; frozen, and saved with its weights.

    Args:
        vocabulary: V, the number of tokens read and written.
        cell: a name of `elman.cells.CELLS`.
        hidden_size: W, of every vector that passes from block to block.
        layers: the number of blocks.
        components: which of PARTS each block has; with none of them a block is its cell alone.
        dropout: the share of a vector's elements that training silences, the same ones at
            every time (Y. Gal, Z. Ghahramani, 'A Theoretically Grounded Application of Dropout
            in Recurrent Neural Networks', 2016).
        tied: whether one matrix serves as embedding and as output (O. Press, L. Wolf, 'Using
            the Output Embedding to Improve Language Models', 2017).
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
        """Of a branch's last weights: all branches together begin as long as one vector (after
        A. Radford et al., 'Language Models are Unsupervised Multitask Learners', 2019)."""
        return 1 / math.sqrt(2 * self.layers)


class BlockState(NamedTuple):
    recent: Tensor  # (B, K - 1, W) the last inputs of the convolution
    cell: Any  # the state of the cell


NetworkState = tuple[BlockState, ...]


class SharedDropout(nn.Module):
    """Dropout with one mask for all times of a row: x (T, B, W), mask (B, W)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        mask = self.mask(x)
        return x if mask is None else x * mask

    def mask(self, x: Tensor) -> Tensor | None:
        """(B, W) of the type of x, 0 where it is silenced and else 1 / (1 - share); None: all is
        heard."""
        if not self.training or self.share == 0:
            return None
        kept = torch.rand(x.shape[1:], dtype=x.dtype, device=x.device) >= self.share
        return kept.to(x.dtype) / (1 - self.share)


class RMSNorm(nn.Module):
    """`rms_norm` with its weight (W,)."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden_size))

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.weight)


class ShortConvolution(nn.Module):
    """Each channel mixes its last K inputs: y[t] = b + sum over k < K of w[k] * x[t - k].

    It begins near the identity. Source: the causal depthwise convolution before the recurrence
    in A. Gu, T. Dao, 'Mamba' (2023), figure 3, and in S. De et al., 'Griffin' (2024),
    section 2.3.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.1 * torch.randn(CONVOLUTION_WIDTH, hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size))
        with torch.no_grad():
            self.weight[0] += 1

    def forward(self, x: Tensor, recent: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """x (T, B, W), recent (B, K - 1, W) -> y (T, B, W), the inputs to hand on."""
        # Time first in memory too: `cat` takes the first one's layout for the whole, and a product
        # of what does not lie so copies its weights for every row.
        before = recent.transpose(0, 1).to(x.dtype).contiguous()
        inputs = torch.cat([before, x])  # x[t] stands at K - 1 + t
        y = short_convolution(inputs, self.weight, self.bias)
        past = CONVOLUTION_WIDTH - 1
        if lengths is None:
            following = inputs[-past:]
        else:
            places = lengths + torch.arange(past, device=x.device)[:, None]
            following = inputs.gather(0, places[..., None].expand(-1, -1, x.shape[2]))
        return y, following.transpose(0, 1).to(recent.dtype)


def linear(inputs: int, outputs: int, scale: float = 1.0) -> nn.Linear:
    """A layer that begins with no bias, and with vectors as long out as in, times `scale`."""
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=scale * inputs**-0.5)
    nn.init.zeros_(layer.bias)
    return layer


class GatedMLP(nn.Module):
    """y = W_out (silu(W_gate x) * W_in x), the inner vectors twice as wide.

    Source: N. Shazeer, 'GLU Variants Improve Transformer' (2020), equation 6.
    """

    def __init__(self, architecture: StackConfig) -> None:
        super().__init__()
        hidden_size = architecture.hidden_size
        self.gate = linear(hidden_size, 2 * hidden_size)
        self.into = linear(hidden_size, 2 * hidden_size)
        self.out = linear(2 * hidden_size, hidden_size, scale=architecture.branch_scale)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out(silu_gate(self.gate(x), self.into(x)))
        return y


class Mixer(nn.Module):
    """What passes between times: short convolution, cell, gate, projection."""

    def __init__(self, architecture: StackConfig) -> None:
        super().__init__()
        hidden_size, kind = architecture.hidden_size, CELLS[architecture.cell]
        inner = kind.expansion * hidden_size
        components = architecture.components
        self.convolution = ShortConvolution(hidden_size) if "convolution" in components else None
        self.cell = kind(hidden_size, inner)
        self.gate = linear(hidden_size, inner) if "gate" in components else None
        projected = self.gate is not None or inner != hidden_size
        self.out = linear(inner, hidden_size, architecture.branch_scale) if projected else None

    def initial_state(self, batch_size: int) -> BlockState:
        past = CONVOLUTION_WIDTH - 1 if self.convolution else 0
        recent = self.cell.zeros(batch_size, past, self.cell.input_size)
        return BlockState(recent, self.cell.initial_state(batch_size))

    def forward(
        self, x: Tensor, state: BlockState, lengths: Tensor | None
    ) -> tuple[Tensor, BlockState]:
        """x (T, B, W) -> y (T, B, W), the state to hand on."""
        mixed, recent = x, state.recent
        if self.convolution is not None:
            mixed, recent = self.convolution(x, recent, lengths)
        ys, cell_state = scan(self.cell, mixed.transpose(0, 1), state.cell, lengths=lengths)
        y = ys.transpose(0, 1)
        if self.gate is not None:
            gate = self.gate(x)
            y = silu_gate(gate, y.to(gate.dtype))
        if self.out is not None:
            y = self.out(y)
        return y, BlockState(recent, cell_state)


class Block(nn.Module):
    """One layer of a stack: x (T, B, W) -> (T, B, W), each part there or not."""

    def __init__(self, architecture: StackConfig) -> None:
        super().__init__()
        hidden_size, components = architecture.hidden_size, architecture.components

        def norm() -> nn.Module:
            return RMSNorm(hidden_size) if "norm" in components else nn.Identity()

        self.residual = "residual" in components
        self.dropout = SharedDropout(architecture.dropout)
        self.mixer_norm = norm()
        self.mixer = Mixer(architecture)
        self.mlp = nn.Sequential(norm(), GatedMLP(architecture)) if "mlp" in components else None

    def forward(
        self, x: Tensor, state: BlockState, lengths: Tensor | None
    ) -> tuple[Tensor, BlockState]:
        y, state = self.mixer(self.mixer_norm(x), state, lengths)
        x = self._join(x, y)
        if self.mlp is not None:
            x = self._join(x, self.mlp(x))
        return x, state

    def _join(self, x: Tensor, y: Tensor) -> Tensor:
        if self.residual:
            return join(x, y, self.dropout.mask(x))
        dropped: Tensor = self.dropout(y.to(x.dtype))
        return dropped


class Stack(nn.Module):
    """Blocks one above the other, from vectors to vectors."""

    def __init__(self, architecture: StackConfig) -> None:
        super().__init__()
        self.hidden_size = architecture.hidden_size
        self.blocks = nn.ModuleList(Block(architecture) for _ in range(architecture.layers))
        normed = "norm" in architecture.components
        self.norm = RMSNorm(architecture.hidden_size) if normed else nn.Identity()

    def initial_state(self, batch_size: int) -> NetworkState:
        mixers = (cast("Block", block).mixer for block in self.blocks)
        return tuple(mixer.initial_state(batch_size) for mixer in mixers)

    def forward(
        self,
        xs: Tensor,
        state: NetworkState,
        *,
        lengths: Tensor | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Tensor, NetworkState]:
        """xs (B, T, W) -> ys (B, T, W), each row's state after its last real token.

        `lengths` (B,) and `resets` (B, T) are those of `scan`.
        """
        if resets is not None:
            return run_in_segments(self._run, self, xs, state, lengths, resets)
        return self._run(self, xs, state, lengths)

    @staticmethod
    def _run(
        stack: Stack, xs: Tensor, state: NetworkState, lengths: Tensor | None
    ) -> tuple[Tensor, NetworkState]:
        x, after = xs.transpose(0, 1), []
        for block, before in zip(stack.blocks, state, strict=True):
            x, following = block(x, before, lengths)
            after.append(following)
        ys = stack.norm(x).transpose(0, 1)
        return ys, tuple(after)
