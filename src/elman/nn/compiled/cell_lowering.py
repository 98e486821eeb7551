"""A cell's traced step as operations of the native core.

Shapes: B rows, W width of a vector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from elman.cells.program import BOOLEAN, FLOAT, INTEGER, Array, CellProgram, Value
from elman.errors import UntraceableError
from elman.kernels.step_program import (
    Instruction,
    Operand,
    Slot,
    StateSlots,
    StepProgram,
    Temporary,
)
from elman.nn.compiled.weights import Weights

State = Sequence[StateSlots]


def _lstm(program: StepProgram, _: CellProgram, weights: Weights, x: Slot, state: State) -> Slot:
    h, c = state
    gates = program.linear(x, *weights.linear("i2h"))
    program.linear(h.before, *weights.linear("h2h"), gates, adds=True)
    return program.lstm(gates, h, c)


def _gru(program: StepProgram, _: CellProgram, weights: Weights, x: Slot, state: State) -> Slot:
    (h,) = state
    hidden = program.linear(h.before, *weights.linear("h2h"))
    return program.gru(program.linear(x, *weights.linear("i2h")), hidden, h)


def _mingru(program: StepProgram, _: CellProgram, weights: Weights, x: Slot, state: State) -> Slot:
    (h,) = state
    return program.mingru(program.linear(x, *weights.linear("i2h")), h)


def _clockwork(
    program: StepProgram, traced: CellProgram, weights: Weights, x: Slot, state: State
) -> Slot:
    h, time = state
    known = traced.weights(weights)
    (periods,) = (known[each.of[1]] for each in traced.values if each.op == "remainder")
    (recurrent,) = (
        known[each.of[1]]
        for each in traced.values
        if each.op == "linear" and traced.values[each.of[0]].op == "state"
    )
    gates = program.linear(x, *weights.linear("i2h"))
    program.linear(h.before, _contiguous(recurrent), None, gates, adds=True)
    return program.clockwork(gates, h, time, periods.tolist())


Lowering = Callable[[StepProgram, CellProgram, Weights, Slot, State], Slot]

OVERRIDES: dict[str, Lowering] = {
    "elman.cells.lstm.LSTM": _lstm,
    "elman.cells.gru.GRU": _gru,
    "elman.cells.mingru.MinGRU": _mingru,
    "elman.cells.clockwork.Clockwork": _clockwork,
}
"""Steps by hand, of cells whose traced step is slower: docs/decisions.md has the figures."""

_GATES: dict[Lowering, tuple[int, int]] = {
    _lstm: (4, 4),
    _gru: (3, 3),
    _mingru: (2, 0),
    _clockwork: (1, 1),
}
"""The vectors of the hidden width that the products of the input and of the state give."""


def _override(traced: CellProgram) -> Lowering | None:
    """The step by hand of a cell, if its parameters and its state have the form for it."""
    lowering = OVERRIDES.get(traced.cell)
    if lowering is None:
        return None
    of_input, of_state = _GATES[lowering]
    inputs, width = traced.input_size, traced.output_size
    parameters = {"i2h.weight": (of_input * width, inputs), "i2h.bias": (of_input * width,)}
    if of_state:
        parameters["h2h.weight"] = (of_state * width, width)
    if of_state and lowering is not _clockwork:
        parameters["h2h.bias"] = (of_state * width,)
    state = [(field.width, field.kind) for field in traced.state]
    expected = [(width, FLOAT)] * (2 if lowering is _lstm else 1)
    if lowering is _clockwork:
        expected.append((1, INTEGER))
        divisors = [traced.values[each.of[1]] for each in traced.values if each.op == "remainder"]
        recurrent = [
            traced.values[each.of[1]]
            for each in traced.values
            if each.op == "linear" and traced.values[each.of[0]].op == "state"
        ]
        if [each.shape for each in divisors + recurrent] != [(width,), (width, width)]:
            return None
    return lowering if (dict(traced.parameters), state) == (parameters, expected) else None


def lower_cell(
    program: StepProgram, traced: CellProgram, weights: Weights, x: Slot, state: State
) -> Slot:
    """Add the step of a cell to a program and return the slot of its output.

    Args:
        program: the program to extend.
        traced: the step of the cell.
        weights: its parameters, which are copied.
        x: (B, D), the input.
        state: the slots of each part of its state.

    Raises:
        UntraceableError: if only PyTorch can run the step.
    """
    override = _override(traced)
    if override is not None:
        return override(program, traced, weights, x, state)
    if any(field.kind == BOOLEAN for field in traced.state):
        raise UntraceableError("its state holds truth values", location=f"cell {traced.cell}")
    return _Lowering(program, traced, traced.weights(weights), x, state).output()


class _Lowering:
    """The values of one cell, as slots of a program.

    Fuse consecutive element-wise operations of one width into one operation of the core: they are
    pending until another operation needs one of them. A sum of products accumulates in one slot.
    """

    def __init__(
        self,
        program: StepProgram,
        traced: CellProgram,
        weights: dict[int, Array],
        x: Slot,
        parts: State,
    ) -> None:
        self._program, self._traced, self._weights = program, traced, weights
        self._parts = parts
        self._slots: dict[int, Slot] = {}
        self._pending: list[int] = []
        values = traced.values
        self._uses = Counter(each for value in values for each in value.of)
        self._ends = {traced.output, *traced.after}
        self._added_to, self._sums = self._sums_of_products()
        self._targets = self._direct_outputs()
        states = iter(self._parts)
        for index, value in enumerate(values):
            if value.op == "input":
                self._slots[index] = x
            elif value.op == "state":
                self._slots[index] = next(states).before

    def output(self) -> Slot:
        for index, value in enumerate(self._traced.values):
            if value.rows and index not in self._slots:
                self._lower(index, value)
        for index, part in zip(self._traced.after, self._parts, strict=True):
            slot = self._slot(index)
            if slot != part.after:
                self._program.copy(slot, part.after)
        return self._slot(self._traced.output)

    def _lower(self, index: int, value: Value) -> None:
        if index in self._sums:  # its second product was added to its first
            self._slots[index] = self._slots[max(value.of)]
        elif value.elementwise:
            if self._pending and self._traced.values[self._pending[0]].shape != value.shape:
                self._flush()
            self._pending.append(index)
        elif value.op == "linear":
            self._product(index, value)
        elif value.op == "slice":
            slot = self._slot(value.of[0])
            self._slots[index] = self._program.view(slot, value.start, value.shape[0])
        elif value.op == "cat":
            self._slots[index] = self._cat(value)
        elif value.op == "sum":
            self._slots[index] = self._program.sum(self._slot(value.of[0]))
        elif value.op == "log_softmax":
            own = self._program.copy(self._slot(value.of[0]), self._program.inner(value.shape[0]))
            self._slots[index] = self._program.log_softmax(own)

    def _product(self, index: int, value: Value) -> None:
        x = self._slot(value.of[0])
        weight, *bias = (_contiguous(self._weights[each]) for each in value.of[1:])
        adds = index in self._added_to
        into = self._slots[self._added_to[index]] if adds else self._targets.get(index)
        self._slots[index] = self._program.linear(
            x, weight, bias[0] if bias else None, into, adds=adds
        )

    def _cat(self, value: Value) -> Slot:
        parts = [self._slot(each) for each in value.of]
        whole, start = self._program.inner(value.shape[0]), 0
        for part in parts:
            self._program.copy(part, self._program.view(whole, start, part.width))
            start += part.width
        return whole

    def _slot(self, index: int) -> Slot:
        """The slot of a value, computed by now."""
        if index in self._pending:
            self._flush()
        if index not in self._slots:  # it follows from the weights
            vector = _vector(self._weights[index])
            slot = self._program.inner(max(1, vector.size), integer=vector.dtype == np.int64)
            self._program.elementwise(slot.width, [Instruction("copy", slot, (vector,))])
            self._slots[index] = slot
        return self._slots[index]

    def _flush(self) -> None:
        """Emit the pending operations; values that other operations need go to slots, others to
        temporaries."""
        values, pending = self._traced.values, self._fused(self._pending)
        self._pending = []
        inside = Counter(each for _, _, of in pending for each in of)
        last = {each: index for index, _, of in pending for each in of}
        free: dict[bool, list[Temporary]] = {False: [], True: []}
        made: dict[int, Slot | Temporary] = {}
        instructions, count = [], 0
        for index, name, of in pending:
            value = values[index]
            integer = value.kind == INTEGER
            operands = tuple(made.get(each) or self._operand(each) for each in of)
            for each in set(of):
                home = made.get(each)
                if isinstance(home, Temporary) and last[each] == index:
                    free[home.integer].append(home)
            if index in self._targets:
                made[index] = self._targets[index]
            elif index in self._ends or self._uses[index] > inside[index]:
                made[index] = self._program.inner(value.shape[0], integer=integer)
            elif free[integer]:
                made[index] = free[integer].pop()
            else:
                made[index] = Temporary(count, integer)
                count += 1
            instructions.append(Instruction(name, made[index], operands))
        self._program.elementwise(values[pending[0][0]].shape[0], instructions)
        self._slots |= {index: home for index, home in made.items() if isinstance(home, Slot)}

    def _fused(self, pending: Sequence[int]) -> list[tuple[int, str, tuple[int, ...]]]:
        """Each operation as index, name and operands; a product with one use in a sum is fused into
        `multiply_add`."""
        values = self._traced.values
        fused: dict[int, tuple[str, tuple[int, ...]]] = {}
        for index in pending:
            name, of = values[index].op, values[index].of
            if name == "add" and values[index].kind == FLOAT:
                for product, other in (of, of[::-1]):
                    alone = self._uses[product] == 1 and product not in self._ends
                    if alone and fused.get(product, ("", ()))[0] == "mul":
                        name, of = "multiply_add", (*fused.pop(product)[1], other)
                        break
            fused[index] = name, of
        return [(index, name, of) for index, (name, of) in fused.items()]

    def _operand(self, index: int) -> Operand:
        return self._slots[index] if index in self._slots else _vector(self._weights[index])

    def _sums_of_products(self) -> tuple[dict[int, int], set[int]]:
        """The accumulator of each product with one use, in a sum of products; and those sums."""
        values, added_to, sums = self._traced.values, dict[int, int](), set[int]()
        for index, value in enumerate(values):
            if value.op != "add" or not value.rows:
                continue
            first, second = sorted(value.of)
            alone = all(self._uses[each] == 1 and each not in self._ends for each in value.of)
            summed = values[first].op == "linear" or first in sums
            same_shape = values[first].shape == values[second].shape
            if alone and same_shape and summed and values[second].op == "linear":
                added_to[second] = first
                sums.add(index)
        return added_to, sums

    def _direct_outputs(self) -> dict[int, Slot]:
        """Values that are computed directly in the next state; others are copied there."""
        targets: dict[int, Slot] = {}
        for index, part in zip(self._traced.after, self._parts, strict=True):
            value = self._traced.values[index]
            computed = value.elementwise or value.op == "linear"
            if computed and value.rows and index not in self._sums:
                targets.setdefault(index, part.after)
        return targets


def _contiguous(weight: Array) -> Array:
    return np.ascontiguousarray(weight, dtype=np.float32)


def _vector(weight: Array) -> Array:
    """A value that follows from the weights, in a type of the core."""
    kind = np.int64 if weight.dtype == np.int64 else np.float32
    return np.ascontiguousarray(weight, dtype=kind).reshape(-1)
