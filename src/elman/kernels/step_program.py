"""One step of a network as a program of the native core: a list of operations on vectors.

Shapes: B rows, T times, W width of a vector, K depth and N outputs of a product. `MemorySlots`
gives the shapes of attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.kernels import core
from elman.kernels.schedule import Access, groups_of

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


class Slot(NamedTuple):
    """Memory for one vector of each row."""

    number: int
    width: int
    integer: bool = False  # int64; else float32


class MemorySlots(NamedTuple):
    """The keys and values of attention: outer slots shared by all rows, for R sources of S tokens
    with K rows each, and N heads of width E."""

    keys: Slot  # (R, N, S, E)
    values: Slot  # (R, N, S, E)
    mask: Slot  # (R, S) 0 at real tokens, minus infinity at padding
    sizes: Slot  # (2,) int64: S, K


class Temporary(NamedTuple):
    """A vector that lives within one group of element-wise operations."""

    number: int
    integer: bool = False


Operand = Slot | Temporary | Array
"""An operand of an element-wise operation; an array (W,) or () is shared by all rows."""


class Instruction(NamedTuple):
    """An element-wise operation: its name in `elman.cells.program`, or "copy"."""

    name: str
    out: Slot | Temporary
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class StateSlots:
    """A part of the state: read from `before`, its next value written to `after`."""

    before: Slot
    after: Slot


class StepProgram:
    """A network's step, built operation by operation; weights are copied.

    Every run receives the memory of the outer slots, in the order of their creation; the program
    allocates inner slots.

    Args:
        int8: use int8 products: weights with a scale per output, vectors with a dynamic scale
            each (both symmetric, rounded to nearest).
    """

    def __init__(self, *, int8: bool = False) -> None:
        native = core.module()
        self._native = native.program()
        self._precision = native.Precision.int8 if int8 else native.Precision.float32
        self._operations: list[Access] = []
        self._states: list[tuple[int, int]] = []
        self._bases: dict[int, int] = {}  # of views
        self._schedule: Any = None

    # Slots

    def outer(self, width: int, *, integer: bool = False) -> Slot:
        """A slot in the caller's memory, (B, W) of float32 or int64."""
        return Slot(self._native.outer(_words(width, integer)), width, integer)

    def state(self, width: int, *, integer: bool = False) -> StateSlots:
        """Two outer slots: a part of the state before the step, and after it."""
        slots = StateSlots(self.outer(width, integer=integer), self.outer(width, integer=integer))
        self._states.append((slots.before.number, slots.after.number))
        return slots

    def attention_memory(self) -> MemorySlots:
        return MemorySlots(*(self.outer(0) for _ in MemorySlots._fields))

    def inner(self, width: int, *, integer: bool = False) -> Slot:
        return Slot(self._native.inner(_words(width, integer)), width, integer)

    def view(self, slot: Slot, start: int, width: int) -> Slot:
        """A slice of the vectors of a slot."""
        offset = _words(start, slot.integer)
        part = Slot(self._native.view(slot.number, offset), width, slot.integer)
        self._bases[part.number] = self._bases.get(slot.number, slot.number)
        return part

    # Operations

    def embed(self, tokens: Slot, table: Floats, scale: float = 1.0) -> Slot:
        """The rows of table (V, W) at tokens (B, 1) int64, times scale."""
        vocabulary, width = table.shape
        out = self.inner(width)
        self._record(reads=[tokens], writes=[out])
        self._native.embed(tokens.number, out.number, _address(table), vocabulary, width, scale)
        return out

    def linear(
        self,
        x: Slot,
        weight: Floats,
        bias: Floats | None,
        into: Slot | None = None,
        *,
        adds: bool = False,
    ) -> Slot:
        """weight (N, K) x + bias (N,); with `adds`, added to `into`."""
        outputs, depth = weight.shape
        out = self.inner(outputs) if into is None else into
        self._record(reads=[x, out] if adds else [x], writes=[out])
        self._native.linear(
            self._precision,
            x.number,
            out.number,
            adds,
            _address(weight),
            0 if bias is None else _address(bias),
            depth,
            outputs,
        )
        return out

    def rms_norm(self, x: Slot, weight: Floats, epsilon: float) -> Slot:
        out = self.inner(x.width)
        self._record(reads=[x], writes=[out])
        self._native.rms_norm(x.number, out.number, _address(weight), x.width, epsilon)
        return out

    def convolution(self, x: Slot, recent: StateSlots, weight: Floats, bias: Floats) -> Slot:
        """A causal depthwise convolution; weight (K, W), recent (B, K - 1, W)."""
        out = self.inner(x.width)
        self._record(reads=[x, recent.before], writes=[out, recent.after])
        self._native.convolution(
            x.number,
            recent.before.number,
            out.number,
            recent.after.number,
            _address(weight),
            _address(bias),
            *weight.shape,
        )
        return out

    def silu_gate(self, gate: Slot, value: Slot) -> Slot:
        out = self.inner(gate.width)
        self._record(reads=[gate, value], writes=[out])
        self._native.silu_gate(gate.number, value.number, out.number, gate.width)
        return out

    def add(self, a: Slot, b: Slot, into: Slot) -> Slot:
        self._record(reads=[a, b], writes=[into])
        self._native.add(a.number, b.number, into.number, into.width)
        return into

    def log_softmax(self, x: Slot) -> Slot:
        """In place."""
        self._record(reads=[x], writes=[x])
        self._native.log_softmax(x.number, x.width)
        return x

    def attention(self, query: Slot, memory: MemorySlots, heads: int, score: Floats | None) -> Slot:
        """The mean of the values, weighted by the scores of their keys for the query (B, W).

        Args:
            query: (B, W).
            memory: the keys and values.
            heads: N; W is a multiple of it.
            score: (W,), the weight of `elman.nn.attention.Attention`'s additive score; None: the
                scaled dot product.
        """
        out = self.inner(query.width)
        self._record(reads=[query], writes=[out], in_order=True)  # the row gives the source
        slots = (slot.number for slot in memory)
        weight = 0 if score is None else _address(score)
        self._native.attention(query.number, *slots, out.number, heads, query.width, weight)
        return out

    def lstm(self, gates: Slot, h: StateSlots, c: StateSlots) -> Slot:
        """gates (B, 4 H): the sums of the products, in the order i, f, g, o."""
        units = h.after.width
        self._record(reads=[gates, c.before], writes=[h.after, c.after])
        self._native.lstm(gates.number, c.before.number, h.after.number, c.after.number, units)
        return h.after

    def gru(self, gates: Slot, hidden: Slot, h: StateSlots) -> Slot:
        """gates and hidden (B, 3 H): the products of the input and of h, in the order r, z, n."""
        units = h.after.width
        self._record(reads=[gates, hidden, h.before], writes=[h.after])
        self._native.gru(gates.number, hidden.number, h.before.number, h.after.number, units)
        return h.after

    def mingru(self, gates: Slot, h: StateSlots) -> Slot:
        """gates (B, 2 H): the products of the input, in the order z, candidate."""
        self._record(reads=[gates, h.before], writes=[h.after])
        self._native.mingru(gates.number, h.before.number, h.after.number, h.after.width)
        return h.after

    def clockwork(self, gates: Slot, h: StateSlots, time: StateSlots, periods: list[int]) -> Slot:
        """gates (B, H): the sums of the products."""
        self._record(reads=[gates, h.before, time.before], writes=[h.after, time.after])
        self._native.clockwork(
            gates.number,
            h.before.number,
            time.before.number,
            h.after.number,
            time.after.number,
            periods,
        )
        return h.after

    def mix(
        self,
        tokens: Slot,
        logits: Slot,
        contexts: StateSlots,
        into: Slot,
        unigrams: Floats,
        orders: Sequence[tuple[Array, ...]],
        gate: tuple[Sequence[float], float, float],
    ) -> None:
        """log(g softmax(logits) + (1 - g) p) with the probabilities p of n-grams; the logits are
        overwritten.

        Args:
            tokens: (B, 1) int64, the last token.
            logits: (B, V).
            contexts: (B, N - 1) int64, before and after the token.
            into: (B, V).
            unigrams: (V,); it and the arrays of `orders` are not copied.
            orders: of each order from 2 on, its tokens int32, shares float32, starts int64 and
                lower mass float32, see `elman.counts.ngrams`.
            gate: its bias of each number of matched orders, and its weights of mass and entropy.
        """
        self._kept = (unigrams, orders)
        self._record(reads=[tokens, logits, contexts.before], writes=[logits, into, contexts.after])
        self._native.mix(
            tokens.number,
            logits.number,
            contexts.before.number,
            contexts.after.number,
            into.number,
            len(unigrams),
            unigrams.ctypes.data,
            [tuple(each.ctypes.data for each in arrays) for arrays in orders],
            *gate,
        )

    def token_score(self, logits: Slot, targets: Slot, into: Slot) -> None:
        """The log-probability of targets (B, 1) by the softmax of the logits (B, V), and the
        entropy of that softmax in nats: (B, 2)."""
        self._record(reads=[logits, targets], writes=[into])
        self._native.token_score(logits.number, targets.number, into.number, logits.width)

    def copy(self, x: Slot, into: Slot) -> Slot:
        self._record(reads=[x], writes=[into])
        self._native.copy(x.number, into.number, _words(x.width, x.integer))
        return into

    def sum(self, x: Slot) -> Slot:
        """The sum of each vector, as a vector of width 1."""
        out = self.inner(1)
        self._record(reads=[x], writes=[out])
        self._native.sum(x.number, out.number, x.width)
        return out

    def elementwise(self, width: int, instructions: Sequence[Instruction]) -> None:
        """Element-wise operations on vectors of one width, in order; operands of width 1 and
        numbers broadcast."""
        native, registers = core.module(), _Registers(width)
        operations = [
            (
                getattr(native.Element, each.name),
                registers.number(each.out),
                [registers.number(operand) for operand in each.operands],
            )
            for each in instructions
        ]
        operands = [each for instruction in instructions for each in instruction.operands]
        self._record(
            reads=[each for each in operands if isinstance(each, Slot)],
            writes=[each.out for each in instructions if isinstance(each.out, Slot)],
        )
        self._native.elementwise(width, registers.fields, operations)

    # Running

    def run(self, rows: int, outers: list[int], threads: int) -> None:
        """Run one step.

        Args:
            rows: B.
            outers: the addresses of contiguous (B, W) arrays, one per outer slot.
            threads: how many threads to use.
        """
        self._native.run(rows, outers, threads)

    def run_over_time(self, rows_at: Sequence[int], outers: Sequence[int]) -> None:
        """Run a sequence of steps.

        Args:
            rows_at: (T,) the number of rows that have a token at each time, not rising: rows are
                sorted by length, the longest first.
            outers: the addresses of contiguous arrays, one per outer slot: (B, W) of states, and
                otherwise (N, W) of all N tokens: the rows at the first time, at the second, ...
        """
        if self._schedule is None:
            groups = groups_of(self._operations, self._states)
            self._schedule = core.module().schedule(
                [(group.carries_state, group.operations) for group in groups], self._states
            )
        self._native.run_over_time(rows_at, self._schedule, outers)

    def _record(
        self, *, reads: Sequence[Slot], writes: Sequence[Slot], in_order: bool = False
    ) -> None:
        of_reads, of_writes = (
            frozenset(self._bases.get(slot.number, slot.number) for slot in slots)
            for slots in (reads, writes)
        )
        self._operations.append(Access(of_reads, of_writes, in_order))


