"""The base class of cells: one pure step, `output, state = cell(input, state)`.

Shapes: B batch, D input width, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar, cast

from torch import Tensor, nn

State = tuple[Tensor, ...]
"""The state of a cell: a NamedTuple of tensors, each with the batch as its first dimension."""

Tree = TypeVar("Tree", bound=tuple[Any, ...])

_named: ContextVar[dict[str, Tensor] | None] = ContextVar("named", default=None)


class Cell(nn.Module):
    """One step of a recurrent network. It is pure: state comes in and goes out.

    `forward` is the only definition of the formula: the native step, the ONNX graph and the
    exported page are traced from it (`elman.cells.tracing`), and explanations show its `named`
    values.

    Args:
        input_size: D, the width of the input vector.
        hidden_size: H, the width of the hidden vector, and of the output unless a cell sets
            `output_size`.
    """

    gates: ClassVar[dict[str, str]] = {}
    """The meaning of each `named` value that `forward` computes for the next state."""

    outputs: ClassVar[dict[str, str]] = {}
    """The meaning of each `named` value that leads to an output other than the state."""

    expansion: ClassVar[int] = 1
    """The hidden width of the cell in a block, as a multiple of the width of the block."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.output_size = hidden_size

    def initial_state(self, batch_size: int) -> State:
        """The state before the first token: zeros, unless a cell overrides it."""
        raise NotImplementedError

    def forward(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """x (B, D), state -> y (B, H), the next state."""
        raise NotImplementedError

    def zeros(self, batch_size: int, *width: int) -> Tensor:
        """(B, *width) zeros, of the type and on the device of the weights."""
        return next(self.parameters()).new_zeros(batch_size, *width)


def named(name: str, value: Tensor) -> Tensor:
    """Return `value` unchanged, and record it under `name` for `named_step`."""
    recorded = _named.get()
    if recorded is not None:
        recorded[name] = value
    return value


def named_step(cell: Cell, x: Tensor, state: Any) -> tuple[Tensor, Any, dict[str, Tensor]]:
    """Run a step and record its `named` values, in the order of the formula.

    Returns:
        y, the next state, and the named values (B, W).
    """
    recorded: dict[str, Tensor] = {}
    token = _named.set(recorded)
    try:
        y, after = cell(x, state)
    finally:
        _named.reset(token)
    return y, after, recorded


def map_state(function: Callable[..., Tensor], *states: Tree) -> Tree:
    """Apply `function` to the corresponding tensors of states of one structure.

    States nest (a network has a tuple of block states), and every NamedTuple keeps its type.
    """
    first = states[0]
    parts = [
        map_state(function, *part) if isinstance(part[0], tuple) else function(*part)
        for part in zip(*states, strict=True)
    ]
    return cast("Tree", type(first)(*parts) if hasattr(first, "_fields") else tuple(parts))


def state_like(state: Tree, tensors: list[Tensor]) -> Tree:
    """The state of the same structure whose `state_tensors` are these."""
    if not any(isinstance(part, tuple) for part in state):  # fast path for the state of one cell
        return cast("Tree", type(state)(*tensors) if hasattr(state, "_fields") else tuple(tensors))
    remaining = iter(tensors)
    return map_state(lambda _: next(remaining), state)


def state_tensors(state: tuple[Any, ...]) -> list[Tensor]:
    """The tensors of a state, depth first."""
    tensors: list[Tensor] = []
    for part in state:
        tensors.extend(state_tensors(part) if isinstance(part, tuple) else [part])
    return tensors
