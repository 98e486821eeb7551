"""What every cell is: one pure step, `output, state = cell(input, state)`.

Shapes: B batch, D input width, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from torch import Tensor, nn

State = tuple[Tensor, ...]
"""A cell's state: a NamedTuple of tensors, each with the batch as its first dimension."""

Tree = TypeVar("Tree", bound=tuple[Any, ...])


class Cell(nn.Module):
    """One step of a recurrent network. It hides no state: state comes in and goes out.

    Args:
        input_size: D, the width of the input vector.
        hidden_size: H, the width of the hidden vector, and of the output unless a cell says more.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.output_size = hidden_size

    def initial_state(self, batch_size: int) -> State:
        """The state before the first token: zeros, unless a cell says otherwise."""
        raise NotImplementedError

    def forward(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """x (B, D), state -> y (B, H), the next state."""
        raise NotImplementedError

    def gates(self, x: Tensor, state: Any) -> dict[str, Tensor]:  # noqa: ARG002
        """What a step computes on its way to the next state, by the names of the cell's formulas,
        squashed: (B, H) each. A cell without gates has none."""
        return {}

    def zeros(self, batch_size: int, *width: int) -> Tensor:
        """(B, *width) zeros, of the weights' type and on their device."""
        return next(self.parameters()).new_zeros(batch_size, *width)


def map_state(function: Callable[..., Tensor], *states: Tree) -> Tree:
    """`function` of the tensors that stand at the same place in states of one structure.

    States nest (a network's is a tuple of its blocks'), and every NamedTuple keeps its type.
    """
    first = states[0]
    parts = [
        map_state(function, *part) if isinstance(part[0], tuple) else function(*part)
        for part in zip(*states, strict=True)
    ]
    return cast("Tree", type(first)(*parts) if hasattr(first, "_fields") else tuple(parts))


def state_like(state: Tree, tensors: list[Tensor]) -> Tree:
    """The state of the same structure whose `state_tensors` are these."""
    if not any(isinstance(part, tuple) for part in state):  # a cell's: every step comes here
        return cast("Tree", type(state)(*tensors) if hasattr(state, "_fields") else tuple(tensors))
    rest = iter(tensors)
    return map_state(lambda _: next(rest), state)


def state_tensors(state: tuple[Any, ...]) -> list[Tensor]:
    """The tensors of a state, depth first."""
    tensors: list[Tensor] = []
    for part in state:
        tensors.extend(state_tensors(part) if isinstance(part, tuple) else [part])
    return tensors
