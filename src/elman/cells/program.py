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

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FLOAT, INTEGER, BOOLEAN = "float", "integer", "boolean"

COMPARISONS: dict[str, Callable[..., Array]] = {
    "less": np.less,
    "less_equal": np.less_equal,
    "equal": np.equal,
}
LOGIC: dict[str, Callable[..., Array]] = {
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}
ARITHMETIC: dict[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "remainder": np.remainder,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": np.where,
    "neg": np.negative,
    "abs": np.abs,
    "sigmoid": lambda x: np.exp(-np.logaddexp(0, -x)),
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
}
ELEMENTWISE: dict[str, Callable[..., Array]] = {**ARITHMETIC, **COMPARISONS, **LOGIC}
"""Element-wise operations; their operands broadcast."""

ALWAYS_FLOAT = frozenset(("div", "sigmoid", "tanh", "exp", "log", "sqrt"))
"""Element-wise operations whose result is FLOAT whatever their operands."""

CASTS = {FLOAT: "to_float", INTEGER: "to_integer"}
"""The operation that converts to a kind, element by element."""


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
    data: Array | None = None

    @property
    def elementwise(self) -> bool:
        return self.op in ELEMENTWISE or self.op in CASTS.values()


@dataclass(frozen=True)
class StateField:
    """A part of the state: its name, its shape (W,) or () without the batch, its kind."""

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
        cell: the full name of the cell's class.
        parameters: the shape of each parameter of the cell, also of those without a value.
    """

    values: tuple[Value, ...]
    state: tuple[StateField, ...]
    output: int
    after: tuple[int, ...]
    initial: tuple[int, ...]
    cell: str
    parameters: Mapping[str, tuple[int, ...]]

    @property
    def input_size(self) -> int:
        return next(value.shape[0] for value in self.values if value.op == "input")

    @property
    def output_size(self) -> int:
        return self.values[self.output].shape[0]

    def weights(self, parameters: Mapping[str, Array]) -> dict[int, Array]:
        """The values that follow from the weights, by index.

        Args:
            parameters: those of the cell by name.
        """
        computed: dict[int, Array] = {}
        for index, value in enumerate(self.values):
            if not value.rows:
                of = [computed[each] for each in value.of]
                computed[index] = _compute(value, of, parameters)
        return computed

    def initial_state(self, parameters: Mapping[str, Array], rows: int) -> list[Array]:
        """The parts of the state before the first token, each (B, *shape)."""
        computed = self.weights(parameters)
        return [
            np.array(np.broadcast_to(computed[index].reshape(field.shape), (rows, *field.shape)))
            for index, field in zip(self.initial, self.state, strict=True)
        ]

    def run(
        self, parameters: Mapping[str, Array], x: Array, state: Sequence[Array]
    ) -> tuple[Array, list[Array]]:
        """x (B, D), the parts of the state -> y (B, H), the parts of the next state.

        The reference interpreter: equal to the cell's `forward`.
        """
        computed = self.weights(parameters)
        states = iter(state)
        for index, value in enumerate(self.values):
            if value.op == "input":
                computed[index] = x
            elif value.op == "state":
                computed[index] = next(states).reshape(len(x), *value.shape)
            elif value.rows:
                computed[index] = _compute(value, [computed[each] for each in value.of], parameters)
        parts = zip(self.after, self.state, strict=True)
        after = [_rows(computed[index], x, field.shape) for index, field in parts]
        return _rows(computed[self.output], x, self.values[self.output].shape), after

    def to_json(self) -> dict[str, Any]:
        """The JSON of model files and exported pages; constants are base64 of little-endian
        numbers: float32, int64 as float64, and bool as bytes."""
        return {
            "values": [_json_of(value) for value in self.values],
            "state": [
                {"name": each.name, "shape": each.shape, "width": each.width, "kind": each.kind}
                for each in self.state
            ],
            "output": self.output,
            "after": list(self.after),
            "initial": list(self.initial),
            "cell": self.cell,
            "parameters": {name: list(shape) for name, shape in self.parameters.items()},
        }


def _rows(value: Array, x: Array, shape: tuple[int, ...]) -> Array:
    """A value (B, W), or (W,) shared by all rows, as (B, *shape)."""
    rows = value if value.ndim == 2 else np.broadcast_to(value, (len(x), *value.shape))
    return rows.reshape(len(x), *shape)


def _compute(value: Value, of: list[Array], parameters: Mapping[str, Array]) -> Array:
    match value.op:
        case "weight":
            return parameters[value.name]
        case "constant":
            assert value.data is not None
            return value.data
        case "linear":
            x, weight, *bias = of
            product: Array = np.matmul(x, weight.T)
            return np.add(product, bias[0]) if bias else product
        case "slice":
            axis = value.axis % len(value.shape) - len(value.shape)
            return of[0].take(np.arange(value.start, value.stop), axis=axis)
        case "cat":
            return np.concatenate(of, axis=-1)
        case "log_softmax":
            return of[0] - np.logaddexp.reduce(of[0], axis=-1, keepdims=True)
        case "sum":
            return np.sum(of[0], axis=-1, keepdims=True, dtype=of[0].dtype)
        case "transpose":
            return of[0].T
        case "reshape":
            return of[0].reshape(value.shape)
        case "to_float":
            return of[0].astype(next(each.dtype for each in parameters.values()))
        case "to_integer":
            return of[0].astype(np.int64)
    return ELEMENTWISE[value.op](*of)


STORED = {FLOAT: "<f4", INTEGER: "<f8", BOOLEAN: "u1"}
"""The type of the constants of each kind in JSON."""


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
        stored = value.data.astype(STORED[value.kind])
        fields["data"] = base64.b64encode(stored.tobytes()).decode()
    return fields
