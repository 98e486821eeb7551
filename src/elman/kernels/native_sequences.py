"""Elman, GRU and LSTM over time on a CPU, by the native core.

The input's part of all gates is one large product; the core multiplies and finishes step after
step, and leaves the gradients of all gates, from which large products make those of the weights.

Shapes: T time, B batch, D input width, H hidden width, G gates. Time comes first, (T, B, ...).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from elman.cells import GRU, LSTM, Cell, Elman, ElmanReLU, State
from elman.kernels import core
from elman.kernels.matmul import product
from elman.kernels.pointwise import product_type

# By exact type: a subclass may have its own idea of a step.
_NAMES: dict[type[Cell], str] = {Elman: "elman", ElmanReLU: "elman_relu", GRU: "gru", LSTM: "lstm"}


class _Weights(NamedTuple):
    i2h: Tensor  # (GH, D)
    i2h_bias: Tensor  # (GH,)
    h2h: Tensor  # (GH, H)
    h2h_bias: Tensor  # (GH,)


class _Real(NamedTuple):
    """The N steps of a ragged batch that are no padding, one after another."""

    steps: Tensor  # (N,) where each stands among all T B
    places: Tensor  # (T, B) the other way round; at padding any

    @classmethod
    def of(cls, lengths: Tensor, time: int) -> _Real:
        real = torch.arange(time)[:, None] < lengths
        return cls(real.flatten().nonzero()[:, 0], real.flatten().cumsum(0) - 1)


class _Layer(torch.autograd.Function):
    """Large products are of real steps alone: padding costs them nothing."""

    @staticmethod
    def forward(
        ctx: Any, kind: str, lengths: Tensor | None, xs: Tensor, h: Tensor, c: Tensor, *rest: Tensor
    ) -> tuple[Tensor, ...]:
        """xs (T, B, D), state (B, H) each, weights -> ys (T, B, H), the state after.

        Products are in the type of xs. Cells without a c have an empty one.
        """
        native, weights = core.module(), _Weights(*rest)
        (time, rows, _), dtype, units = xs.shape, xs.dtype, h.shape[1]
        real = None if lengths is None else _Real.of(lengths, time)
        given = xs.flatten(0, 1) if real is None else xs.flatten(0, 1)[real.steps]
        i2h, h2h = weights.i2h.to(dtype), weights.h2h.to(dtype).contiguous()
        inside = kind == "gru"  # where the hidden part's bias cannot be added to the input's
        bias = weights.i2h_bias if inside else weights.i2h_bias + weights.h2h_bias
        inputs = product(given, i2h, bias.to(dtype))
        # h before every step, one row of it each, then the last: what the weights' gradient reads.
        hs = xs.new_empty(time + 1, rows, units)
        hs[0] = h
        learning = any(ctx.needs_input_grad)
        vectors = native.saved_of(getattr(native.Cell, kind)) * len(given) if learning else 0
        kept = h.new_empty(vectors, units)
        after_h, after_c = torch.empty_like(h), torch.empty_like(c)
        native.sequence_forward(
            core.sequence_shape(kind, hs[1:], lengths, None if real is None else real.places),
            inputs.data_ptr(),
            h2h.data_ptr(),
            weights.h2h_bias.data_ptr() if inside else 0,
            h.data_ptr(),
            c.data_ptr(),
            hs[1].data_ptr(),
            kept.data_ptr() if learning else 0,
            after_h.data_ptr(),
            after_c.data_ptr(),
        )
        if learning:
            ctx.save_for_backward(given, h, c, i2h, h2h, hs, kept, lengths, *(real or ()))
            ctx.kind = kind
        return hs[1:], after_h, after_c

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_ys: Tensor, to_h: Tensor, to_c: Tensor) -> tuple[Tensor | None, ...]:
        given, h, c, i2h, h2h, hs, kept, lengths, *indices = ctx.saved_tensors
        real = _Real(*indices) if indices else None
        native, kind, units = core.module(), ctx.kind, h.shape[1]
        cell = getattr(native.Cell, kind)
        gates, slopes = native.gates_of(cell), native.gate_gradients_of(cell)
        to_ys = to_ys.to(hs.dtype).contiguous()
        to_h, to_c = to_h.contiguous(), to_c.contiguous()
        to_gates = hs.new_empty(len(given), slopes * units)
        to_bias = h.new_empty(slopes * units)
        to_first_h, to_first_c = torch.empty_like(h), torch.empty_like(c)
        native.sequence_backward(
            core.sequence_shape(kind, to_ys, lengths, None if real is None else real.places),
            hs[1].data_ptr(),
            kept.data_ptr(),
            h2h.data_ptr(),
            h.data_ptr(),
            c.data_ptr(),
            to_ys.data_ptr(),
            to_h.data_ptr(),
            to_c.data_ptr(),
            to_gates.data_ptr(),
            to_bias.data_ptr(),
            to_first_h.data_ptr(),
            to_first_c.data_ptr(),
        )
        of_hidden, of_input = to_gates[:, : gates * units], to_gates[:, (slopes - gates) * units :]
        before = hs[:-1].flatten(0, 1) if real is None else hs[:-1].flatten(0, 1)[real.steps]
        to_xs = _inputs_gradient(of_input, i2h, real, to_ys) if ctx.needs_input_grad[2] else None
        to_i2h = product(given.t(), of_input.t()).t()
        to_h2h = product(before.t(), of_hidden.t()).t()
        to_h2h_bias = to_bias[: gates * units]
        if kind == "gru":  # n, r, z as they come
            to_h2h, to_h2h_bias = to_h2h.roll(-units, 0), to_h2h_bias.roll(-units)
        to_weights = (to_i2h, to_bias[(slopes - gates) * units :], to_h2h, to_h2h_bias)
        return None, None, to_xs, to_first_h, to_first_c, *(part.to(h.dtype) for part in to_weights)


def _inputs_gradient(of_input: Tensor, i2h: Tensor, real: _Real | None, to_ys: Tensor) -> Tensor:
    """(T, B, D), zero at padding."""
    time, rows, _ = to_ys.shape
    to_given = product(of_input, i2h.t())
    if real is not None:
        everywhere = to_given.new_zeros(time * rows, to_given.shape[1])
        to_given = everywhere.index_copy_(0, real.steps, to_given)
    return to_given.view(time, rows, -1)


class NativeSequences:
    """The native core's layers, in float32, or under autocast in bfloat16 with a float32 state."""

    name = "native"
    skips_padding = True

    def serves(self, cell: Cell, xs: Tensor) -> bool:
        return type(cell) in _NAMES and core.serves(product_type(xs), *cell.parameters())

    def suits(self, cell: Cell, xs: Tensor, ragged: bool) -> bool:
        # What torch has of oneDNN is one layer: an LSTM in float32 over rows of one length. There
        # it is the faster by 2 to 12 % (docs/decisions.md).
        if ragged or type(cell) is not LSTM or product_type(xs) != torch.float32:
            return True
        return not torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]

    def run(
        self, cell: Any, xs: Tensor, state: State, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        given = xs.transpose(0, 1).to(product_type(xs)).contiguous()
        h, *rest = (part.contiguous() for part in state)
        c = rest[0] if rest else h.new_empty(0)
        weights = (cell.i2h.weight, cell.i2h.bias, cell.h2h.weight, cell.h2h.bias)
        ys, *after = _Layer.apply(  # type: ignore[no-untyped-call]
            _NAMES[type(cell)], lengths, given, h, c, *weights
        )
        return ys.transpose(0, 1), type(state)(*after[: len(state)])
