"""One step of a network as the native core runs it: operations on vectors, one after the other.

Shapes: B rows, W width of a vector, K depth and N outputs of a product. What rows attend to has
shapes of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from elman.kernels import core


class Slot(NamedTuple):
    """Where the vectors of all rows stand."""

    number: int
    width: int
    integer: bool = False  # of int64; else float32


class MemorySlots(NamedTuple):
    """What rows attend to: outer slots that all rows share, R sources of S tokens and K rows each,
    N heads of width E."""

    keys: Slot  # (R, N, S, E)
    values: Slot  # (R, N, S, E)
    mask: Slot  # (R, S) 0 at real tokens, minus infinity at padding
    sizes: Slot  # S, K of int64


class Temporary(NamedTuple):
    """A vector that is gone when the element-wise operations around it are done."""

    number: int
    integer: bool = False


Operand = Slot | Temporary | Tensor
"""Of an element-wise operation; a tensor is a vector (W,) or a number (), the same for all rows."""


class Instruction(NamedTuple):
    """An element-wise operation: its name in `elman.cells.program`, or "copy"."""

    name: str
    out: Slot | Temporary
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class StateSlots:
    """A part of the state: where it is read, and where its successor is written."""

    before: Slot
    after: Slot


class StepProgram:
    """A network's step, put together operation by operation; weights are copied.

    Outer slots are memory that every run is given, in the order in which they were made; inner
    slots are the program's own.

    Args:
        int8: whether products are of 8-bit integers: weights with a scale for each output, vectors
            with a scale for each as it comes (both symmetric, rounded to nearest).
    """

    def __init__(self, *, int8: bool = False) -> None:
        native = core.module()
        self._native = native.program()
        self._precision = native.Precision.int8 if int8 else native.Precision.float32

    def outer(self, width: int, dtype: torch.dtype = torch.float32) -> Slot:
        """A slot of the caller's, (B, W) of float32 or int64."""
        integer = dtype == torch.int64
        return Slot(self._native.outer(_words(width, integer)), width, integer)

    def attention_memory(self) -> MemorySlots:
        return MemorySlots(*(self.outer(0) for _ in MemorySlots._fields))

    def inner(self, width: int, *, integer: bool = False) -> Slot:
        return Slot(self._native.inner(_words(width, integer)), width, integer)

    def view(self, slot: Slot, start: int, width: int) -> Slot:
        """A part of a slot's vectors."""
        offset = _words(start, slot.integer)
        return Slot(self._native.view(slot.number, offset), width, slot.integer)

    def embed(self, tokens: Slot, table: Tensor, scale: float) -> Slot:
        """The rows of a table (V, W) that tokens (B, 1) of int64 name, times a scale."""
        vocabulary, width = table.shape
        out = self.inner(width)
        self._native.embed(
            tokens.number, out.number, _address(table), vocabulary, width, float(scale)
        )
        return out

    def linear(
        self,
        x: Slot,
        weight: Tensor,
        bias: Tensor | None,
        into: Slot | None = None,
        *,
        adds: bool = False,
    ) -> Slot:
        """weight (N, K) x + bias (N,); with `adds`, on top of what stands in `into`."""
        outputs, depth = weight.shape
        out = self.inner(outputs) if into is None else into
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

    def layer(self, x: Slot, linear: nn.Linear, into: Slot | None = None) -> Slot:
        return self.linear(x, linear.weight, linear.bias, into)

    def rms_norm(self, x: Slot, weight: Tensor, epsilon: float) -> Slot:
        out = self.inner(x.width)
        self._native.rms_norm(x.number, out.number, _address(weight), x.width, epsilon)
        return out

    def convolution(self, x: Slot, recent: StateSlots, weight: Tensor, bias: Tensor) -> Slot:
        """A causal convolution of each channel; weight (K, W), recent (B, K - 1, W)."""
        out = self.inner(x.width)
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
        self._native.silu_gate(gate.number, value.number, out.number, gate.width)
        return out

    def add(self, a: Slot, b: Slot, into: Slot) -> Slot:
        self._native.add(a.number, b.number, into.number, into.width)
        return into

    def log_softmax(self, x: Slot) -> Slot:
        """In its own place."""
        self._native.log_softmax(x.number, x.width)
        return x

    def attention(self, query: Slot, memory: MemorySlots, heads: int, score: Tensor | None) -> Slot:
        """The mean of the values, weighted by how well their keys match the query (B, W): by the
        product, or with score (W,) by `elman.nn.attention.Attention`'s 'additive' one."""
        out = self.inner(query.width)
        slots = (slot.number for slot in memory)
        weight = 0 if score is None else _address(score)
        self._native.attention(query.number, *slots, out.number, heads, query.width, weight)
        return out

    def copy(self, x: Slot, into: Slot) -> Slot:
        self._native.copy(x.number, into.number, _words(x.width, x.integer))
        return into

    def sum(self, x: Slot) -> Slot:
        """Of the numbers of a vector, as a vector of one."""
        out = self.inner(1)
        self._native.sum(x.number, out.number, x.width)
        return out

    def elementwise(self, width: int, instructions: Sequence[Instruction]) -> None:
        """Element-wise operations on vectors of one width, in order; a vector of one number, or a
        number, counts for each element."""
        native, registers = core.module(), _Registers(width)
        made = [
            (
                getattr(native.Element, each.name),
                registers.number(each.out),
                [registers.number(operand) for operand in each.operands],
            )
            for each in instructions
        ]
        self._native.elementwise(width, registers.fields, made)

    def run(self, rows: int, outers: list[int], threads: int) -> None:
        """One step. outers: the addresses of contiguous (B, W) arrays, one for each outer slot."""
        self._native.run(rows, outers, threads)


class _Registers:
    """The operands of some element-wise operations as the core is told of them."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._numbers: dict[Any, int] = {}
        self.fields: list[tuple[Any, bool, int, bool, int, float]] = []

    def number(self, operand: Operand) -> int:
        key = id(operand) if isinstance(operand, Tensor) else (type(operand), operand)
        if key not in self._numbers:
            self._numbers[key] = len(self.fields)
            self.fields.append(self._described(operand))
        return self._numbers[key]

    def _described(self, operand: Operand) -> tuple[Any, bool, int, bool, int, float]:
        home = core.module().Home
        if isinstance(operand, Temporary):
            return home.temporary, operand.integer, operand.number, False, 0, 0.0
        if isinstance(operand, Slot):
            single = operand.width == 1 and self._width > 1
            return home.slot, operand.integer, operand.number, single, 0, 0.0
        if operand.numel() == 1:
            return home.number, not operand.is_floating_point(), 0, False, 0, operand.item()
        return home.vector, not operand.is_floating_point(), 0, False, _address(operand), 0.0


def _words(width: int, integer: bool) -> int:
    return width * 2 if integer else width


def _address(tensor: Tensor) -> Any:
    assert tensor.is_contiguous()
    assert tensor.dtype in (torch.float32, torch.int64)
    return tensor.data_ptr()
