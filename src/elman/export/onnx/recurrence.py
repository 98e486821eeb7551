"""A cell's traced step as a graph: what needs no state for all times at once, and a loop over the
rest.

Shapes: T time, B batch, D input width, H hidden hidden_size, W width of a vector. Time comes first,
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
"""The operator that is an element-wise operation of `elman.cells.program`, but for remainders."""

KINDS: dict[str, Any] = {FLOAT: np.float32, INTEGER: np.int64, BOOLEAN: np.bool_}


class Recurrence:
    """A cell in a graph.

    Args:
        xs: (T, B, D), what it reads.

    Raises:
        UntraceableError: where its step uses what only PyTorch runs.
    """

    def __init__(self, graph: Graph, cell: Cell, xs: str) -> None:
        self.program = trace(cell)
        self._graph = graph
        self._outside = _Values(graph, self.program, cell)
        self._outside.names |= dict.fromkeys(_places(self.program, "input"), xs)

    def initial(self, part: int) -> str:
        """(W,), a part of the state before the first token."""
        return self._outside[self.program.initial[part]]

    def run(self, states: Names, real: str) -> tuple[Names, str]:
        """states (B, ...), real (T, B, 1) -> the state after each row's last real token, and
        ys (T, B, H)."""
        program, graph = self.program, self._graph
        fields = program.state
        states = [
            name if field.shape else graph.op("Unsqueeze", name, graph.constant([1]))
            for name, field in zip(states, fields, strict=True)
        ]
        given_places = _read_in_the_loop(program)

        def step(body: Graph, before: Names, given: Names) -> tuple[Names, str]:
            *known, is_real = given
            inside = self._outside.within(body)
            inside.names |= dict(zip(given_places, known, strict=True))
            inside.names |= dict(zip(_places(program, "state"), before, strict=True))
            pairs = zip(program.after, before, strict=True)
            after = [body.op("Where", is_real, inside[place], old) for place, old in pairs]
            return after, inside[program.output]

        kinds = [KINDS[field.kind] for field in fields]
        kinds += [KINDS[program.values[place].kind] for place in given_places]
        xs = [*(self._outside[place] for place in given_places), real]
        after, ys = graph.scan(step, states, xs, [*kinds, np.bool_])
        after = [
            name if field.shape else graph.op("Squeeze", name, graph.constant([1]))
            for name, field in zip(after, fields, strict=True)
        ]
        return after, ys


def _places(program: CellProgram, op: str) -> list[int]:
    return [place for place, value in enumerate(program.values) if value.op == op]


def _read_in_the_loop(program: CellProgram) -> list[int]:
    """The values of the input alone that are needed beside the state; they are made for all times
    at once. Their slices are cut in the loop, or each would be one more value to hand in."""
    values = program.values
    follows = set(_places(program, "state"))
    for place, value in enumerate(values):
        if follows.intersection(value.of):
            follows.add(place)
    found: dict[int, None] = {}
    waiting = [*program.after, program.output]
    for place in waiting:
        value = values[place]
        if not value.rows or value.op == "state":
            continue
        if place in follows or value.op == "slice":
            waiting.extend(value.of)
        else:
            found[place] = None
    return list(found)


class _Values:
    """A program's values in a graph, each written when it is first asked for."""

    def __init__(
        self, graph: Graph, program: CellProgram, cell: Cell, outer: _Values | None = None
    ) -> None:
        self.names: dict[int, str] = {}
        self._graph, self._program, self._cell, self._outer = graph, program, cell, outer
        self._transposed: dict[int, str] = {}

    def within(self, body: Graph) -> _Values:
        """Those of a graph in this one, which sees what follows from the weights."""
        return _Values(body, self._program, self._cell, self)

    def __getitem__(self, place: int) -> str:
        if place not in self.names:
            value = self._program.values[place]
            if self._outer is not None and not value.rows:
                return self._outer[place]
            if value.op == "slice" and value.rows:
                self._cut(value.of[0])
            else:
                self.names[place] = self._made(value)
        return self.names[place]

    def _made(self, value: Value) -> str:
        graph = self._graph
        if value.op == "weight":
            return graph.weight(self._cell.get_parameter(value.name))
        if value.data is not None:
            return graph.constant(value.data.numpy(force=True), KINDS[value.kind])
        if value.op == "linear":
            x, weight, *bias = value.of
            product = graph.op("MatMul", self[x], self._turned(weight))
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
        """With the sign of the divisor, which ONNX has for whole numbers only."""
        graph = self._graph
        if value.kind == INTEGER:
            return graph.op("Mod", a, b)
        whole = graph.op("Floor", graph.op("Div", a, b))
        return graph.op("Sub", a, graph.op("Mul", whole, b))

    def _turned(self, weight: int) -> str:
        """A weight (N, K) as (K, N), where the loop does not turn it again each time."""
        if self._outer is not None:
            return self._outer._turned(weight)
        if weight not in self._transposed:
            self._transposed[weight] = self._graph.op("Transpose", self[weight], perm=[1, 0])
        return self._transposed[weight]

    def _cut(self, source: int) -> None:
        """All slices of a value; by one operator where they are the whole, one behind the other."""
        values = self._program.values
        slices = {
            place: value
            for place, value in enumerate(values)
            if value.op == "slice" and value.of == (source,)
        }
        ordered = sorted(slices, key=lambda place: slices[place].start)
        starts = [slices[place].start for place in ordered] + list(values[source].shape)
        ends = [0, *(slices[place].stop for place in ordered)]
        if starts == ends:
            sizes = [slices[place].shape[-1] for place in ordered]
            self.names |= dict(zip(ordered, self._graph.slices(self[source], sizes), strict=True))
        else:
            self.names |= {place: self._made(value) for place, value in slices.items()}
