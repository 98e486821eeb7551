"""A builder of ONNX graphs: one call adds an operator; each weight is stored once.

Shapes: T time, B batch, W width, N outputs, K inputs. Time comes first, (T, B, W).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from elman.extras import require
from elman.kernels.core import EPSILON
from elman.nn.blocks import RMSNorm

OPSET = 18
IR_VERSION = 10

Names = list[str]
Step = Callable[["Graph", Names, Names], tuple[Names, str]]
"""The body of a scan: (graph, states, inputs) -> (states after, output)."""

Branch = Callable[["Graph"], Names]
"""A branch of a condition: adds operators to a graph and returns its values."""


class Graph:
    """A graph under construction. Its values are referred to by name.

    Args:
        weights: names of the parameters. They become initializers of the outermost graph, which
            nested graphs can use.
        outer: the graph in which this one is the body of a loop or branch; None: outermost.
    """

    def __init__(self, weights: dict[Tensor, str], outer: Graph | None = None) -> None:
        self._onnx = require("onnx", "export")
        self._weights = weights
        self._root: Graph = self if outer is None else outer._root
        self._nodes: list[Any] = []
        self._initializers: dict[str, Any] = {}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._count = 0

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output; returns its name."""
        return self._node(kind, inputs, [self._new(kind)], attributes)[0]

    def input(self, name: str, kind: npt.DTypeLike, *shape: int | str) -> str:
        """Add an input of the graph. All are required: not every runtime knows defaults."""
        self._inputs.append(self._value(name, kind, shape))
        return name

    def output(self, value: str, name: str, kind: npt.DTypeLike, *shape: int | str) -> None:
        """Make a value an output of the graph."""
        self._node("Identity", [value], [name], {})
        self._outputs.append(self._value(name, kind, shape))

    def constant(self, value: npt.ArrayLike, kind: npt.DTypeLike = np.int64) -> str:
        """A constant; equal constants are stored once."""
        array = np.asarray(value, kind)
        key = (str(array.dtype), array.shape, array.tobytes())
        known = self._root._constants
        if key not in known:
            known[key] = self._initializer(self._root._new("constant"), array)
        return known[key]

    def number(self, value: float) -> str:
        """A float32 constant."""
        return self.constant(value, np.float32)

    def weight(self, parameter: Tensor) -> str:
        """A parameter of the network, stored once."""
        name = self._weights[parameter]
        if name not in self._root._initializers:
            self._initializer(name, parameter.numpy(force=True))
        return name

    def transposed(self, parameter: Tensor) -> str:
        """A matrix of the network, transposed in the file: quantisers and other runtimes know
        products with a stored matrix, but not with one that a node transposes."""
        name = f"{self._weights[parameter]}_transposed"
        if name not in self._root._initializers:
            self._initializer(name, parameter.numpy(force=True).T)
        return name

    def linear(self, x: str, layer: nn.Linear) -> str:
        """A linear layer: x (..., K) -> (..., N)."""
        product = self.op("MatMul", x, self.transposed(layer.weight))
        return self.op("Add", product, self.weight(layer.bias))

    def norm(self, x: str, norm: nn.Module) -> str:
        """RMS norm of x; x itself for any other module."""
        if not isinstance(norm, RMSNorm):
            return x
        square = self.op("ReduceMean", self.op("Mul", x, x), self.constant([-1]))
        length = self.op("Sqrt", self.op("Add", square, self.number(EPSILON)))
        return self.op("Mul", self.op("Div", x, length), self.weight(norm.weight))

    def silu_gate(self, gate: str, value: str) -> str:
        return self.op("Mul", self.op("Mul", gate, self.op("Sigmoid", gate)), value)

    def slices(self, x: str, sizes: Sequence[int]) -> Names:
        """Split the last dimension into slices of these sizes."""
        names = [self._new("Split") for _ in sizes]
        return self._node("Split", [x, self.constant([*sizes])], names, {"axis": -1})

    def cast(self, x: str, kind: npt.DTypeLike) -> str:
        """Convert the element type."""
        to = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        return self.op("Cast", x, to=to)

    def sort(self, x: str, count: int) -> str:
        """Sort the last dimension, of `count` elements, in ascending order."""
        names = [self._new("TopK") for _ in range(2)]
        return self._node("TopK", [x, self.constant([count])], names, {"largest": 0})[0]

    def size(self, x: str, dimension: int) -> str:
        """Size of a dimension, as a vector of one element."""
        return self.op("Shape", x, start=dimension, end=dimension + 1)

    def scan(
        self,
        step: Step,
        states: Names,
        xs: Names,
        kinds: Sequence[Any],
        *,
        shapes: Sequence[Sequence[int | str]] | None = None,
        output_kind: Any = np.float32,
        backward: bool = False,
    ) -> tuple[Names, str]:
        """A loop over time: returns the last states, and ys (T, ...).

        Args:
            step: the body.
            states: initial states.
            xs: (T, ...) inputs.
            kinds: element types of states and xs.
            shapes: of states and xs in the body; None leaves them to the runtime, of which not all
                can infer a rank that the body needs.
            output_kind: element type of ys.
            backward: loop from the last time to the first; ys stay in the order of xs.
        """
        body = Graph(self._weights, self)
        inputs = [body._new("input") for _ in (*states, *xs)]
        for name, kind, shape in zip(inputs, kinds, shapes or [()] * len(inputs), strict=True):
            body.input(name, kind, *shape)
        after, y = step(body, inputs[: len(states)], inputs[len(states) :])
        for value, kind in zip([*after, y], [*kinds[: len(states)], output_kind], strict=True):
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
        """The values of one branch if a condition holds, else of the other; only that one runs."""
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
        """The serialized model, validated by the ONNX checker."""
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
