"""The introductory recurrent network: read this file first.

Shapes: B batch, D input width, H hidden width, O output width.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from elman.cells.cell import Cell, named


class PlainState(NamedTuple):
    hidden: Tensor  # (B, H)


class PlainRNN(Cell):
    """Input and hidden vector joined, two linear layers, log-softmax, and the state passed on.

        joined  = [x, h]
        h'      = W_i2h joined + b_i2h
        output  = log_softmax(W_i2o joined + b_i2o)

    ::

        rnn = PlainRNN(input_size=57, hidden_size=128, output_size=18)
        hidden = rnn.init_hidden()
        for letter in name:                    # letter (1, 57), one-hot
            output, hidden = rnn(letter, hidden)
        loss = nn.functional.nll_loss(output, language)

    `scan` runs this loop for every cell. The hidden vector is a linear function of the inputs, and
    grows or decays with the largest eigenvalue of the hidden part of W_i2h. `Elman` adds the tanh
    that bounds it.

    Args:
        output_size: O, the number of classes (default: H).

    Source: the first network of introductory courses; J. L. Elman, 'Finding Structure
    in Time', Cognitive Science 14 (1990), figure 2, without its activation function.
    """

    outputs: ClassVar[dict[str, str]] = {
        "i2o": "the second layer",
        "log_softmax": "its log-probabilities",
    }

    def __init__(self, input_size: int, hidden_size: int, output_size: int | None = None) -> None:
        super().__init__(input_size, hidden_size)
        if output_size is not None:
            self.output_size = output_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(input_size + hidden_size, self.output_size)

    def init_hidden(self, batch_size: int = 1) -> PlainState:
        """The first hidden vector: zeros (B, H)."""
        return PlainState(self.zeros(batch_size, self.hidden_size))

    def initial_state(self, batch_size: int) -> PlainState:
        return self.init_hidden(batch_size)

    def forward(self, x: Tensor, state: PlainState) -> tuple[Tensor, PlainState]:
        """x (B, D), hidden (B, H) -> log-probabilities (B, O), the next hidden vector."""
        joined = torch.cat([x, state.hidden], dim=-1)
        hidden = self.i2h(joined)
        output = named("log_softmax", named("i2o", self.i2o(joined)).log_softmax(dim=-1))
        return output, PlainState(hidden)
