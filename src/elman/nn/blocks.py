"""Stacks of blocks: norm, mixer, residual path and gated MLP around a cell.

    x = x + dropout(mixer(norm(x)))        mixer: short convolution, cell, gate, projection
    x = x + dropout(mlp(norm(x)))          mlp: gated, 2 W inside

Shapes: B batch, T time, W hidden size, H hidden size of the cell, K the kernel size of the
convolution, V vocabulary. Inside a stack time comes first, (T, B, W): each step is contiguous.
The invariants of a cell hold for a network: state in, state out, and stepping token by token equals
the whole sequence.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from elman.cells import CELLS
from elman.kernels.pointwise import join, rms_norm, short_convolution, silu_gate
from elman.kernels.scan import scan
from elman.kernels.segments import run_in_segments
from elman.nn.config import CONVOLUTION_WIDTH, StackConfig


class BlockState(NamedTuple):
    recent: Tensor  # (B, K - 1, W) the last inputs of the convolution
    cell: Any  # the state of the cell


NetworkState = tuple[BlockState, ...]


class SharedDropout(nn.Module):
    """Dropout with one mask (B, W) for all times of x (T, B, W); p is the probability."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        mask = self.mask(x)
        return x if mask is None else x * mask

    def mask(self, x: Tensor) -> Tensor | None:
        """(B, W) of the dtype of x: 0 where dropped, else 1 / (1 - p). None without dropout."""
        if not self.training or self.p == 0:
            return None
        keep = torch.rand(x.shape[1:], dtype=x.dtype, device=x.device) >= self.p
        return keep.to(x.dtype) / (1 - self.p)


class RMSNorm(nn.Module):
    """`rms_norm` with a learned weight (W,)."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden_size))

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.weight)


class ShortConvolution(nn.Module):
    """Causal depthwise convolution: y[t] = b + sum over k < K of w[k] * x[t - k].

    The initial weights are near the identity. Source: the convolution before the recurrence in
    A. Gu, T. Dao, 'Mamba' (2023), figure 3, and in S. De et al., 'Griffin' (2024), section 2.3.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.1 * torch.randn(CONVOLUTION_WIDTH, hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size))
        with torch.no_grad():
            self.weight[0] += 1

    def forward(self, x: Tensor, recent: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """x (T, B, W), recent (B, K - 1, W) -> y (T, B, W), the last inputs (B, K - 1, W)."""
        # Contiguous with time first: `cat` takes the layout of its first tensor, and a matmul of
        # another layout copies its weights for every row.
        before = recent.transpose(0, 1).to(x.dtype).contiguous()
        inputs = torch.cat([before, x])  # x[t] is inputs[K - 1 + t]
        y = short_convolution(inputs, self.weight, self.bias)
        past = CONVOLUTION_WIDTH - 1
        if lengths is None:
            following = inputs[-past:]
        else:
            indices = lengths + torch.arange(past, device=x.device)[:, None]
            following = inputs.gather(0, indices[..., None].expand(-1, -1, x.shape[2]))
        return y, following.transpose(0, 1).to(recent.dtype)


def linear(inputs: int, outputs: int, scale: float = 1.0) -> nn.Linear:
    """A linear layer with zero bias and weights of deviation `scale` / sqrt(inputs)."""
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=scale * inputs**-0.5)
    nn.init.zeros_(layer.bias)
    return layer


class GatedMLP(nn.Module):
    """y = W_out (silu(W_gate x) * W_in x), with 2 W elements inside.

    Source: N. Shazeer, 'GLU Variants Improve Transformer' (2020), equation 6.
    """

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        hidden_size = config.hidden_size
        self.gate = linear(hidden_size, 2 * hidden_size)
        self.into = linear(hidden_size, 2 * hidden_size)
        self.out = linear(2 * hidden_size, hidden_size, scale=config.branch_scale)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.out(silu_gate(self.gate(x), self.into(x)))
        return y


class Mixer(nn.Module):
    """The recurrent branch of a block: short convolution, cell, gate, projection."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        hidden_size, kind = config.hidden_size, CELLS[config.cell]
        inner = kind.expansion * hidden_size
        components = config.components
        self.convolution = ShortConvolution(hidden_size) if "convolution" in components else None
        self.cell = kind(hidden_size, inner)
        self.gate = linear(hidden_size, inner) if "gate" in components else None
        projected = self.gate is not None or inner != hidden_size
        self.out = linear(inner, hidden_size, config.branch_scale) if projected else None

    def initial_state(self, batch_size: int) -> BlockState:
        past = CONVOLUTION_WIDTH - 1 if self.convolution else 0
        recent = self.cell.zeros(batch_size, past, self.cell.input_size)
        return BlockState(recent, self.cell.initial_state(batch_size))

    def forward(
        self, x: Tensor, state: BlockState, lengths: Tensor | None
    ) -> tuple[Tensor, BlockState]:
        """x (T, B, W) -> y (T, B, W), the state after."""
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
    """One layer of a stack, x (T, B, W) -> (T, B, W), with the components of its config."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        hidden_size, components = config.hidden_size, config.components

        def norm() -> nn.Module:
            return RMSNorm(hidden_size) if "norm" in components else nn.Identity()

        self.residual = "residual" in components
        self.dropout = SharedDropout(config.dropout)
        self.mixer_norm = norm()
        self.mixer = Mixer(config)
        self.mlp = nn.Sequential(norm(), GatedMLP(config)) if "mlp" in components else None

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
    """A sequence of blocks and a last norm."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__()
        self.config = config
        self.hidden_size = config.hidden_size
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        normed = "norm" in config.components
        self.norm = RMSNorm(config.hidden_size) if normed else nn.Identity()

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
        """xs (B, T, W) -> ys (B, T, W), the state of each row after its last token.

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
