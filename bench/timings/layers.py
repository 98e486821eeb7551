"""The layers that are compared: torch's, and Elman's cells with the same weights.

Shapes: B batch, T time, D input width, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from elman.cells import GRU, LSTM, Cell, Elman


@dataclass(frozen=True)
class Kind:
    """A layer as torch and Elman have it.

    Args:
        gates: slices of H in its weights.
    """

    name: str
    layer: Callable[[int, int], Any]
    step: Callable[[int, int], Any]
    cell: type[Cell]
    gates: int

    def weights(self, width: int) -> int:
        """The weights that a step reads, D = H = width."""
        return 2 * self.gates * width * width


KINDS = {
    "lstm": Kind("LSTM", nn.LSTM, nn.LSTMCell, LSTM, 4),
    "gru": Kind("GRU", nn.GRU, nn.GRUCell, GRU, 3),
    "elman": Kind("Elman", nn.RNN, nn.RNNCell, Elman, 1),
}


def torch_layer(kind: Kind, width: int) -> Any:
    """torch's layer, D = H = width, the same weights every time."""
    torch.manual_seed(0)
    return kind.layer(width, width)


def torch_step(kind: Kind, layer: Any) -> Any:
    """torch's cell with the layer's weights."""
    step = kind.step(layer.input_size, layer.hidden_size)
    step.load_state_dict({name.removesuffix("_l0"): w for name, w in layer.state_dict().items()})
    return step


def elman_cell(kind: Kind, layer: Any) -> Cell:
    """Elman's cell with the layer's weights."""
    cell = kind.cell(layer.input_size, layer.hidden_size)
    cell.load_state_dict(
        {
            "i2h.weight": layer.weight_ih_l0,
            "i2h.bias": layer.bias_ih_l0,
            "h2h.weight": layer.weight_hh_l0,
            "h2h.bias": layer.bias_hh_l0,
        }
    )
    return cell
