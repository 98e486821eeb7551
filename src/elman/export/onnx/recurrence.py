"""The cells as graphs: what needs no memory for all times at once, and a loop over the rest.

Shapes: T time, B batch, D input width, H hidden hidden_size. Time comes first, (T, B, D).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from elman.cells import GRU, LSTM, Cell, Clockwork, Elman, ElmanReLU, MinGRU, PlainRNN
from elman.export.onnx.graph import Graph, Names

Rule = Callable[[Graph, Names, str], tuple[Names, str]]
"""One step: (graph, the state before, what is known of the input) -> (the state after, y)."""


def run_cell(graph: Graph, cell: Cell, xs: str, states: Names, real: str) -> tuple[Names, str]:
    """xs (T, B, D), real (T, B, 1) -> the state after each row's last real token, ys (T, B, H)."""
    prepared, rule = _RULES[type(cell)](graph, cell, xs)

    def step(body: Graph, before: Names, given: Names) -> tuple[Names, str]:
        known, is_real = given
        after, y = rule(body, before, known)
        pairs = zip(after, before, strict=True)
        return [body.op("Where", is_real, new, old) for new, old in pairs], y

    kinds: list[Any] = [np.float32] * len(states)
    if isinstance(cell, Clockwork):  # its time is an integer for each row
        h, time = states
        states, kinds[1] = [h, graph.op("Unsqueeze", time, graph.constant([1]))], np.int64
    after, ys = graph.scan(step, states, [prepared, real], [*kinds, np.float32, np.bool_])
    if isinstance(cell, Clockwork):
        after[1] = graph.op("Squeeze", after[1], graph.constant([1]))
    return after, ys


def _plain(graph: Graph, cell: Any, xs: str) -> tuple[str, Rule]:
    i2h, i2o = graph.transposed(cell.i2h.weight), graph.transposed(cell.i2o.weight)
    h_bias, o_bias = graph.weight(cell.i2h.bias), graph.weight(cell.i2o.bias)

    def rule(body: Graph, before: Names, x: str) -> tuple[Names, str]:
        joined = body.op("Concat", x, before[0], axis=-1)
        hidden = body.op("Add", body.op("MatMul", joined, i2h), h_bias)
        output = body.op("Add", body.op("MatMul", joined, i2o), o_bias)
        return [hidden], body.op("LogSoftmax", output, axis=-1)

    return xs, rule


def _elman(graph: Graph, cell: Any, xs: str) -> tuple[str, Rule]:
    of_hidden = _of_hidden(graph, cell)
    squash = "Relu" if isinstance(cell, ElmanReLU) else "Tanh"

    def rule(body: Graph, before: Names, x: str) -> tuple[Names, str]:
        h = body.op(squash, body.op("Add", x, of_hidden(body, before[0])))
        return [h], h

    return graph.linear(xs, cell.i2h), rule


def _lstm(graph: Graph, cell: Any, xs: str) -> tuple[str, Rule]:
    of_hidden = _of_hidden(graph, cell)

    def rule(body: Graph, before: Names, x: str) -> tuple[Names, str]:
        gates = body.op("Add", x, of_hidden(body, before[0]))
        i, f, g, o = body.slices(gates, 4, cell.hidden_size)
        kept = body.op("Mul", body.op("Sigmoid", f), before[1])
        new = body.op("Mul", body.op("Sigmoid", i), body.op("Tanh", g))
        c = body.op("Add", kept, new)
        h = body.op("Mul", body.op("Sigmoid", o), body.op("Tanh", c))
        return [h, c], h

    return graph.linear(xs, cell.i2h), rule


def _gru(graph: Graph, cell: Any, xs: str) -> tuple[str, Rule]:
    of_hidden = _of_hidden(graph, cell)

    def rule(body: Graph, before: Names, x: str) -> tuple[Names, str]:
        input_r, input_z, input_n = body.slices(x, 3, cell.hidden_size)
        hidden = of_hidden(body, before[0])
        hidden_r, hidden_z, hidden_n = body.slices(hidden, 3, cell.hidden_size)
        r = body.op("Sigmoid", body.op("Add", input_r, hidden_r))
        z = body.op("Sigmoid", body.op("Add", input_z, hidden_z))
        n = body.op("Tanh", body.op("Add", input_n, body.op("Mul", r, hidden_n)))
        h = _mixed(body, z, before[0], n)
        return [h], h

    return graph.linear(xs, cell.i2h), rule


def _mingru(graph: Graph, cell: Any, xs: str) -> tuple[str, Rule]:
    def rule(body: Graph, before: Names, x: str) -> tuple[Names, str]:
        gate, candidate = body.slices(x, 2, cell.hidden_size)
        h = _mixed(body, body.op("Sigmoid", gate), candidate, before[0])
        return [h], h

    return graph.linear(xs, cell.i2h), rule


def _clockwork(graph: Graph, cell: Any, xs: str) -> tuple[str, Rule]:
    heard = graph.constant(cell.block_upper.numpy(force=True), np.float32)
    weight = graph.op("Mul", graph.weight(cell.h2h.weight), heard)
    h2h = graph.op("Transpose", weight, perm=[1, 0])
    periods = graph.constant(cell.periods.numpy(force=True)[None])
    zero, one = graph.constant(0), graph.constant(1)

    def rule(body: Graph, before: Names, x: str) -> tuple[Names, str]:
        h, time = before
        moved = body.op("Tanh", body.op("Add", x, body.op("MatMul", h, h2h)))
        ticks = body.op("Equal", body.op("Mod", time, periods), zero)
        after = body.op("Where", ticks, moved, h)
        return [after, body.op("Add", time, one)], after

    return graph.linear(xs, cell.i2h), rule


def _of_hidden(graph: Graph, cell: Any) -> Callable[[Graph, str], str]:
    """What the hidden vector says, by weights that stand outside the loop."""
    weight, bias = graph.transposed(cell.h2h.weight), graph.weight(cell.h2h.bias)
    return lambda body, h: body.op("Add", body.op("MatMul", h, weight), bias)


def _mixed(body: Graph, share: str, one: str, other: str) -> str:
    """share * one + (1 - share) * other"""
    rest = body.op("Sub", body.number(1), share)
    return body.op("Add", body.op("Mul", share, one), body.op("Mul", rest, other))


# By exact type: a subclass may have its own idea of a step.
_RULES: dict[type[Cell], Callable[[Graph, Any, str], tuple[str, Rule]]] = {
    PlainRNN: _plain,
    Elman: _elman,
    ElmanReLU: _elman,
    LSTM: _lstm,
    GRU: _gru,
    Clockwork: _clockwork,
    MinGRU: _mingru,
}
