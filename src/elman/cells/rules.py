"""How torch's operations map to the closed set of `elman.cells.program`, by their ATen names.

A rule takes the tracer, torch's result and the arguments of the operation. It returns the index of
the result, a list of indices for several results, or None if it does not support the arguments.

Shapes: B rows of a batch, W width of a vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from elman.cells.program import BOOLEAN, FLOAT, INTEGER

if TYPE_CHECKING:
    from elman.cells.tracing import Tracer, ValueIndex


Rule = Callable[..., Any]


def kind_of(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return BOOLEAN
    return FLOAT if tensor.is_floating_point() else INTEGER


def _elementwise(op: str) -> Rule:
    return lambda t, _, *given: t.combine(op, *given)


def _swapped(op: str) -> Rule:
    return lambda t, _, a, b: t.combine(op, b, a)


def _scaled(op: str, *, swapped: bool = False) -> Rule:
    """a + alpha * b, or a - alpha * b."""

    def rule(t: Tracer, _: Any, a: Any, b: Any, alpha: Any = 1) -> ValueIndex:
        b = b if alpha == 1 else t.combine("mul", b, alpha)
        return t.combine(op, b, a) if swapped else t.combine(op, a, b)

    return rule


def _not_equal(t: Tracer, _: Any, a: Any, b: Any) -> ValueIndex:
    return t.combine("not", t.combine("equal", a, b))


def _divided(t: Tracer, _: Any, a: Any, b: Any, rounding_mode: Any = None) -> ValueIndex | None:
    return t.combine("div", a, b) if rounding_mode is None else None


def _power(t: Tracer, _: Any, x: Any, exponent: Any) -> ValueIndex | None:
    if exponent == 0.5:
        return t.combine("sqrt", x)
    if exponent not in (2, 3):
        return None
    square = t.combine("mul", x, x)
    return square if exponent == 2 else t.combine("mul", square, x)


def _inverse(t: Tracer, _: Any, x: Any) -> ValueIndex:
    return t.combine("div", 1.0, x)


def _inverse_root(t: Tracer, _: Any, x: Any) -> ValueIndex:
    return t.combine("div", 1.0, t.combine("sqrt", x))


def _silu(t: Tracer, _: Any, x: Any) -> ValueIndex:
    return t.combine("mul", x, t.combine("sigmoid", x))


def _softplus(t: Tracer, _: Any, x: Any, beta: Any = 1, threshold: Any = 20) -> ValueIndex | None:
    """max(0, x) + log(1 + exp(-|x|)), which needs no threshold."""
    if beta != 1 or threshold < 20:
        return None
    small = t.combine("exp", t.combine("neg", t.combine("abs", x)))
    return t.combine("add", t.combine("relu", x), t.combine("log", t.combine("add", small, 1.0)))


def _clamped(t: Tracer, _: Any, x: Any, low: Any = None, high: Any = None) -> ValueIndex:
    index = t.index(x)
    if low is not None:
        index = t.combine("maximum", index, low)
    return index if high is None else t.combine("minimum", index, high)


def _clamped_above(t: Tracer, result: Any, x: Any, high: Any) -> ValueIndex:
    return _clamped(t, result, x, None, high)


def _hard_tanh(t: Tracer, result: Any, x: Any, low: Any = -1.0, high: Any = 1.0) -> ValueIndex:
    return _clamped(t, result, x, low, high)


def _hard_sigmoid(t: Tracer, result: Any, x: Any) -> ValueIndex:
    return _clamped(t, result, t.combine("add", t.combine("div", x, 6.0), 0.5), 0.0, 1.0)


def _leaky_relu(t: Tracer, _: Any, x: Any, slope: Any = 0.01) -> ValueIndex:
    return t.combine("where", t.combine("less", 0.0, x), x, t.combine("mul", x, slope))


def _elu(
    t: Tracer, _: Any, x: Any, alpha: Any = 1, scale: Any = 1, input_scale: Any = 1
) -> ValueIndex | None:
    if scale != 1 or input_scale != 1:
        return None
    below = t.combine("sub", t.combine("exp", t.combine("minimum", x, 0.0)), 1.0)
    return t.combine("where", t.combine("less", 0.0, x), x, t.combine("mul", below, alpha))


def _lerp(t: Tracer, _: Any, a: Any, b: Any, weight: Any) -> ValueIndex:
    return t.combine("add", a, t.combine("mul", weight, t.combine("sub", b, a)))


def _addcmul(t: Tracer, _: Any, a: Any, b: Any, c: Any, value: Any = 1) -> ValueIndex:
    product = t.combine("mul", b, c)
    return t.combine("add", a, product if value == 1 else t.combine("mul", product, value))


def _linear(t: Tracer, _: Any, x: Any, weight: Any, bias: Any = None) -> ValueIndex | None:
    return _product(t, x, t.index(weight), bias)


def _mm(t: Tracer, _: Any, x: Any, weight: Any) -> ValueIndex | None:
    return _product(t, x, _transpose_of(t, t.index(weight)), None)


def _addmm(
    t: Tracer, _: Any, bias: Any, x: Any, weight: Any, beta: Any = 1, alpha: Any = 1
) -> ValueIndex | None:
    if beta != 1 or alpha != 1:
        return None
    return _product(t, x, _transpose_of(t, t.index(weight)), bias)


def _product(t: Tracer, x: Any, weight: ValueIndex, bias: Any) -> ValueIndex | None:
    of = [t.index(x), weight, *([] if bias is None else [t.index(bias)])]
    vector, *rest = (t.values[each] for each in of)
    if not vector.rows or any(each.rows for each in rest) or len(rest[0].shape) != 2:
        return None
    if any(len(each.shape) != 1 for each in rest[1:]):
        return None
    return t.make("linear", *of, shape=rest[0].shape[:1])


def _transpose_of(t: Tracer, index: ValueIndex) -> ValueIndex:
    value = t.values[index]
    if value.op == "transpose":
        return type(index)(value.of[0])
    return t.make("transpose", index, shape=value.shape[::-1])


def _transposed(t: Tracer, _: Any, x: Any, *dimensions: Any) -> ValueIndex | None:
    value = t.value(x)
    swapped = not dimensions or {each % 2 for each in dimensions} == {0, 1}
    if value.rows or len(value.shape) != 2 or not swapped:
        return None
    return _transpose_of(t, t.index(x))


def _same(t: Tracer, _: Any, x: Any, **__: Any) -> ValueIndex:
    return t.index(x)


def _cast(t: Tracer, result: Tensor, x: Any, *_: Any, **__: Any) -> ValueIndex:
    return t.cast(t.index(x), kind_of(result))


def _shaped(t: Tracer, result: Tensor, x: Any, *_: Any) -> ValueIndex | None:
    """A view or reshape that keeps all numbers."""
    value, shape = t.value(x), tuple(result.shape)
    if not value.rows:
        return t.make("reshape", t.index(x), shape=shape)
    same = shape == (t.batch, *value.shape) or (value.shape == (1,) and shape == (t.batch,))
    return t.index(x) if same else None


def _expanded(t: Tracer, result: Tensor, x: Any, *_: Any, **__: Any) -> ValueIndex | None:
    value, shape = t.value(x), tuple(result.shape)
    if len(shape) != 2 or shape[0] != t.batch:
        return None
    if value.rows:
        return t.combine("add", x, _zeros(t, shape[1]))
    if value.shape not in ((), (1,), (1, 1), shape[1:], (1, *shape[1:])):
        return None
    wide = t.make("reshape", t.index(x), shape=value.shape[-1:] or (1,))
    return wide if value.shape[-1:] == shape[1:] else t.combine("add", wide, _zeros(t, shape[1]))


def _sliced(
    t: Tracer, _: Any, x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> ValueIndex | None:
    if step != 1:
        return None
    return _cut(t, x, dim, start or 0, end)


def _cut(t: Tracer, x: Any, dim: int, start: int, end: int | None) -> ValueIndex | None:
    value = t.value(x)
    dimensions = x.dim()
    size = x.shape[dim]
    start, end = (
        each if each >= 0 else each + size for each in (start, size if end is None else end)
    )
    end = min(end, size)
    if start == 0 and end == size:
        return t.index(x)
    if value.rows and (dimensions != 2 or dim % 2 == 0):
        return None
    axis = -1 if value.rows else dim % dimensions
    shape = list(value.shape)
    shape[axis] = end - start
    return t.make("slice", t.index(x), shape=tuple(shape), start=start, stop=end, axis=axis)


def _selected(t: Tracer, _: Any, x: Any, dim: int, index: int) -> ValueIndex | None:
    """One element of each row, as a vector of width 1."""
    if not t.value(x).rows or index < 0:
        return None
    return _cut(t, x, dim, index, index + 1)


def _split(t: Tracer, results: Any, x: Any, _: Any, dim: int = 0) -> list[ValueIndex] | None:
    indices, start = [], 0
    for each in results:
        index = _cut(t, x, dim, start, start + each.shape[dim])
        if index is None:
            return None
        indices.append(index)
        start += each.shape[dim]
    return indices


def _relu(t: Tracer, _: Any, x: Any) -> ValueIndex:
    integer = t.value(x).kind == INTEGER
    return t.combine("maximum", x, 0) if integer else t.combine("relu", x)


def _cat(t: Tracer, result: Tensor, tensors: Any, dim: int = 0) -> ValueIndex | None:
    of = [t.index(each) for each in tensors]
    values = [t.values[each] for each in of]
    fits = len(result.shape) == 2 and dim % 2 == 1 and all(each.rows for each in values)
    if not fits:
        return None
    return t.make("cat", *of, shape=tuple(result.shape[1:]))


def _along_row(t: Tracer, x: Any, dimensions: Any) -> bool:
    given = [dimensions] if isinstance(dimensions, int) else list(dimensions or ())
    return t.value(x).rows and x.dim() == 2 and given in ([1], [-1])


def _log_softmax(t: Tracer, _: Any, x: Any, dim: int, *__: Any) -> ValueIndex | None:
    if not _along_row(t, x, dim):
        return None
    return t.make("log_softmax", t.index(x), shape=t.value(x).shape)


def _softmax(t: Tracer, result: Any, x: Any, dim: int, *rest: Any) -> ValueIndex | None:
    logs = _log_softmax(t, result, x, dim, *rest)
    return None if logs is None else t.combine("exp", logs)


def _sum(t: Tracer, _: Any, x: Any, dim: Any = None, *__: Any, **___: Any) -> ValueIndex | None:
    if not _along_row(t, x, dim):
        return None
    return _sum_of(t, t.index(x))


def _mean(
    t: Tracer, result: Any, x: Any, dim: Any = None, *rest: Any, **more: Any
) -> ValueIndex | None:
    total = _sum(t, result, x, dim, *rest, **more)
    return None if total is None else t.combine("div", total, float(x.shape[-1]))


def _layer_norm(
    t: Tracer, _: Any, x: Any, shape: Any, weight: Any, bias: Any, epsilon: float
) -> list[ValueIndex] | None:
    """Over each row; torch's other results are for gradients only."""
    if not t.value(x).rows or list(shape) != [x.shape[-1]]:
        return None
    size = float(x.shape[-1])
    centered = t.combine("sub", x, t.combine("div", _sum_of(t, t.index(x)), size))
    square = t.combine("div", _sum_of(t, t.combine("mul", centered, centered)), size)
    index = t.combine("div", centered, t.combine("sqrt", t.combine("add", square, epsilon)))
    if weight is not None:
        index = t.combine("mul", index, weight)
    return [index if bias is None else t.combine("add", index, bias)]


