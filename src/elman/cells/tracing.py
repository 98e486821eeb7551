"""From a cell's `forward` to the program of its step: the cell is run once, and torch says what it
does (`TorchDispatchMode`).

Shapes: B rows of a batch, D input width, W width of a vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from elman.cells.cell import Cell, map_state, state_tensors
from elman.cells.program import (
    BOOLEAN,
    CASTS,
    COMPARISONS,
    FLOAT,
    INTEGER,
    LOGIC,
    CellProgram,
    StateField,
    Value,
    kind_of,
)
from elman.cells.rules import ALWAYS_FLOAT, RULES
from elman.errors import UntraceableError

# Filled whatever the numbers of the tensor they are called on.
_CREATED = {"zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"}
# What torch calls to have a Python number of a tensor's.
_DECISIONS = {"_local_scalar_dense", "is_nonzero", "equal", "nonzero"}
_TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def trace(cell: Cell) -> CellProgram:
    """The program of one step of a cell, from its own `forward` and `initial_state`.

    It is checked against the cell at another batch size and other numbers before it is believed.

    Raises:
        UntraceableError: where the step uses an operation outside of `elman.cells.program`, decides
            by numbers that it computed, or is not the same function each time.
    """
    rows = next(size for size in count(5) if size not in _sizes(cell))
    device = next(cell.parameters()).device
    # In inference mode torch would name what its operations are composed of differently.
    outside = torch.inference_mode(False), torch.autocast(device.type, enabled=False)
    with outside[0], outside[1], torch.no_grad():
        x, state = _example(cell, rows)
        tracer = Tracer(type(cell).__name__, rows, x.dtype)
        for name, weight in cell.named_parameters():
            tracer.add(weight, Value("weight", (), tuple(weight.shape), FLOAT, False, name))
        tracer.add(x, Value("input", (), (cell.input_size,), FLOAT, True))
        for part in state_tensors(state):
            if part.dim() > 2:
                refuse(type(cell).__name__, f"has a state of {part.dim()} dimensions")
            tracer.add(part, Value("state", (), tuple(part.shape[1:]) or (1,), kind_of(part), True))
        with tracer:
            y, after = cell(x, state)
            initial = cell.initial_state(rows)
        if not tracer.value(y).rows:
            refuse(type(cell).__name__, "answers the same to every input")
        parts = [tracer.place(part) for part in state_tensors(after)]
        begun = [tracer.place(part) for part in state_tensors(initial)]
        program = _pruned(tracer.values, tracer.place(y), parts, begun, _fields(state))
        _check(cell, program)
    return program


def refuse(cell: str, why: str) -> NoReturn:
    raise UntraceableError(
        f"its step {why}, so only PyTorch runs it",
        location=f"cell {cell}",
        hint="Operations that all targets have are listed in elman.cells.program.",
    )


def _sizes(cell: Cell) -> set[int]:
    """All dimensions, of which a batch size should be none."""
    tensors = [*cell.parameters(), *cell.buffers(), *state_tensors(cell.initial_state(1))]
    return {cell.input_size, cell.output_size}.union(*(each.shape for each in tensors))


def _example(cell: Cell, rows: int) -> tuple[Tensor, Any]:
    """Numbers to run a step on; torch's own source of chance is left alone."""
    chance = torch.Generator().manual_seed(rows)

    def drawn(like: Tensor) -> Tensor:
        if not like.is_floating_point():
            return torch.randint(9, like.shape, generator=chance).to(like)
        return torch.randn(like.shape, generator=chance).to(like)

    return drawn(cell.zeros(rows, cell.input_size)), map_state(drawn, cell.initial_state(rows))


def _fields(state: Any) -> tuple[StateField, ...]:
    names = getattr(state, "_fields", None) or map(str, range(len(state)))
    return tuple(
        StateField(name, tuple(part.shape[1:]), kind_of(part))
        for name, part in zip(names, state, strict=True)
    )


def _check(cell: Cell, program: CellProgram) -> None:
    x, state = _example(cell, 2)
    y, after = cell(x, state)
    weights = dict(cell.named_parameters())
    found, following = program.run(weights, x, state_tensors(state))
    tolerance = _TOLERANCE.get(x.dtype, 1e-2)
    pairs = zip([y, *state_tensors(after)], [found, *following], strict=True)
    for expected, part in pairs:
        same = expected.shape == part.shape and torch.allclose(
            part.to(expected.dtype), expected, rtol=tolerance, atol=tolerance, equal_nan=True
        )
        if not same:
            refuse(type(cell).__name__, "is not one function of its input and its state")


def _pruned(
    values: Sequence[Value],
    output: int,
    after: Sequence[int],
    initial: Sequence[int],
    fields: tuple[StateField, ...],
) -> CellProgram:
    """The values that something follows from, and the input and the state in any case."""
    needed = {output, *after, *initial}
    needed |= {place for place, value in enumerate(values) if value.op in ("input", "state")}
    for place in reversed(range(len(values))):
        if place in needed:
            needed.update(values[place].of)
    order = {old: new for new, old in enumerate(sorted(needed))}
    kept = []
    for old in order:
        value = values[old]
        described = {name: getattr(value, name) for name in value.__dataclass_fields__}
        kept.append(Value(**{**described, "of": tuple(order[each] for each in value.of)}))
    return CellProgram(
        tuple(kept),
        fields,
        order[output],
        tuple(order[each] for each in after),
        tuple(order[each] for each in initial),
    )


