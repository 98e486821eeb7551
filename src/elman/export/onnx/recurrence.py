"""ONNX operators of a cell: values that need no state are computed for all times at once, the
others in a loop.

Shapes: T time, B batch, D input size, H hidden size, W size of a vector. Time comes first,
(T, B, D).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from elman.cells import Cell, CellProgram, Value, trace
from elman.cells.program import BOOLEAN, FLOAT, INTEGER
from elman.export.onnx.graph import Graph, Names

OPERATORS = {
    "add": "Add",
    "sub": "Sub",
    "mul": "Mul",
    "div": "Div",
    "maximum": "Max",
    "minimum": "Min",
    "where": "Where",
    "neg": "Neg",
    "abs": "Abs",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "equal": "Equal",
    "and": "And",
    "or": "Or",
    "not": "Not",
}
"""The ONNX operator of each element-wise operation of `elman.cells.program`, except remainder."""

KINDS: dict[str, Any] = {FLOAT: np.float32, INTEGER: np.int64, BOOLEAN: np.bool_}


class Recurrence:
    """A cell in a graph.

    Args:
        graph: receives the operators.
        cell: its weights and program.
        xs: (T, B, D) inputs.

    Raises:
        UntraceableError: the cell uses an operation that only PyTorch runs.
    """

    def __init__(self, graph: Graph, cell: Cell, xs: str) -> None:
        self.program = trace(cell)
        self._graph = graph
        self._outer_values = _Values(graph, self.program, cell)
        self._outer_values.names |= dict.fromkeys(_indices(self.program, "input"), xs)

    def initial(self, part: int) -> str:
        """(W,), a part of the initial state."""
        return self._outer_values[self.program.initial[part]]

    def run(self, states: Names, real: str) -> tuple[Names, str]:
        """The loop: returns the state after the last token of each row, and ys (T, B, H).

        Args:
            states: (B, ...), each part of the initial state.
            real: (T, B, 1), False at padding.
        """
        program, graph = self.program, self._graph
        fields = program.state
        states = [
            name if field.shape else graph.op("Unsqueeze", name, graph.constant([1]))
            for name, field in zip(states, fields, strict=True)
        ]
        loop_inputs = _loop_inputs(program)

        def step(body: Graph, before: Names, inputs: Names) -> tuple[Names, str]:
            *known, is_real = inputs
            inner = self._outer_values.within(body)
            inner.names |= dict(zip(loop_inputs, known, strict=True))
            inner.names |= dict(zip(_indices(program, "state"), before, strict=True))
            pairs = zip(program.after, before, strict=True)
            after = [body.op("Where", is_real, inner[index], old) for index, old in pairs]
            return after, inner[program.output]

        kinds = [KINDS[field.kind] for field in fields]
        kinds += [KINDS[program.values[index].kind] for index in loop_inputs]
        xs = [*(self._outer_values[index] for index in loop_inputs), real]
        after, ys = graph.scan(step, states, xs, [*kinds, np.bool_])
        after = [
            name if field.shape else graph.op("Squeeze", name, graph.constant([1]))
            for name, field in zip(after, fields, strict=True)
        ]
        return after, ys


def _indices(program: CellProgram, op: str) -> list[int]:
    return [index for index, value in enumerate(program.values) if value.op == op]


def _loop_inputs(program: CellProgram) -> list[int]:
    """Values that depend on the input only and that the loop needs: computed for all times at once.

    They are sliced in the loop: each slice outside would be one more input of the loop.
    """
    values = program.values
    stateful = set(_indices(program, "state"))
    for index, value in enumerate(values):
        if stateful.intersection(value.of):
            stateful.add(index)
    needed: dict[int, None] = {}
    pending = [*program.after, program.output]
    for index in pending:
        value = values[index]
        if not value.rows or value.op == "state":
            continue
        if index in stateful or value.op == "slice":
            pending.extend(value.of)
        else:
            needed[index] = None
    return list(needed)


class _Values:
    """Values of a program in a graph; each is added on first use."""

    def __init__(
        self, graph: Graph, program: CellProgram, cell: Cell, outer: _Values | None = None
    ) -> None:
        self.names: dict[int, str] = {}
        self._graph, self._program, self._cell, self._outer = graph, program, cell, outer
        self._transposed: dict[int, str] = {}

    def within(self, body: Graph) -> _Values:
        """Values of a nested graph, which can use those here that depend on weights only."""
        return _Values(body, self._program, self._cell, self)

    def __getitem__(self, index: int) -> str:
        if index not in self.names:
            value = self._program.values[index]
            if self._outer is not None and not value.rows:
                return self._outer[index]
            if value.op == "slice" and value.rows:
                self._slice(value.of[0])
            else:
                self.names[index] = self._node(value)
        return self.names[index]

    def _node(self, value: Value) -> str:
        graph = self._graph
        if value.op == "weight":
            return graph.weight(self._cell.get_parameter(value.name))
        if value.data is not None:
            return graph.constant(value.data, KINDS[value.kind])
        if value.op == "linear":
            x, weight, *bias = value.of
            product = graph.op("MatMul", self[x], self._transpose(weight))
            return graph.op("Add", product, self[bias[0]]) if bias else product
        of = [self[each] for each in value.of]
        match value.op:
            case "cat":
                return graph.op("Concat", *of, axis=-1)
            case "log_softmax":
                return graph.op("LogSoftmax", *of, axis=-1)
            case "sum":
                return graph.op("ReduceSum", *of, graph.constant([-1]))
            case "transpose":
                return graph.op("Transpose", *of, perm=[1, 0])
            case "reshape":
                return graph.op("Reshape", *of, graph.constant([*value.shape]))
            case "slice":
                ends = ([value.start], [value.stop], [value.axis])
                return graph.op("Slice", *of, *map(graph.constant, ends))
            case "remainder":
                return self._remainder(value, *of)
            case "to_float" | "to_integer":
                return graph.cast(of[0], KINDS[value.kind])
        return graph.op(OPERATORS[value.op], *of)

    def _remainder(self, value: Value, a: str, b: str) -> str:
        """Remainder with the sign of the divisor, which ONNX has for integers only."""
        graph = self._graph
        if value.kind == INTEGER:
            return graph.op("Mod", a, b)
        whole = graph.op("Floor", graph.op("Div", a, b))
        return graph.op("Sub", a, graph.op("Mul", whole, b))

    def _transpose(self, weight: int) -> str:
        """A weight (N, K) as (K, N): in the file, or transposed outside the loop."""
        value = self._program.values[weight]
        if value.op == "weight":  # a body that uses a stored matrix suits more runtimes
            return self._graph.transposed(self._cell.get_parameter(value.name))
        if self._outer is not None:
            return self._outer._transpose(weight)
        if weight not in self._transposed:
            self._transposed[weight] = self._graph.op("Transpose", self[weight], perm=[1, 0])
        return self._transposed[weight]

    def _slice(self, source: int) -> None:
        """Add all slices of a value: one Split if they are adjacent and cover it."""
        values = self._program.values
        slices = {
            index: value
            for index, value in enumerate(values)
            if value.op == "slice" and value.of == (source,)
        }
        ordered = sorted(slices, key=lambda index: slices[index].start)
        starts = [slices[index].start for index in ordered] + list(values[source].shape)
        ends = [0, *(slices[index].stop for index in ordered)]
        if starts == ends:
            sizes = [slices[index].shape[-1] for index in ordered]
            self.names |= dict(zip(ordered, self._graph.slices(self[source], sizes), strict=True))
        else:
            self.names |= {index: self._node(value) for index, value in slices.items()}
