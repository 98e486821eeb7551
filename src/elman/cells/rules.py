"""What torch's operations are in the closed set of `elman.cells.program`, by their names in ATen.

A rule takes the tracer, what torch answered, and the operation's arguments -> the place of the
answer, a list of them where there are several, or None where its arguments are outside of the set.

Shapes: B rows of a batch, W width of a vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from elman.cells.program import INTEGER, kind_of

if TYPE_CHECKING:
    from elman.cells.tracing import Place, Tracer


Rule = Callable[..., Any]

ALWAYS_FLOAT = frozenset(("div", "sigmoid", "tanh", "exp", "log", "sqrt"))
"""Element-wise operations that answer with fractions, whatever they are given."""


def _elementwise(op: str) -> Rule:
    return lambda t, _, *given: t.combine(op, *given)


def _swapped(op: str) -> Rule:
    return lambda t, _, a, b: t.combine(op, b, a)


def _scaled(op: str, *, swapped: bool = False) -> Rule:
    """a + alpha b, and the like."""

    def rule(t: Tracer, _: Any, a: Any, b: Any, alpha: Any = 1) -> Place:
        b = b if alpha == 1 else t.combine("mul", b, alpha)
        return t.combine(op, b, a) if swapped else t.combine(op, a, b)

    return rule


def _not_equal(t: Tracer, _: Any, a: Any, b: Any) -> Place:
    return t.combine("not", t.combine("equal", a, b))


def _divided(t: Tracer, _: Any, a: Any, b: Any, rounding_mode: Any = None) -> Place | None:
    return t.combine("div", a, b) if rounding_mode is None else None


def _power(t: Tracer, _: Any, x: Any, exponent: Any) -> Place | None:
    if exponent == 0.5:
        return t.combine("sqrt", x)
    if exponent not in (2, 3):
        return None
    square = t.combine("mul", x, x)
    return square if exponent == 2 else t.combine("mul", square, x)


def _inverse(t: Tracer, _: Any, x: Any) -> Place:
    return t.combine("div", 1.0, x)


def _inverse_root(t: Tracer, _: Any, x: Any) -> Place:
    return t.combine("div", 1.0, t.combine("sqrt", x))


def _silu(t: Tracer, _: Any, x: Any) -> Place:
    return t.combine("mul", x, t.combine("sigmoid", x))


def _softplus(t: Tracer, _: Any, x: Any, beta: Any = 1, threshold: Any = 20) -> Place | None:
    """max(0, x) + log(1 + exp(-|x|)), which is exact beyond any threshold."""
    if beta != 1 or threshold < 20:
        return None
    small = t.combine("exp", t.combine("neg", t.combine("abs", x)))
    return t.combine("add", t.combine("relu", x), t.combine("log", t.combine("add", small, 1.0)))


def _clamped(t: Tracer, _: Any, x: Any, low: Any = None, high: Any = None) -> Place:
    place = t.place(x)
    if low is not None:
        place = t.combine("maximum", place, low)
    return place if high is None else t.combine("minimum", place, high)


def _clamped_above(t: Tracer, result: Any, x: Any, high: Any) -> Place:
    return _clamped(t, result, x, None, high)


def _hard_tanh(t: Tracer, result: Any, x: Any, low: Any = -1.0, high: Any = 1.0) -> Place:
    return _clamped(t, result, x, low, high)


def _hard_sigmoid(t: Tracer, result: Any, x: Any) -> Place:
    return _clamped(t, result, t.combine("add", t.combine("div", x, 6.0), 0.5), 0.0, 1.0)


def _leaky_relu(t: Tracer, _: Any, x: Any, slope: Any = 0.01) -> Place:
    return t.combine("where", t.combine("less", 0.0, x), x, t.combine("mul", x, slope))


def _elu(
    t: Tracer, _: Any, x: Any, alpha: Any = 1, scale: Any = 1, input_scale: Any = 1
) -> Place | None:
    if scale != 1 or input_scale != 1:
        return None
    below = t.combine("sub", t.combine("exp", t.combine("minimum", x, 0.0)), 1.0)
    return t.combine("where", t.combine("less", 0.0, x), x, t.combine("mul", below, alpha))


def _lerp(t: Tracer, _: Any, a: Any, b: Any, weight: Any) -> Place:
    return t.combine("add", a, t.combine("mul", weight, t.combine("sub", b, a)))


def _addcmul(t: Tracer, _: Any, a: Any, b: Any, c: Any, value: Any = 1) -> Place:
    product = t.combine("mul", b, c)
    return t.combine("add", a, product if value == 1 else t.combine("mul", product, value))


def _linear(t: Tracer, _: Any, x: Any, weight: Any, bias: Any = None) -> Place | None:
    return _product(t, x, t.place(weight), bias)


def _mm(t: Tracer, _: Any, x: Any, weight: Any) -> Place | None:
    return _product(t, x, _turned(t, t.place(weight)), None)


def _addmm(
    t: Tracer, _: Any, bias: Any, x: Any, weight: Any, beta: Any = 1, alpha: Any = 1
) -> Place | None:
    if beta != 1 or alpha != 1:
        return None
    return _product(t, x, _turned(t, t.place(weight)), bias)


def _product(t: Tracer, x: Any, weight: Place, bias: Any) -> Place | None:
    of = [t.place(x), weight, *([] if bias is None else [t.place(bias)])]
    vector, *rest = (t.values[each] for each in of)
    if not vector.rows or any(each.rows for each in rest) or len(rest[0].shape) != 2:
        return None
    if any(len(each.shape) != 1 for each in rest[1:]):
        return None
    return t.make("linear", *of, shape=rest[0].shape[:1])


def _turned(t: Tracer, place: Place) -> Place:
    value = t.values[place]
    if value.op == "transpose":
        return type(place)(value.of[0])
    return t.make("transpose", place, shape=value.shape[::-1])


def _transposed(t: Tracer, _: Any, x: Any, *dimensions: Any) -> Place | None:
    value = t.value(x)
    swapped = not dimensions or {each % 2 for each in dimensions} == {0, 1}
    if value.rows or len(value.shape) != 2 or not swapped:
        return None
    return _turned(t, t.place(x))


def _same(t: Tracer, _: Any, x: Any, **__: Any) -> Place:
    return t.place(x)


def _cast(t: Tracer, result: Tensor, x: Any, *_: Any, **__: Any) -> Place:
    return t.cast(t.place(x), kind_of(result))


def _shaped(t: Tracer, result: Tensor, x: Any, *_: Any) -> Place | None:
    """The same numbers in another shape."""
    value, shape = t.value(x), tuple(result.shape)
    if not value.rows:
        return t.make("reshape", t.place(x), shape=shape)
    same = shape == (t.batch, *value.shape) or (value.shape == (1,) and shape == (t.batch,))
    return t.place(x) if same else None


def _expanded(t: Tracer, result: Tensor, x: Any, *_: Any, **__: Any) -> Place | None:
    value, shape = t.value(x), tuple(result.shape)
    if len(shape) != 2 or shape[0] != t.batch:
        return None
    if value.rows:
        return t.combine("add", x, _zeros(t, shape[1]))
    if value.shape not in ((), (1,), (1, 1), shape[1:], (1, *shape[1:])):
        return None
    wide = t.make("reshape", t.place(x), shape=value.shape[-1:] or (1,))
    return wide if value.shape[-1:] == shape[1:] else t.combine("add", wide, _zeros(t, shape[1]))


def _sliced(
    t: Tracer, _: Any, x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Place | None:
    if step != 1:
        return None
    return _cut(t, x, dim, start or 0, end)


def _cut(t: Tracer, x: Any, dim: int, start: int, end: int | None) -> Place | None:
    value = t.value(x)
    dimensions = x.dim()
    size = x.shape[dim]
    start, end = (
        each if each >= 0 else each + size for each in (start, size if end is None else end)
    )
    end = min(end, size)
    if start == 0 and end == size:
        return t.place(x)
    if value.rows and (dimensions != 2 or dim % 2 == 0):
        return None
    axis = -1 if value.rows else dim % dimensions
    shape = list(value.shape)
    shape[axis] = end - start
    return t.make("slice", t.place(x), shape=tuple(shape), start=start, stop=end, axis=axis)


def _selected(t: Tracer, _: Any, x: Any, dim: int, index: int) -> Place | None:
    """One number of each row, as a vector of one."""
    if not t.value(x).rows or index < 0:
        return None
    return _cut(t, x, dim, index, index + 1)


def _split(t: Tracer, results: Any, x: Any, _: Any, dim: int = 0) -> list[Place] | None:
    places, start = [], 0
    for each in results:
        place = _cut(t, x, dim, start, start + each.shape[dim])
        if place is None:
            return None
        places.append(place)
        start += each.shape[dim]
    return places


def _relu(t: Tracer, _: Any, x: Any) -> Place:
    whole = t.value(x).kind == INTEGER
    return t.combine("maximum", x, 0) if whole else t.combine("relu", x)


def _joined(t: Tracer, result: Tensor, tensors: Any, dim: int = 0) -> Place | None:
    of = [t.place(each) for each in tensors]
    values = [t.values[each] for each in of]
    fits = len(result.shape) == 2 and dim % 2 == 1 and all(each.rows for each in values)
    if not fits:
        return None
    return t.make("cat", *of, shape=tuple(result.shape[1:]))


def _along_row(t: Tracer, x: Any, dimensions: Any) -> bool:
    given = [dimensions] if isinstance(dimensions, int) else list(dimensions or ())
    return t.value(x).rows and x.dim() == 2 and given in ([1], [-1])


def _log_softmax(t: Tracer, _: Any, x: Any, dim: int, *__: Any) -> Place | None:
    if not _along_row(t, x, dim):
        return None
    return t.make("log_softmax", t.place(x), shape=t.value(x).shape)


def _softmax(t: Tracer, result: Any, x: Any, dim: int, *rest: Any) -> Place | None:
    logs = _log_softmax(t, result, x, dim, *rest)
    return None if logs is None else t.combine("exp", logs)


def _sum(t: Tracer, _: Any, x: Any, dim: Any = None, *__: Any, **___: Any) -> Place | None:
    if not _along_row(t, x, dim):
        return None
    return _whole(t, t.place(x))


def _mean(t: Tracer, result: Any, x: Any, dim: Any = None, *rest: Any, **more: Any) -> Place | None:
    whole = _sum(t, result, x, dim, *rest, **more)
    return None if whole is None else t.combine("div", whole, float(x.shape[-1]))


def _layer_norm(
    t: Tracer, _: Any, x: Any, shape: Any, weight: Any, bias: Any, epsilon: float
) -> list[Place] | None:
    """Of one row; what torch answers besides is for gradients."""
    if not t.value(x).rows or list(shape) != [x.shape[-1]]:
        return None
    size = float(x.shape[-1])
    apart = t.combine("sub", x, t.combine("div", _whole(t, t.place(x)), size))
    square = t.combine("div", _whole(t, t.combine("mul", apart, apart)), size)
    place = t.combine("div", apart, t.combine("sqrt", t.combine("add", square, epsilon)))
    if weight is not None:
        place = t.combine("mul", place, weight)
    return [place if bias is None else t.combine("add", place, bias)]


def _zeros(t: Tracer, width: int) -> Place:
    return t.place(torch.zeros(width, dtype=t.dtype))


def _whole(t: Tracer, place: Place) -> Place:
    return t.make("sum", place, shape=(1,))


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
    "cat": _joined,
    "_log_softmax": _log_softmax,
    "_softmax": _softmax,
    "sum": _sum,
    "mean": _mean,
    "native_layer_norm": _layer_norm,
}
