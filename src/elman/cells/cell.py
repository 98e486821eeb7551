"""What every cell is: one pure step, `output, state = cell(input, state)`.

Shapes: B batch, D input width, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar, cast

from torch import Tensor, nn

State = tuple[Tensor, ...]
"""A cell's state: a NamedTuple of tensors, each with the batch as its first dimension."""

Tree = TypeVar("Tree", bound=tuple[Any, ...])

_named: ContextVar[dict[str, Tensor] | None] = ContextVar("named", default=None)


class Cell(nn.Module):
    """One step of a recurrent network. It hides no state: state comes in and goes out.

    `forward` is the only place of a cell's formula: the native step, the ONNX graph and the
    exported page are made from it (`elman.cells.tracing`), and traces show what it calls `named`.

    Args:
        input_size: D, the width of the input vector.
        hidden_size: H, the width of the hidden vector, and of the output unless a cell says more.
    """

    gates: ClassVar[dict[str, str]] = {}
    """What each value means that `forward` calls `named` on its way to the next state, by name."""

    outputs: ClassVar[dict[str, str]] = {}
    """The same of the values on the way to an output that is not the state."""

    expansion: ClassVar[int] = 1
    """How many times as wide as its block the cell is made, in a network of blocks."""

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

    def zeros(self, batch_size: int, *width: int) -> Tensor:
        """(B, *width) zeros, of the weights' type and on their device."""
        return next(self.parameters()).new_zeros(batch_size, *width)


def named(name: str, value: Tensor) -> Tensor:
    """`value`, unchanged: what a cell's formula calls by this name, for `named_step` to see."""
    found = _named.get()
    if found is not None:
        found[name] = value
    return value


def named_step(cell: Cell, x: Tensor, state: Any) -> tuple[Tensor, Any, dict[str, Tensor]]:
    """A cell's step, and what it calls `named`, in the order of its formula.

    Returns:
        y, the next state, and (B, W) by name.
    """
    found: dict[str, Tensor] = {}
    token = _named.set(found)
    try:
        y, after = cell(x, state)
    finally:
        _named.reset(token)
    return y, after, found


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
