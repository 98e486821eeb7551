"""Elman, GRU and LSTM over time on the native core.

One large product computes the input's part of all gates; the core then runs step by step. Its
backward pass returns the gradients of all gates, and large products turn these into the gradients
of the weights.

Shapes: T time, B batch, D input width, H hidden width, G gates. Time comes first, (T, B, ...).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from elman.cells import GRU, LSTM, Cell, Elman, ElmanReLU, State
from elman.kernels import core, shapes
from elman.kernels.matmul import product
from elman.kernels.pointwise import product_type

# By exact type: a subclass may override the step.
_NAMES: dict[type[Cell], str] = {Elman: "elman", ElmanReLU: "elman_relu", GRU: "gru", LSTM: "lstm"}


class _Weights(NamedTuple):
    i2h: Tensor  # (GH, D)
    i2h_bias: Tensor  # (GH,)
    h2h: Tensor  # (GH, H)
    h2h_bias: Tensor  # (GH,)


class _RealSteps(NamedTuple):
    """The N steps of a ragged batch that are not padding, in order."""

    steps: Tensor  # (N,) the index of each among all T B
    offsets: Tensor  # (T, B) the inverse: the index among the N; undefined at padding

    @classmethod
    def of(cls, lengths: Tensor, time: int) -> _RealSteps:
        real = torch.arange(time)[:, None] < lengths
        return cls(real.flatten().nonzero()[:, 0], real.flatten().cumsum(0) - 1)


class _Layer(torch.autograd.Function):
    """Large products skip padding: they run over real steps only."""

    @staticmethod
    def forward(
        ctx: Any,
        kind: str,
        lengths: Tensor | None,
        xs: Tensor,
        h: Tensor,
        c: Tensor,
        *parameters: Tensor,
    ) -> tuple[Tensor, ...]:
        """xs (T, B, D), state (B, H) each, weights -> ys (T, B, H), the final state.

        Products use the type of xs. Cells without c pass an empty tensor.
        """
        native, weights = core.module(), _Weights(*parameters)
        (time, rows, _), dtype, hidden_size = xs.shape, xs.dtype, h.shape[1]
        real = None if lengths is None else _RealSteps.of(lengths, time)
        real_xs = xs.flatten(0, 1) if real is None else xs.flatten(0, 1)[real.steps]
        i2h, h2h = weights.i2h.to(dtype), weights.h2h.to(dtype).contiguous()
        separate_bias = kind == "gru"  # its h2h bias is inside r * (...)
        bias = weights.i2h_bias if separate_bias else weights.i2h_bias + weights.h2h_bias
        inputs = product(real_xs, i2h, bias.to(dtype))
        # h before every step, then the last h: the gradient of h2h needs all but the last.
        hs = xs.new_empty(time + 1, rows, hidden_size)
        hs[0] = h
        training = any(ctx.needs_input_grad)
        vectors = native.saved_of(getattr(native.Cell, kind)) * len(real_xs) if training else 0
        saved = h.new_empty(vectors, hidden_size)
        after_h, after_c = torch.empty_like(h), torch.empty_like(c)
        native.sequence_forward(
            shapes.sequence_shape(kind, hs[1:], lengths, None if real is None else real.offsets),
            inputs.data_ptr(),
            h2h.data_ptr(),
            weights.h2h_bias.data_ptr() if separate_bias else 0,
            h.data_ptr(),
            c.data_ptr(),
            hs[1].data_ptr(),
            saved.data_ptr() if training else 0,
            after_h.data_ptr(),
            after_c.data_ptr(),
        )
        if training:
            ctx.save_for_backward(real_xs, h, c, i2h, h2h, hs, saved, lengths, *(real or ()))
            ctx.kind = kind
        return hs[1:], after_h, after_c

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, to_ys: Tensor, to_h: Tensor, to_c: Tensor) -> tuple[Tensor | None, ...]:
        real_xs, h, c, i2h, h2h, hs, saved, lengths, *indices = ctx.saved_tensors
        real = _RealSteps(*indices) if indices else None
        native, kind, hidden_size = core.module(), ctx.kind, h.shape[1]
        cell = getattr(native.Cell, kind)
        gates, gradients = native.gates_of(cell), native.gate_gradients_of(cell)
        to_ys = to_ys.to(hs.dtype).contiguous()
        to_h, to_c = to_h.contiguous(), to_c.contiguous()
        to_gates = hs.new_empty(len(real_xs), gradients * hidden_size)
        to_bias = h.new_empty(gradients * hidden_size)
        to_first_h, to_first_c = torch.empty_like(h), torch.empty_like(c)
        native.sequence_backward(
            shapes.sequence_shape(kind, to_ys, lengths, None if real is None else real.offsets),
            hs[1].data_ptr(),
            saved.data_ptr(),
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
        of_hidden, of_input = (
            to_gates[:, : gates * hidden_size],
            to_gates[:, (gradients - gates) * hidden_size :],
        )
        before = hs[:-1].flatten(0, 1) if real is None else hs[:-1].flatten(0, 1)[real.steps]
        to_xs = _inputs_gradient(of_input, i2h, real, to_ys) if ctx.needs_input_grad[2] else None
        to_i2h = product(real_xs.t(), of_input.t()).t()
        to_h2h = product(before.t(), of_hidden.t()).t()
        to_h2h_bias = to_bias[: gates * hidden_size]
        if kind == "gru":  # the core returns n, r, z
            to_h2h, to_h2h_bias = to_h2h.roll(-hidden_size, 0), to_h2h_bias.roll(-hidden_size)
        to_weights = (to_i2h, to_bias[(gradients - gates) * hidden_size :], to_h2h, to_h2h_bias)
        return None, None, to_xs, to_first_h, to_first_c, *(part.to(h.dtype) for part in to_weights)


def _inputs_gradient(
    of_input: Tensor, i2h: Tensor, real: _RealSteps | None, to_ys: Tensor
) -> Tensor:
    """(T, B, D), zero at padding."""
    time, rows, _ = to_ys.shape
    to_xs = product(of_input, i2h.t())
    if real is not None:
        padded = to_xs.new_zeros(time * rows, to_xs.shape[1])
        to_xs = padded.index_copy_(0, real.steps, to_xs)
    return to_xs.view(time, rows, -1)


class NativeSequences:
    """The native core's layers in float32, or under autocast in bfloat16 with a float32 state."""

    name = "native"
    skips_padding = True

    def supports(self, cell: Cell, xs: Tensor) -> bool:
        return type(cell) in _NAMES and shapes.supports(product_type(xs), *cell.parameters())

    def preferred(self, cell: Cell, xs: Tensor, ragged: bool) -> bool:
        # torch uses oneDNN for one layer: a float32 LSTM over rows of equal length. There it is
        # 2 to 12 % faster (docs/decisions.md).
        if ragged or type(cell) is not LSTM or product_type(xs) != torch.float32:
            return True
        return not torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]

    def run(
        self, cell: Any, xs: Tensor, state: State, lengths: Tensor | None
    ) -> tuple[Tensor, State]:
        time_first = xs.transpose(0, 1).to(product_type(xs)).contiguous()
        h, *memory = (part.contiguous() for part in state)
        c = memory[0] if memory else h.new_empty(0)
        weights = (cell.i2h.weight, cell.i2h.bias, cell.h2h.weight, cell.h2h.bias)
        ys, *after = _Layer.apply(  # type: ignore[no-untyped-call]
            _NAMES[type(cell)], lengths, time_first, h, c, *weights
        )
        return ys.transpose(0, 1), type(state)(*after[: len(state)])
