"""Graphs of ONNX written by hand: an operator a line, and each weight in the file once.

Shapes: T time, B batch, W width, N outputs, K inputs. Time comes first, (T, B, W).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from elman.extras import needed
from elman.kernels.pointwise import EPSILON
from elman.nn.blocks import RMSNorm

OPSET = 18
IR_VERSION = 10

Names = list[str]
Step = Callable[["Graph", Names, Names], tuple[Names, str]]
"""What to do at each time: (graph, states, inputs) -> (states after, output)."""

Branch = Callable[["Graph"], Names]
"""One of two ways to the same values."""


class Graph:
    """A graph being written. Values are known by their names.

    Args:
        weights: the parameters' names; each is an initializer of the outermost graph, which
            inner ones see.
        outer: the graph that this one is a body in.
    """

    def __init__(self, weights: dict[Tensor, str], outer: Graph | None = None) -> None:
        self._onnx = needed("onnx", "export")
        self._weights = weights
        self._root: Graph = self if outer is None else outer._root
        self._nodes: list[Any] = []
        self._initializers: dict[str, Any] = {}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One operator with one output."""
        return self._node(kind, inputs, [self._new(kind)], attributes)[0]

    def input(
        self,
        name: str,
        kind: npt.DTypeLike,
        *shape: int | str,
        default: npt.NDArray[Any] | None = None,
    ) -> str:
        """Something the caller gives, or may give where there is a default."""
        if default is not None:
            self._initializer(name, default)
        self._inputs.append(self._value(name, kind, shape))
        return name

    def output(self, value: str, name: str, kind: npt.DTypeLike, *shape: int | str) -> None:
        """Something the caller gets."""
        self._node("Identity", [value], [name], {})
        self._outputs.append(self._value(name, kind, shape))

    def constant(self, value: npt.ArrayLike, kind: npt.DTypeLike = np.int64) -> str:
        array = np.asarray(value, kind)
        key = (str(array.dtype), array.shape, array.tobytes())
        known = self._root._constants
        if key not in known:
            known[key] = self._initializer(self._root._new("constant"), array)
        return known[key]

    def number(self, value: float) -> str:
        return self.constant(value, np.float32)

    def weight(self, parameter: Tensor) -> str:
        """A parameter, of which the file holds one copy however often it is asked for."""
        name = self._weights[parameter]
        if name not in self._root._initializers:
            self._initializer(name, parameter.numpy(force=True))
        return name

    def transposed(self, parameter: Tensor) -> str:
        return self.op("Transpose", self.weight(parameter), perm=[1, 0])

    def linear(self, x: str, layer: nn.Linear) -> str:
        """x (..., K) -> (..., N)"""
        product = self.op("MatMul", x, self.transposed(layer.weight))
        return self.op("Add", product, self.weight(layer.bias))

    def norm(self, x: str, norm: nn.Module) -> str:
        """`rms_norm`, or nothing where there is none."""
        if not isinstance(norm, RMSNorm):
            return x
        square = self.op("ReduceMean", self.op("Mul", x, x), self.constant([-1]))
        length = self.op("Sqrt", self.op("Add", square, self.number(EPSILON)))
        return self.op("Mul", self.op("Div", x, length), self.weight(norm.weight))

    def silu_gate(self, gate: str, value: str) -> str:
        return self.op("Mul", self.op("Mul", gate, self.op("Sigmoid", gate)), value)

    def slices(self, x: str, sizes: Sequence[int]) -> Names:
        """The last dimension cut into pieces of these widths."""
        names = [self._new("Split") for _ in sizes]
        return self._node("Split", [x, self.constant([*sizes])], names, {"axis": -1})

    def cast(self, x: str, kind: npt.DTypeLike) -> str:
        """The same numbers of another type."""
        to = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        return self.op("Cast", x, to=to)

    def rising(self, x: str, count: int) -> str:
        """The last dimension, of so many numbers, the smallest first."""
        names = [self._new("TopK") for _ in range(2)]
        return self._node("TopK", [x, self.constant([count])], names, {"largest": 0})[0]

    def size(self, x: str, dimension: int) -> str:
        """Of one dimension, as a vector of one number."""
        return self.op("Shape", x, start=dimension, end=dimension + 1)

    def scan(
        self,
        step: Step,
        states: Names,
        xs: Names,
        kinds: Sequence[Any],
        *,
        said: Any = np.float32,
        backward: bool = False,
    ) -> tuple[Names, str]:
        """The loop over time: xs (T, ...) -> the last states, ys (T, ...).

        Args:
            kinds: the types of states and xs; said: of ys.
            backward: from the last time to the first; each y still stands at its x.
        """
        body = Graph(self._weights, self)
        given = [body._new("given") for _ in (*states, *xs)]
        for name, kind in zip(given, kinds, strict=True):
            body.input(name, kind)
        after, y = step(body, given[: len(states)], given[len(states) :])
        for value, kind in zip([*after, y], [*kinds[: len(states)], said], strict=True):
            body.output(value, body._new("after"), kind)
        names = [self._new("Scan") for _ in (*states, y)]
        attributes = {"body": body._graph("step"), "num_scan_inputs": len(xs)}
        if backward:
            attributes |= {"scan_input_directions": [1] * len(xs), "scan_output_directions": [1]}
        *last, ys = self._node("Scan", [*states, *xs], names, attributes)
        return last, ys

    def either(
        self, condition: str, one: Branch, other: Branch, kind: npt.DTypeLike = np.float32
    ) -> Names:
        """What one branch gives where a condition holds, and else the other; only that is run."""
        bodies = []
        for branch in (one, other):
            body = Graph(self._weights, self)
            values = branch(body)
            for value in values:
                body.output(value, body._new("branch"), kind)
            bodies.append(body._graph("branch"))
        names = [self._new("If") for _ in values]
        attributes = {"then_branch": bodies[0], "else_branch": bodies[1]}
        return self._node("If", [condition], names, attributes)

    def model(self, name: str, doc: str, metadata: dict[str, str]) -> bytes:
        """The whole file, found sound by ONNX's own checker."""
        helper = self._onnx.helper
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            self._graph(name, doc),
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name="elman",
        )
        helper.set_model_props(model, metadata)
        self._onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString()
        return content

    def _graph(self, name: str, doc: str = "") -> Any:
        make = self._onnx.helper.make_graph
        weights = list(self._initializers.values())
        return make(self._nodes, name, self._inputs, self._outputs, weights, doc)

    def _node(
        self, kind: str, inputs: Sequence[str], outputs: Names, attributes: dict[str, Any]
    ) -> Names:
        make = self._onnx.helper.make_node
        self._nodes.append(make(kind, inputs, outputs, **attributes))
        return outputs

    def _initializer(self, name: str, array: npt.NDArray[Any]) -> str:
        self._root._initializers[name] = self._onnx.numpy_helper.from_array(array, name)
        return name

    def _value(self, name: str, kind: npt.DTypeLike, shape: Sequence[int | str]) -> Any:
        helper = self._onnx.helper
        dtype = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        return helper.make_tensor_value_info(name, dtype, shape or None)

    def _new(self, kind: str) -> str:
        self._root._count += 1
        return f"{kind}_{self._root._count}"
