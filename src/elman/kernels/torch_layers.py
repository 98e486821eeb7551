"""torch's recurrent layers: oneDNN for an LSTM on a CPU, cuDNN on a GPU, a loop in C++ elsewhere.

Shapes: B batch, T time, D input width, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from elman.cells import GRU, LSTM, Cell, Elman, ElmanReLU, State

# By exact type: a subclass may override the step.
_LAYERS: dict[type[Cell], Callable[..., Any]] = {
    Elman: torch.rnn_tanh,
    ElmanReLU: torch.rnn_relu,
    GRU: torch.gru,
    LSTM: torch.lstm,
}

# Added to a gate at padding: sigmoid(+-1e4) is exactly 1 and 0 in float32, bfloat16 and float64.
_CLOSED = 1e4


class TorchLayers:
    """A whole layer over time in one call of torch.

    A ragged batch is never packed: packed sequences leave oneDNN for a slow path. The states of
    Elman and GRU are their outputs: read the last at the length of each row. The c of an LSTM is
    not an output: an extra input column marks padding, with weights that close the input gate and
    open the forget gate, so c stays exactly constant through padding.
    """

    name = "fused"
    skips_padding = False

    def supports(self, cell: Cell, xs: Tensor) -> bool:  # noqa: ARG002
        return type(cell) in _LAYERS

    def preferred(self, cell: Cell, xs: Tensor, ragged: bool) -> bool:  # noqa: ARG002
        return True

    def run(
        self, cell: Any, xs: Tensor, state: State, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        weights = [cell.i2h.weight, cell.h2h.weight, cell.i2h.bias, cell.h2h.bias]
        if lengths is None:
            ys, last = _layer(cell, xs, state, weights)
            return ys, type(state)(*last)

        past = torch.arange(xs.shape[1], device=xs.device) >= lengths[:, None]  # (B, T)
        if isinstance(cell, LSTM):
            xs = torch.cat([xs, past[..., None].to(xs.dtype)], dim=-1)
            weights[0] = torch.cat([weights[0], _padding_column(cell)], dim=-1)
        ys, last = _layer(cell, xs, state, weights)
        final = ys.gather(1, (lengths - 1).clamp(min=0).view(-1, 1, 1).expand(-1, 1, ys.shape[2]))
        h = torch.where(lengths[:, None] > 0, final[:, 0].to(state[0].dtype), state[0])
        ys = ys.masked_fill(past[..., None], 0)
        return ys, type(state)(h, *last[1:])


def _layer(
    cell: Cell, xs: Tensor, state: State, weights: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    first = [part[None] for part in state]  # torch expects (layers, B, H)
    hidden: Any = first if isinstance(cell, LSTM) else first[0]
    ys, *last = _LAYERS[type(cell)](
        xs.transpose(0, 1), hidden, weights, True, 1, 0.0, torch.is_grad_enabled(), False, False
    )
    return ys.transpose(0, 1), [
        part[0].to(old.dtype) for part, old in zip(last, state, strict=True)
    ]


def _padding_column(cell: LSTM) -> Tensor:
    """(4H, 1): what a 1 in the padding column adds to the gates i, f, g and o."""
    closed = cell.i2h.weight.new_tensor([-_CLOSED, _CLOSED, 0.0, 0.0])
    return closed.repeat_interleave(cell.hidden_size)[:, None]
