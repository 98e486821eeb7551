"""A cell's traced step as operations of the native core.

Shapes: B rows, W width of a vector.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from elman.cells import Cell, CellProgram, Value, state_tensors, trace
from elman.cells.program import BOOLEAN, FLOAT, INTEGER
from elman.errors import UntraceableError
from elman.kernels.step_program import (
    Instruction,
    Operand,
    Slot,
    StateSlots,
    StepProgram,
    Temporary,
)


def lower_cell(program: StepProgram, cell: Cell, x: Slot, state: Any) -> Slot:
    """Add a cell's step to a program -> where its output stands.

    Args:
        x: (B, D), what the cell reads.
        state: of `StateSlots`, as the cell's own.

    Raises:
        UntraceableError: where the step uses what only PyTorch runs.
    """
    traced = trace(cell)
    if any(field.kind == BOOLEAN for field in traced.state):
        raise UntraceableError(
            "its state holds truth values", location=f"cell {type(cell).__name__}"
        )
    weights = traced.weights(dict(cell.named_parameters()))
    return _Lowering(program, traced, weights, x, state_tensors(state)).output()


class _Lowering:
    """One cell's values, as slots of a program.

    Element-wise operations of one width wait until something else needs what they make, and then
    become one operation of the core. A sum of products is made in one place.
    """

    def __init__(
        self,
        program: StepProgram,
        traced: CellProgram,
        weights: dict[int, Tensor],
        x: Slot,
        parts: Sequence[Any],
    ) -> None:
        self._program, self._traced, self._weights = program, traced, weights
        self._parts: Sequence[StateSlots] = parts
        self._slots: dict[int, Slot] = {}
        self._waiting: list[int] = []
        values = traced.values
        self._uses = Counter(each for value in values for each in value.of)
        self._ends = {traced.output, *traced.after}
        self._added_to, self._sums = self._sums_of_products()
        self._goals = self._written_at_once()
        states = iter(self._parts)
        for place, value in enumerate(values):
            if value.op == "input":
                self._slots[place] = x
            elif value.op == "state":
                self._slots[place] = next(states).before

    def output(self) -> Slot:
        for place, value in enumerate(self._traced.values):
            if value.rows and place not in self._slots:
                self._lower(place, value)
        for place, part in zip(self._traced.after, self._parts, strict=True):
            slot = self._slot(place)
            if slot != part.after:
                self._program.copy(slot, part.after)
        return self._slot(self._traced.output)

    def _lower(self, place: int, value: Value) -> None:
        if place in self._sums:  # its second product was added to its first
            self._slots[place] = self._slots[max(value.of)]
        elif value.elementwise:
            if self._waiting and self._traced.values[self._waiting[0]].shape != value.shape:
                self._flush()
            self._waiting.append(place)
        elif value.op == "linear":
            self._product(place, value)
        elif value.op == "slice":
            slot = self._slot(value.of[0])
            self._slots[place] = self._program.view(slot, value.start, value.shape[0])
        elif value.op == "cat":
            self._slots[place] = self._joined(value)
        elif value.op == "sum":
            self._slots[place] = self._program.sum(self._slot(value.of[0]))
        elif value.op == "log_softmax":
            own = self._program.copy(self._slot(value.of[0]), self._program.inner(value.shape[0]))
            self._slots[place] = self._program.log_softmax(own)

    def _product(self, place: int, value: Value) -> None:
        x = self._slot(value.of[0])
        weight, *bias = (self._weights[each].contiguous() for each in value.of[1:])
        adds = place in self._added_to
        into = self._slots[self._added_to[place]] if adds else self._goals.get(place)
        self._slots[place] = self._program.linear(
            x, weight, bias[0] if bias else None, into, adds=adds
        )

    def _joined(self, value: Value) -> Slot:
        parts = [self._slot(each) for each in value.of]
        whole, start = self._program.inner(value.shape[0]), 0
        for part in parts:
            self._program.copy(part, self._program.view(whole, start, part.width))
            start += part.width
        return whole

    def _slot(self, place: int) -> Slot:
        """Where a value stands, made by now."""
        if place in self._waiting:
            self._flush()
        if place not in self._slots:  # it follows from the weights
            weight = self._weights[place]
            slot = self._program.inner(max(1, weight.numel()), integer=weight.dtype == torch.int64)
            self._program.elementwise(slot.width, [Instruction("copy", slot, (_vector(weight),))])
            self._slots[place] = slot
        return self._slots[place]

    def _flush(self) -> None:
        """Make what waits: what others need in slots, the rest in passing."""
        values, waiting = self._traced.values, self._instructed(self._waiting)
        self._waiting = []
        inside = Counter(each for _, _, of in waiting for each in of)
        last = {each: place for place, _, of in waiting for each in of}
        free: dict[bool, list[Temporary]] = {False: [], True: []}
        made: dict[int, Slot | Temporary] = {}
        instructions, count = [], 0
        for place, name, of in waiting:
            value = values[place]
            integer = value.kind == INTEGER
            operands = tuple(made.get(each) or self._operand(each) for each in of)
            for each in set(of):
                home = made.get(each)
                if isinstance(home, Temporary) and last[each] == place:
                    free[home.integer].append(home)
            if place in self._goals:
                made[place] = self._goals[place]
            elif place in self._ends or self._uses[place] > inside[place]:
                made[place] = self._program.inner(value.shape[0], integer=integer)
            elif free[integer]:
                made[place] = free[integer].pop()
            else:
                made[place] = Temporary(count, integer)
                count += 1
            instructions.append(Instruction(name, made[place], operands))
        self._program.elementwise(values[waiting[0][0]].shape[0], instructions)
        self._slots |= {place: home for place, home in made.items() if isinstance(home, Slot)}

    def _instructed(self, waiting: Sequence[int]) -> list[tuple[int, str, tuple[int, ...]]]:
        """Operations by place, name and operands; a product that is only added to another value is
        one operation with that."""
        values = self._traced.values
        found: dict[int, tuple[str, tuple[int, ...]]] = {}
        for place in waiting:
            name, of = values[place].op, values[place].of
            if name == "add" and values[place].kind == FLOAT:
                for product, other in (of, of[::-1]):
                    alone = self._uses[product] == 1 and product not in self._ends
                    if alone and found.get(product, ("", ()))[0] == "mul":
                        name, of = "multiply_add", (*found.pop(product)[1], other)
                        break
            found[place] = name, of
        return [(place, name, of) for place, (name, of) in found.items()]

    def _operand(self, place: int) -> Operand:
        return self._slots[place] if place in self._slots else _vector(self._weights[place])

    def _sums_of_products(self) -> tuple[dict[int, int], set[int]]:
        """Of each product that is only added to another: the place of that one. And the sums."""
        values, added_to, sums = self._traced.values, dict[int, int](), set[int]()
        for place, value in enumerate(values):
            if value.op != "add" or not value.rows:
                continue
            first, second = sorted(value.of)
            alone = all(self._uses[each] == 1 and each not in self._ends for each in value.of)
            summed = values[first].op == "linear" or first in sums
            alike = values[first].shape == values[second].shape
            if alone and alike and summed and values[second].op == "linear":
                added_to[second] = first
                sums.add(place)
        return added_to, sums

    def _written_at_once(self) -> dict[int, Slot]:
        """Values that are made where the next state stands; others are copied there."""
        goals: dict[int, Slot] = {}
        for place, part in zip(self._traced.after, self._parts, strict=True):
            value = self._traced.values[place]
            made = value.elementwise or value.op == "linear"
            if made and value.rows and place not in self._sums:
                goals.setdefault(place, part.after)
        return goals


def _vector(weight: Tensor) -> Tensor:
    """A value that follows from the weights, as the core reads it."""
    numbers = weight if weight.dtype == torch.int64 else weight.float()
    return numbers.reshape(-1).contiguous()