def _zeros(t: Tracer, width: int) -> ValueIndex:
    return t.index(torch.zeros(width, dtype=t.dtype))


def _sum_of(t: Tracer, index: ValueIndex) -> ValueIndex:
    return t.make("sum", index, shape=(1,))


RULES: dict[str, Rule] = {
    **{
        name: _elementwise(name)
        for name in ("mul", "remainder", "maximum", "minimum", "where", "neg", "abs")
    },
    **{name: _elementwise(name) for name in ("sigmoid", "tanh", "exp", "log", "sqrt")},
    "add": _scaled("add"),
    "sub": _scaled("sub"),
    "rsub": _scaled("sub", swapped=True),
    "div": _divided,
    "lt": _elementwise("less"),
    "le": _elementwise("less_equal"),
    "gt": _swapped("less"),
    "ge": _swapped("less_equal"),
    "eq": _elementwise("equal"),
    "ne": _not_equal,
    **{name: _elementwise("and") for name in ("logical_and", "bitwise_and", "__and__")},
    **{name: _elementwise("or") for name in ("logical_or", "bitwise_or", "__or__")},
    **{name: _elementwise("not") for name in ("logical_not", "bitwise_not")},
    "relu": _relu,
    "pow": _power,
    "reciprocal": _inverse,
    "rsqrt": _inverse_root,
    "silu": _silu,
    "softplus": _softplus,
    "clamp": _clamped,
    "clamp_min": _clamped,
    "clamp_max": _clamped_above,
    "hardtanh": _hard_tanh,
    "hardsigmoid": _hard_sigmoid,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "lerp": _lerp,
    "addcmul": _addcmul,
    "linear": _linear,
    "mm": _mm,
    "addmm": _addmm,
    "t": _transposed,
    "transpose": _transposed,
    **dict.fromkeys(("detach", "alias", "clone", "lift_fresh"), _same),
    "_to_copy": _cast,
    **dict.fromkeys(("view", "_unsafe_view", "unsqueeze", "squeeze", "reshape"), _shaped),
    "expand": _expanded,
    "slice": _sliced,
    "select": _selected,
    "split": _split,
    "split_with_sizes": _split,
    "cat": _cat,
    "_log_softmax": _log_softmax,
    "_softmax": _softmax,
    "sum": _sum,
    "mean": _mean,
    "native_layer_norm": _layer_norm,
}