class Place(int):
    """Where a value stands in a program; numbers of other types are numbers."""


class Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down what torch does while it is entered.

    A tensor that follows from neither weights, input nor state is a constant.

    Args:
        cell: the name that errors have.
        batch: B of the example, a size that no other dimension has.
        dtype: of the cell's numbers.
    """

    def __init__(self, cell: str, batch: int, dtype: torch.dtype) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.cell, self.batch, self.dtype = cell, batch, dtype
        self.values: list[Value] = []
        self._places: dict[int, Place] = {}
        self._alive: list[Tensor] = []  # so that no other tensor gets the id of one of them

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here; to say so to torch's compiler would import it, for a second."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        leaves = tree_leaves((args, kwargs))
        if name in _CREATED or not any(self._knows(each) for each in leaves):
            return result
        if name in _DECISIONS:
            refuse(self.cell, "decides by numbers that it computed")
        made = RULES[name](self, result, *args, **kwargs) if name in RULES else None
        if made is None:
            refuse(self.cell, f"uses {name}")
        if isinstance(result, Tensor):
            self._note([result], [made])
        else:
            self._note(result[: len(made)], made)
        return result

    def add(self, tensor: Tensor, value: Value) -> None:
        """A tensor whose value is known from the beginning."""
        self._note([tensor], [self.append(value)])

    def append(self, value: Value) -> Place:
        self.values.append(value)
        return Place(len(self.values) - 1)

    def value(self, given: Any) -> Value:
        return self.values[self.place(given)]

    def place(self, given: Any) -> Place:
        """Of a tensor's value, or of a new constant."""
        if isinstance(given, Place):
            return given
        if self._knows(given):
            return self._places[id(given)]
        # A number of Python has the precision of the cell's own.
        dtype = self.dtype if isinstance(given, float) else None
        tensor = torch.as_tensor(given, dtype=dtype)
        if tensor.dim() and tensor.shape[0] == self.batch:
            if not (tensor == tensor[:1]).all():
                refuse(self.cell, "has constants that differ from row to row")
            tensor = tensor[0].reshape(-1)
        return self._constant(tensor, kind_of(tensor))

    def make(self, op: str, *of: Place, shape: tuple[int, ...], **more: Any) -> Place:
        """A value of others, of the kind of the first."""
        rows = any(self.values[each].rows for each in of)
        if rows and len(shape) != 1:
            refuse(self.cell, "makes more of a row than a vector")
        kind = more.pop("kind", self.values[of[0]].kind)
        return self.append(Value(op, tuple(map(int, of)), shape, kind, rows, **more))

    def combine(self, op: str, *given: Any) -> Place:
        """An element-wise operation of tensors, numbers or places, made of one kind."""
        of = list(map(self.place, given))
        rows = any(self.values[each].rows for each in of)
        of = [self._flat(each) if rows else each for each in of]
        condition = [self.cast(of.pop(0), BOOLEAN)] if op == "where" else []
        kinds = {self.values[each].kind for each in of}
        kind = next(each for each in (FLOAT, INTEGER, BOOLEAN) if each in kinds)
        if op in LOGIC:
            kind = BOOLEAN
        elif op in ALWAYS_FLOAT:
            kind = FLOAT
        elif kind == BOOLEAN and op != "where":
            kind = INTEGER
        of = [*condition, *(self.cast(each, kind) for each in of)]
        shape = np.broadcast_shapes(*(self.values[each].shape for each in of))
        kind = BOOLEAN if op in COMPARISONS else kind
        return self.make(op, *of, shape=tuple(shape), kind=kind)

    def cast(self, place: Place, kind: str) -> Place:
        value = self.values[place]
        if value.kind == kind:
            return place
        if value.data is not None:
            return self._constant(value.data, kind)
        if kind == BOOLEAN or (kind == INTEGER and value.kind == FLOAT):
            refuse(self.cell, f"makes {kind} numbers of {value.kind} ones")
        return self.make(CASTS[kind], place, shape=value.shape, kind=kind)

    def _constant(self, data: Tensor, kind: str) -> Place:
        dtype = {FLOAT: self.dtype, INTEGER: torch.int64, BOOLEAN: torch.bool}[kind]
        data = data.detach().to(dtype)
        return self.append(Value("constant", (), tuple(data.shape), kind, False, data=data))

    def _flat(self, place: Place) -> Place:
        """What is combined with rows is a vector."""
        value = self.values[place]
        if value.rows or len(value.shape) < 2:
            return place
        if len(value.shape) > 2 or value.shape[0] != 1:
            refuse(self.cell, "combines a vector with a matrix")
        return self.make("reshape", place, shape=value.shape[1:])

    def _knows(self, given: Any) -> bool:
        return isinstance(given, Tensor) and id(given) in self._places

    def _note(self, tensors: Sequence[Tensor], places: Sequence[Place]) -> None:
        for tensor, place in zip(tensors, places, strict=True):
            value = self.values[place]
            found = tuple(tensor.shape)
            right = ((self.batch, *value.shape), (self.batch,) * (value.shape == (1,)))
            if value.rows and found not in right:
                refuse(self.cell, "mixes the rows of a batch")
            self._places[id(tensor)] = place
            self._alive.append(tensor)
