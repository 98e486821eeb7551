"""Trace the `forward` of a cell into the program of its step: run the cell once and record its
operations (`TorchDispatchMode`).

Shapes: B rows of a batch, D input width, W width of a vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from elman.cells.cell import Cell, map_state, state_tensors
from elman.cells.program import (
    ALWAYS_FLOAT,
    BOOLEAN,
    CASTS,
    COMPARISONS,
    FLOAT,
    INTEGER,
    LOGIC,
    Array,
    CellProgram,
    StateField,
    Value,
)
from elman.cells.rules import RULES, kind_of
from elman.errors import UntraceableError

# Their results do not depend on the values of their argument.
_CREATED = {"zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full"}
# What torch calls to convert a tensor into Python numbers or truth values.
_DECISIONS = {"_local_scalar_dense", "is_nonzero", "equal", "nonzero"}
_TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


# The last program of each cell. It names the weights, so it outlives their changes.
_programs: WeakKeyDictionary[Cell, tuple[object, CellProgram]] = WeakKeyDictionary()


def trace(cell: Cell) -> CellProgram:
    """Trace one step of a cell, from its `forward` and `initial_state`.

    The program is checked against the cell at another batch size and on other numbers. It is kept
    until something besides the values of the weights changes.

    Raises:
        UntraceableError: if the step uses an operation outside `elman.cells.program`, branches on
            computed values, or is not a deterministic function.
    """
    form = _form(cell)
    known = _programs.get(cell)
    if known is None or known[0] != form:
        known = _programs[cell] = form, _traced(cell)
    return known[1]


def _form(cell: Cell) -> object:
    """All that a program depends on: types, settings and buffers, which become constants."""
    weights = [
        (name, part.shape, part.dtype, part.device) for name, part in cell.named_parameters()
    ]
    buffers = [(name, part.data_ptr(), part._version) for name, part in cell.named_buffers()]
    settings = [
        (name, repr(value))
        for module in cell.modules()
        for name, value in vars(module).items()
        if isinstance(value, int | float | str | tuple | None)
    ]
    return weights, buffers, settings


def _traced(cell: Cell) -> CellProgram:
    rows = next(size for size in count(5) if size not in _sizes(cell))
    device = next(cell.parameters()).device
    # Inference mode dispatches composite operations under other names.
    autocast = torch.autocast(device.type, enabled=False)
    with torch.inference_mode(False), autocast, torch.no_grad():
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
            refuse(type(cell).__name__, "has an output that does not depend on its input")
        parts = [tracer.index(part) for part in state_tensors(after)]
        initial_indices = [tracer.index(part) for part in state_tensors(initial)]
        parameters = {name: tuple(each.shape) for name, each in cell.named_parameters()}
        kind = f"{type(cell).__module__}.{type(cell).__qualname__}"
        program = _pruned(
            tracer.values, tracer.index(y), parts, initial_indices, _fields(state), kind, parameters
        )
        _check(cell, program)
    return program


def refuse(cell: str, why: str) -> NoReturn:
    raise UntraceableError(
        f"its step {why}, so only PyTorch can run it",
        location=f"cell {cell}",
        hint="elman.cells.program lists the operations that all targets support.",
    )


def _sizes(cell: Cell) -> set[int]:
    """All dimensions of the cell; the batch size of the example must differ from them."""
    tensors = [*cell.parameters(), *cell.buffers(), *state_tensors(cell.initial_state(1))]
    return {cell.input_size, cell.output_size}.union(*(each.shape for each in tensors))


def _example(cell: Cell, rows: int) -> tuple[Tensor, Any]:
    """Random numbers to run a step on, without touching torch's global generator."""
    generator = torch.Generator().manual_seed(rows)

    def random_like(like: Tensor) -> Tensor:
        if not like.is_floating_point():
            return torch.randint(9, like.shape, generator=generator).to(like)
        return torch.randn(like.shape, generator=generator).to(like)

    return random_like(cell.zeros(rows, cell.input_size)), map_state(
        random_like, cell.initial_state(rows)
    )


def _fields(state: Any) -> tuple[StateField, ...]:
    names = getattr(state, "_fields", None) or map(str, range(len(state)))
    return tuple(
        StateField(name, tuple(part.shape[1:]), kind_of(part))
        for name, part in zip(names, state, strict=True)
    )


def _check(cell: Cell, program: CellProgram) -> None:
    x, state = _example(cell, 2)
    y, after = cell(x, state)
    weights = {name: _as_array(weight) for name, weight in cell.named_parameters()}
    with np.errstate(all="ignore"):  # of weights that overflow, which torch does not mention
        output, following = program.run(
            weights, _as_array(x), list(map(_as_array, state_tensors(state)))
        )
    tolerance = _TOLERANCE.get(x.dtype, 1e-2)
    pairs = zip([y, *state_tensors(after)], [output, *following], strict=True)
    for expected, part in pairs:
        same = expected.shape == part.shape and np.allclose(
            part, _as_array(expected), rtol=tolerance, atol=tolerance, equal_nan=True
        )
        if not same:
            refuse(type(cell).__name__, "is not a function of its input and state alone")


def _as_array(tensor: Tensor) -> Array:
    """numpy has no bfloat16."""
    return (tensor.float() if tensor.dtype in (torch.bfloat16, torch.half) else tensor).numpy(
        force=True
    )