class _Registers:
    """The operands of a group of element-wise operations, as fields for the core."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._numbers: dict[Any, int] = {}
        self.fields: list[tuple[Any, bool, int, bool, int, float]] = []

    def number(self, operand: Operand) -> int:
        key = id(operand) if isinstance(operand, np.ndarray) else (type(operand), operand)
        if key not in self._numbers:
            self._numbers[key] = len(self.fields)
            self.fields.append(self._fields_of(operand))
        return self._numbers[key]

    def _fields_of(self, operand: Operand) -> tuple[Any, bool, int, bool, int, float]:
        home = core.module().Home
        if isinstance(operand, Temporary):
            return home.temporary, operand.integer, operand.number, False, 0, 0.0
        if isinstance(operand, Slot):
            single = operand.width == 1 and self._width > 1
            return home.slot, operand.integer, operand.number, single, 0, 0.0
        integer = operand.dtype == np.int64
        if operand.size == 1:
            return home.number, integer, 0, False, 0, operand.item()
        return home.vector, integer, 0, False, _address(operand), 0.0


def _words(width: int, integer: bool) -> int:
    return width * 2 if integer else width


def _address(array: Array) -> int:
    assert array.flags.c_contiguous
    assert array.dtype in (np.float32, np.int64)
    return array.ctypes.data
