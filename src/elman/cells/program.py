"""One step of a cell as data: values, computed from earlier ones by a closed set of operations.

`elman.cells.tracing` makes a program from a cell's `forward`. The native step, the ONNX graph and
the exported page interpret it, so the formula of a cell is written once.

Shapes: B rows of a batch, W width of a vector, N outputs and K inputs of a product.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

FLOAT, INTEGER, BOOLEAN = "float", "integer", "boolean"

COMPARISONS: dict[str, Callable[..., Tensor]] = {
    "less": torch.lt,
    "less_equal": torch.le,
    "equal": torch.eq,
}
LOGIC: dict[str, Callable[..., Tensor]] = {
    "and": torch.logical_and,
    "or": torch.logical_or,
    "not": torch.logical_not,
}
ARITHMETIC: dict[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "remainder": torch.remainder,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "where": torch.where,
    "neg": torch.neg,
    "abs": torch.abs,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
}
ELEMENTWISE: dict[str, Callable[..., Tensor]] = {**ARITHMETIC, **COMPARISONS, **LOGIC}
"""Element-wise operations; their operands broadcast."""

CASTS = {FLOAT: "to_float", INTEGER: "to_integer"}
"""The operation that converts to a kind, element by element."""


def kind_of(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return BOOLEAN
    return FLOAT if tensor.is_floating_point() else INTEGER


@dataclass(frozen=True)
class Value:
    """One value of a step.

    Args:
        op: "input", "state", "weight" or "constant", or the operation that computes it: a name in
            ELEMENTWISE or CASTS, or
            "linear": x (K,), weight (N, K) and optionally bias (N,) -> (N,);
            "slice": elements `start` to `stop` along `axis`;
            "cat": concatenated vectors;
            "log_softmax" of a vector; "sum" of its elements, as a vector of width 1;
            "transpose", "reshape": of weights only.
        of: the indices of its operands in the program.
        shape: without the batch; (W,) if the value has rows.
        kind: FLOAT, INTEGER or BOOLEAN.
        rows: whether it differs between the rows of a batch; else it follows from the weights.
        name: of a weight, the name of the parameter.
        start, stop, axis: of a slice.
        data: of a constant.
    """

    op: str
    of: tuple[int, ...]
    shape: tuple[int, ...]
    kind: str
    rows: bool
    name: str = ""
    start: int = 0
    stop: int = 0
    axis: int = -1
    data: Tensor | None = None

    @property
    def elementwise(self) -> bool:
        return self.op in ELEMENTWISE or self.op in CASTS.values()


@dataclass(frozen=True)
class StateField:
    """A tensor of the state: its name, its shape (W,) or () without the batch, its kind."""

    name: str
    shape: tuple[int, ...]
    kind: str

    @property
    def width(self) -> int:
        return self.shape[0] if self.shape else 1


@dataclass(frozen=True)
class CellProgram:
    """A step: its values in order, and which of them are the output and the next state.

    Args:
        values: each after its operands; "state" values have the order of `state`.
        state: the fields of the state.
        output: the index of y (B, H) in `values`.
        after: the index of each field of the next state; a field of shape () is (B, 1) here.
        initial: the index of each field of the initial state; these have no rows.
    """

    values: tuple[Value, ...]
    state: tuple[StateField, ...]
    output: int
    after: tuple[int, ...]
    initial: tuple[int, ...]

    @property
    def input_size(self) -> int:
        return next(value.shape[0] for value in self.values if value.op == "input")

    def weights(self, tensors: Mapping[str, Tensor]) -> dict[int, Tensor]:
        """The values that follow from the weights, by index.

        Args:
            tensors: the cell's parameters by name.
        """
        computed: dict[int, Tensor] = {}
        for index, value in enumerate(self.values):
            if not value.rows:
                computed[index] = _compute(value, [computed[each] for each in value.of], tensors)
        return computed

    def run(
        self, tensors: Mapping[str, Tensor], x: Tensor, state: Sequence[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """x (B, D), the tensors of the state -> y (B, H), the tensors of the next state.

        The reference interpreter: equal to the cell's `forward`.
        """
        computed = self.weights(tensors)
        states = iter(state)
        for index, value in enumerate(self.values):
            if value.op == "input":
                computed[index] = x
            elif value.op == "state":
                computed[index] = next(states).reshape(len(x), *value.shape)
            elif value.rows:
                computed[index] = _compute(value, [computed[each] for each in value.of], tensors)
        parts = zip(self.after, self.state, strict=True)
        after = [_rows(computed[index], x, field.shape) for index, field in parts]
        return _rows(computed[self.output], x, self.values[self.output].shape), after

    def to_json(self) -> dict[str, Any]:
        """The JSON of exported pages; constants are base64 of little-endian numbers: float32, int64
        as float64, and bool as bytes."""
        return {
            "values": [_json_of(value) for value in self.values],
            "state": [{"width": each.width, "kind": each.kind} for each in self.state],
            "output": self.output,
            "after": list(self.after),
            "initial": list(self.initial),
        }


def _rows(value: Tensor, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A value (B, W), or (W,) shared by all rows, as (B, *shape)."""
    rows = value if value.dim() == 2 else value.expand(len(x), -1)
    return rows.reshape(len(x), *shape)


def _compute(value: Value, of: list[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
    match value.op:
        case "weight":
            return tensors[value.name]
        case "constant":
            assert value.data is not None
            return value.data
        case "linear":
            return functional.linear(*of)
        case "slice":
            return of[0].narrow(value.axis, value.start, value.stop - value.start)
        case "cat":
            return torch.cat(of, dim=-1)
        case "log_softmax":
            return of[0].log_softmax(dim=-1)
        case "sum":
            return of[0].sum(dim=-1, keepdim=True)
        case "transpose":
            return of[0].t()
        case "reshape":
            return of[0].reshape(value.shape)
        case "to_float":
            return of[0].to(next(each.dtype for each in tensors.values()))
        case "to_integer":
            return of[0].to(torch.int64)
    return ELEMENTWISE[value.op](*of)


_STORED = {FLOAT: torch.float32, INTEGER: torch.float64, BOOLEAN: torch.uint8}


def _json_of(value: Value) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "op": value.op,
        "of": list(value.of),
        "shape": list(value.shape),
        "kind": value.kind,
        "rows": value.rows,
    }
    if value.name:
        fields["name"] = value.name
    if value.op == "slice":
        axis = value.axis % len(value.shape)
        fields |= {"start": value.start, "stop": value.stop, "axis": axis}
    if value.data is not None:
        stored = value.data.to(_STORED[value.kind]).cpu().contiguous().numpy()
        fields["data"] = base64.b64encode(stored.tobytes()).decode()
    return fields