def _pruned(
    values: Sequence[Value],
    output: int,
    after: Sequence[int],
    initial: Sequence[int],
    fields: tuple[StateField, ...],
    cell: str,
    parameters: dict[str, tuple[int, ...]],
) -> CellProgram:
    """Keep the input, the state and the values that the results depend on."""
    needed = {output, *after, *initial}
    needed |= {index for index, value in enumerate(values) if value.op in ("input", "state")}
    for index in reversed(range(len(values))):
        if index in needed:
            needed.update(values[index].of)
    order = {old: new for new, old in enumerate(sorted(needed))}
    values_kept = []
    for old in order:
        value = values[old]
        described = {name: getattr(value, name) for name in value.__dataclass_fields__}
        values_kept.append(Value(**{**described, "of": tuple(order[each] for each in value.of)}))
    return CellProgram(
        tuple(values_kept),
        fields,
        order[output],
        tuple(order[each] for each in after),
        tuple(order[each] for each in initial),
        cell,
        parameters,
    )


class ValueIndex(int):
    """The index of a value in a program, as opposed to a plain number."""


class Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records the operations of torch inside a `with` block.

    A tensor that does not depend on the weights, the input or the state is a constant.

    Args:
        cell: the name for errors.
        batch: B of the example, different from every other dimension.
        dtype: the floating-point type of the cell.
    """

    def __init__(self, cell: str, batch: int, dtype: torch.dtype) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.cell, self.batch, self.dtype = cell, batch, dtype
        self.values: list[Value] = []
        self._indices: dict[int, ValueIndex] = {}
        self._alive: list[Tensor] = []  # keep them, so their ids stay unique

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here: avoid importing torch's compiler, which takes a second."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        leaves = tree_leaves((args, kwargs))
        if name in _CREATED or not any(self._is_traced(each) for each in leaves):
            return result
        if name in _DECISIONS:
            refuse(self.cell, "branches on computed values")
        made = RULES[name](self, result, *args, **kwargs) if name in RULES else None
        if made is None:
            refuse(self.cell, f"uses {name}")
        if isinstance(result, Tensor):
            self._record([result], [made])
        else:
            self._record(result[: len(made)], made)
        return result

    def add(self, tensor: Tensor, value: Value) -> None:
        """Register a tensor that no operation computes."""
        self._record([tensor], [self.append(value)])

    def append(self, value: Value) -> ValueIndex:
        self.values.append(value)
        return ValueIndex(len(self.values) - 1)

    def value(self, given: Any) -> Value:
        return self.values[self.index(given)]

    def index(self, given: Any) -> ValueIndex:
        """The index of the value of a tensor, or of a new constant."""
        if isinstance(given, ValueIndex):
            return given
        if self._is_traced(given):
            return self._indices[id(given)]
        # Python numbers take the precision of the cell.
        dtype = self.dtype if isinstance(given, float) else None
        tensor = torch.as_tensor(given, dtype=dtype)
        if tensor.dim() and tensor.shape[0] == self.batch:
            if not (tensor == tensor[:1]).all():
                refuse(self.cell, "has constants that differ from row to row")
            tensor = tensor[0].reshape(-1)
        return self._constant(tensor, kind_of(tensor))

    def make(self, op: str, *of: ValueIndex, shape: tuple[int, ...], **more: Any) -> ValueIndex:
        """Append a value computed from others; its kind defaults to that of the first."""
        rows = any(self.values[each].rows for each in of)
        if rows and len(shape) != 1:
            refuse(self.cell, "has a value of more than one dimension per row")
        kind = more.pop("kind", self.values[of[0]].kind)
        return self.append(Value(op, tuple(map(int, of)), shape, kind, rows, **more))

    def combine(self, op: str, *given: Any) -> ValueIndex:
        """Append an element-wise operation of tensors, numbers or indices, cast to one kind."""
        of = list(map(self.index, given))
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

    def cast(self, index: ValueIndex, kind: str) -> ValueIndex:
        value = self.values[index]
        if value.kind == kind:
            return index
        if value.data is not None:
            return self._constant(torch.from_numpy(value.data), kind)
        if kind == BOOLEAN or (kind == INTEGER and value.kind == FLOAT):
            refuse(self.cell, f"converts {value.kind} values to {kind}")
        return self.make(CASTS[kind], index, shape=value.shape, kind=kind)

    def _constant(self, data: Tensor, kind: str) -> ValueIndex:
        dtype = {FLOAT: self.dtype, INTEGER: torch.int64, BOOLEAN: torch.bool}[kind]
        array = _as_array(data.detach().to(dtype))
        return self.append(Value("constant", (), array.shape, kind, False, data=array))

    def _flat(self, index: ValueIndex) -> ValueIndex:
        """Flatten an operand to a vector, to broadcast over rows."""
        value = self.values[index]
        if value.rows or len(value.shape) < 2:
            return index
        if len(value.shape) > 2 or value.shape[0] != 1:
            refuse(self.cell, "combines a vector with a matrix")
        return self.make("reshape", index, shape=value.shape[1:])

    def _is_traced(self, given: Any) -> bool:
        return isinstance(given, Tensor) and id(given) in self._indices

    def _record(self, tensors: Sequence[Tensor], indices: Sequence[ValueIndex]) -> None:
        for tensor, index in zip(tensors, indices, strict=True):
            value = self.values[index]
            shape = tuple(tensor.shape)
            expected = ((self.batch, *value.shape), (self.batch,) * (value.shape == (1,)))
            if value.rows and shape not in expected:
                refuse(self.cell, "mixes the rows of a batch")
            self._indices[id(tensor)] = index
            self._alive.append(tensor)
