"""One step of a network as the native core runs it: operations on vectors, one after the other.

Shapes: B rows, W width of a vector, K depth and N outputs of a product. What rows look at has
shapes of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from elman.kernels import core


class Slot(NamedTuple):
    """Where the vectors of all rows stand."""

    number: int
    width: int


class MemorySlots(NamedTuple):
    """What rows look at: outer slots that all rows share, R sources of S tokens and K rows each,
    N heads of width E."""

    keys: Slot  # (R, N, S, E)
    values: Slot  # (R, N, S, E)
    shut: Slot  # (R, S) 0 at real tokens, minus infinity at padding
    sizes: Slot  # S, K of int64


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
        words = width * (2 if dtype == torch.int64 else 1)
        return Slot(self._native.outer(words), width)

    def looked(self) -> MemorySlots:
        return MemorySlots(*(self.outer(0) for _ in MemorySlots._fields))

    def inner(self, width: int) -> Slot:
        return Slot(self._native.inner(width), width)

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

    def elman(self, gates: Slot, h: StateSlots, *, relu: bool) -> Slot:
        self._native.elman(gates.number, h.after.number, h.after.width, relu)
        return h.after

    def gru(self, gates: Slot, hidden: Slot, h: StateSlots) -> Slot:
        self._native.gru(
            gates.number, hidden.number, h.before.number, h.after.number, h.after.width
        )
        return h.after

    def lstm(self, gates: Slot, h: StateSlots, c: StateSlots) -> Slot:
        self._native.lstm(
            gates.number, c.before.number, h.after.number, c.after.number, h.after.width
        )
        return h.after

    def mingru(self, gates: Slot, h: StateSlots) -> Slot:
        self._native.mingru(gates.number, h.before.number, h.after.number, h.after.width)
        return h.after

    def clockwork(self, gates: Slot, h: StateSlots, time: StateSlots, periods: Tensor) -> Slot:
        self._native.clockwork(
            gates.number,
            h.before.number,
            time.before.number,
            h.after.number,
            time.after.number,
            _address(periods),
            h.after.width,
        )
        return h.after

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

    def attention(self, query: Slot, looked: MemorySlots, heads: int, weigh: Tensor | None) -> Slot:
        """The mean of the values, weighed by the likeness of their keys to the query (B, W): a
        product, or with weigh (W,) that of `elman.nn.attention.Attention`'s 'additive'."""
        out = self.inner(query.width)
        places = (slot.number for slot in looked)
        weights = 0 if weigh is None else _address(weigh)
        self._native.attention(query.number, *places, out.number, heads, query.width, weights)
        return out

    def copy(self, x: Slot, into: Slot) -> Slot:
        self._native.copy(x.number, into.number, x.width)
        return into

    def run(self, rows: int, outers: list[int], threads: int) -> None:
        """One step. outers: the addresses of contiguous (B, W) arrays, one for each outer slot."""
        self._native.run(rows, outers, threads)


def _address(tensor: Tensor) -> Any:
    assert tensor.is_contiguous()
    assert tensor.dtype in (torch.float32, torch.int64)
    return tensor.data_ptr()
