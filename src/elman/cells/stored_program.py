"""Read the program of a cell from the JSON of a model file, and check it.

Every shape and kind is derived again from the operands, so that a program that passes can be run by
the native core without reading or writing beyond a vector.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from elman.cells.program import (
    ALWAYS_FLOAT,
    BOOLEAN,
    CASTS,
    COMPARISONS,
    ELEMENTWISE,
    FLOAT,
    INTEGER,
    LOGIC,
    STORED,
    Array,
    CellProgram,
    StateField,
    Value,
)
from elman.errors import ModelFileError

_MOST_VALUES = 10_000
_MOST_NUMBERS = 2**26
_KINDS = (FLOAT, INTEGER, BOOLEAN)
_TYPES = {FLOAT: np.float32, INTEGER: np.int64, BOOLEAN: np.bool_}
_UNARY = {"neg", "abs", "sigmoid", "tanh", "relu", "exp", "log", "sqrt", "not"}


def program_from_json(value: object) -> CellProgram:
    """The program that `CellProgram.to_json` described.

    Raises:
        ModelFileError: it is not such a program.
    """
    if not isinstance(value, dict):
        _refuse("it is not an object")
    fields = _list(value.get("state"), "its state")
    listed = _list(value.get("values"), "its values")
    parameters = value.get("parameters")
    if not isinstance(parameters, dict) or not isinstance(value.get("cell"), str):
        _refuse("its parameters are malformed")
    state = tuple(map(_field, fields))
    shapes = {name: _shape(shape) for name, shape in parameters.items()}
    checked = _Checked(state, shapes)
    for each in listed:
        checked.add(each)
    return checked.program(value)


def _refuse(why: str) -> NoReturn:
    raise ModelFileError(f"the step of its cell cannot be used: {why}")


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST_VALUES:
        _refuse(f"{name} are malformed")
    return value


def _shape(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > 3:
        _refuse("a shape is malformed")
    for size in value:
        if type(size) is not int or not 0 < size <= _MOST_NUMBERS:
            _refuse("a shape is malformed")
    if math.prod(value) > _MOST_NUMBERS:
        _refuse("a shape is too large")
    return tuple(value)


def _field(value: object) -> StateField:
    match value:
        case {"name": str(name), "shape": shape, "kind": str(kind)} if kind in _KINDS:
            checked = _shape(shape)
            if len(checked) < 2:
                return StateField(name, checked, kind)
    _refuse("its state is malformed")


class _Checked:
    """The values of a program so far, each checked against its operands."""

    def __init__(
        self, state: tuple[StateField, ...], parameters: dict[str, tuple[int, ...]]
    ) -> None:
        self.state, self.parameters = state, parameters
        self.values: list[Value] = []
        self._waiting = list(state)
        self._has_input = False

    def program(self, given: dict[str, Any]) -> CellProgram:
        after, initial = (
            [self._index(each) for each in _list(given.get(name), f"its {name}")]
            for name in ("after", "initial")
        )
        output = self._index(given.get("output"))
        if self._waiting or not self._has_input:
            _refuse("its input or its state is missing")
        if not len(after) == len(initial) == len(self.state):
            _refuse("its state is malformed")
        for index, first, field in zip(after, initial, self.state, strict=True):
            width, kind = (field.width,), field.kind
            if (self.values[index].shape or (1,), self.values[index].kind) != (width, kind):
                _refuse("its state changes its form")
            start = self.values[first]
            if start.rows or (start.shape or (1,)) != width or start.kind != kind:
                _refuse("its initial state is malformed")
        answer = self.values[output]
        if not answer.rows or answer.kind != FLOAT:
            _refuse("its output is malformed")
        return CellProgram(
            tuple(self.values),
            self.state,
            output,
            tuple(after),
            tuple(initial),
            given["cell"],
            self.parameters,
        )

    def add(self, given: object) -> None:
        if not isinstance(given, dict) or not isinstance(given.get("op"), str):
            _refuse("a value is malformed")
        op = given["op"]
        of = tuple(self._index(each) for each in _list(given.get("of"), "the operands"))
        kind, shape = given.get("kind"), _shape(given.get("shape"))
        if kind not in _KINDS or type(given.get("rows")) is not bool:
            _refuse("a value is malformed")
        if op in ("input", "state", "weight", "constant"):
            value = self._given(op, given, shape, kind)
        else:
            value = self._computed(op, given, of)
        if (value.shape, value.kind, value.rows) != (shape, kind, given["rows"]) or (
            value.rows and len(shape) != 1
        ):
            _refuse(f"a value of {op!r} has another form than its operands give it")
        self.values.append(value)

    def _index(self, value: object) -> int:
        if type(value) is not int or not 0 <= value < len(self.values):
            _refuse("a value is used before it is computed")
        return value

    def _given(self, op: str, given: dict[str, Any], shape: tuple[int, ...], kind: str) -> Value:
        if op == "input" and not self._has_input:
            self._has_input = True
            return Value(op, (), shape, FLOAT, True)
        if op == "state" and self._waiting:
            field = self._waiting.pop(0)
            return Value(op, (), (field.width,), field.kind, True)
        if op == "weight" and given.get("name") in self.parameters:
            name = given["name"]
            return Value(op, (), self.parameters[name], FLOAT, False, name)
        if op == "constant":
            return Value(op, (), shape, kind, False, data=_constant(given.get("data"), shape, kind))
        _refuse(f"a value of {op!r} is malformed")

    def _computed(self, op: str, given: dict[str, Any], of: tuple[int, ...]) -> Value:
        operands = [self.values[each] for each in of]
        rows = any(each.rows for each in operands)
        if op in ELEMENTWISE:
            shape, kind = self._elementwise(op, operands)
            return Value(op, of, shape, kind, rows)
        if not operands:
            _refuse(f"a value of {op!r} has no operands")
        first = operands[0]
        if op in CASTS.values() and len(of) == 1:
            kind = next(kind for kind, cast in CASTS.items() if cast == op)
            return Value(op, of, first.shape, kind, rows)
        match op, len(of):
            case "linear", 2 | 3:
                return Value(op, of, self._linear(operands), FLOAT, rows)
            case "slice", 1:
                return self._slice(given, of, first)
            case "cat", _:
                if all(len(each.shape) == 1 and each.kind == first.kind for each in operands):
                    return Value(
                        op, of, (sum(each.shape[0] for each in operands),), first.kind, rows
                    )
            case "sum", 1:
                if len(first.shape) == 1 and first.kind == FLOAT:
                    return Value(op, of, (1,), FLOAT, rows)
            case "log_softmax", 1:
                if len(first.shape) == 1 and first.kind == FLOAT:
                    return Value(op, of, first.shape, FLOAT, rows)
            case "transpose", 1:
                if len(first.shape) == 2 and not rows:
                    return Value(op, of, first.shape[::-1], first.kind, False)
            case "reshape", 1:
                shape = _shape(given.get("shape"))
                if not rows and math.prod(shape) == math.prod(first.shape):
                    return Value(op, of, shape, first.kind, False)
        _refuse(f"a value of {op!r} is malformed")

    @staticmethod
    def _linear(operands: Sequence[Value]) -> tuple[int, ...]:
        x, weight, *bias = operands
        fits = (
            all(each.kind == FLOAT for each in operands)
            and len(x.shape) == 1
            and weight.shape[1:] == x.shape
            and not weight.rows
            and all(each.shape == weight.shape[:1] and not each.rows for each in bias)
        )
        if not fits:
            _refuse("a product has operands that do not fit")
        return weight.shape[:1]

    @staticmethod
    def _slice(given: dict[str, Any], of: tuple[int, ...], source: Value) -> Value:
        axis, start, stop = (given.get(name) for name in ("axis", "start", "stop"))
        if (
            type(axis) is not int
            or type(start) is not int
            or type(stop) is not int
            or not 0 <= axis < len(source.shape)
            or not 0 <= start < stop <= source.shape[axis]
        ):
            _refuse("a slice is out of range")
        shape = (*source.shape[:axis], stop - start, *source.shape[axis + 1 :])
        return Value(
            "slice", of, shape, source.kind, source.rows, start=start, stop=stop, axis=axis
        )

    @staticmethod
    def _elementwise(op: str, operands: Sequence[Value]) -> tuple[tuple[int, ...], str]:
        arity = 3 if op == "where" else 1 if op in _UNARY else 2
        if len(operands) != arity:
            _refuse(f"{op!r} takes {arity} operands")
        if op == "where" and operands[0].kind != BOOLEAN:
            _refuse("a condition is no truth value")
        kinds = {each.kind for each in (operands[1:] if op == "where" else operands)}
        if len(kinds) > 1:
            _refuse(f"{op!r} has operands of several kinds")
        (kind,) = kinds
        allowed = (
            {BOOLEAN}
            if op in LOGIC
            else {FLOAT}
            if op in ALWAYS_FLOAT
            else {FLOAT, INTEGER, BOOLEAN}
            if op == "where"
            else {FLOAT, INTEGER}
        )
        if kind not in allowed:
            _refuse(f"{op!r} has operands of a kind that it does not take")
        if op == "remainder" and kind == INTEGER:
            divisor = operands[1].data
            if divisor is None or not (divisor > 0).all():
                _refuse("it divides by what may be zero")
        try:
            shape = np.broadcast_shapes(*(each.shape for each in operands))
        except ValueError:
            _refuse(f"{op!r} has operands that do not fit")
        if any(each.rows for each in operands) and any(len(each.shape) > 1 for each in operands):
            _refuse(f"{op!r} combines a vector with a matrix")
        return tuple(shape), BOOLEAN if op in COMPARISONS else kind


def _constant(data: object, shape: tuple[int, ...], kind: str) -> Array:
    try:
        numbers = base64.b64decode(data if isinstance(data, str) else b"?", validate=True)
        array = np.frombuffer(numbers, STORED[kind]).reshape(shape)
    except (ValueError, binascii.Error):
        _refuse("a constant is malformed")
    if kind == INTEGER and not (np.isfinite(array).all() and (np.abs(array) < 2**53).all()):
        _refuse("a constant is malformed")
    return array.astype(_TYPES[kind])
