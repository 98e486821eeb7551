"""ONNX Runtime's step of torch's layers, float32 and int8.

Shapes: B batch, D input width, H hidden width, G gates. The graph is one operator of the ONNX
standard (LSTM, GRU or RNN, opset 14), for a sequence of one token and with its state going in and
coming out.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from timings.layers import Kind

try:
    import onnx
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic
except ImportError:
    sys.exit("Steps need onnx and onnxruntime as peers. Try: pip install 'elman[bench]'")

# The order of ONNX's gates among torch's: iofc of i, f, g, o; zrh of r, z, n.
_ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "Elman": (0,)}
_OPERATOR = {"LSTM": "LSTM", "GRU": "GRU", "Elman": "RNN"}
_STATES = {"LSTM": ("h", "c"), "GRU": ("h",), "Elman": ("h",)}


class OnnxStep:
    """A step in a session of ONNX Runtime with one thread; each call goes on from the last.

    Inputs and outputs are bound to memory once, which takes 3 to 5 us less than to hand over
    arrays at every call. What a call writes as state is what the next one reads.

    Args:
        x: (B, D) what every step reads.
        int8: whether weights are quantised, and inputs as they come.
    """

    def __init__(self, kind: Kind, layer: Any, x: Tensor, *, int8: bool = False) -> None:
        model = _model(kind, layer, len(x))
        self._session = _session(_quantised(model) if int8 else model.SerializeToString())
        self._y = _value(torch.zeros(1, 1, len(x), layer.hidden_size))
        first, second = (
            [_value(torch.zeros(1, len(x), layer.hidden_size)) for _ in _STATES[kind.name]]
            for _ in range(2)
        )
        inputs = _value(x[None])
        self._next = self._binding(kind, inputs, first, second)
        self._after = self._binding(kind, inputs, second, first)

    def __call__(self) -> None:
        self._session.run_with_iobinding(self._next)
        self._next, self._after = self._after, self._next

    def y(self) -> Tensor:
        """(B, H), what the last call answered, until the next one does."""
        return torch.from_numpy(self._y.numpy()[0, 0])

    def _binding(self, kind: Kind, x: Any, before: list[Any], after: list[Any]) -> Any:
        binding = self._session.io_binding()
        binding.bind_ortvalue_input("X", x)
        binding.bind_ortvalue_output("Y", self._y)
        for name, old, new in zip(_STATES[kind.name], before, after, strict=True):
            binding.bind_ortvalue_input(f"{name}_before", old)
            binding.bind_ortvalue_output(f"{name}_after", new)
        return binding


def _value(tensor: Tensor) -> Any:
    return onnxruntime.OrtValue.ortvalue_from_numpy(tensor.numpy(force=True))


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _model(kind: Kind, layer: Any, rows: int) -> Any:
    size, states = layer.hidden_size, _STATES[kind.name]
    settings: dict[str, Any] = {"hidden_size": size}
    if kind.name == "GRU":
        settings["linear_before_reset"] = 1  # torch's reset gate acts after the product
    node = onnx.helper.make_node(
        _OPERATOR[kind.name],
        ["X", "W", "R", "B", "", *(f"{name}_before" for name in states)],
        ["Y", *(f"{name}_after" for name in states)],
        **settings,
    )
    graph = onnx.helper.make_graph(
        [node],
        "step",
        [_shaped("X", 1, rows, layer.input_size)]
        + [_shaped(f"{name}_before", 1, rows, size) for name in states],
        [_shaped("Y", 1, 1, rows, size)]
        + [_shaped(f"{name}_after", 1, rows, size) for name in states],
        _weights(kind, layer),
    )
    opset = onnx.helper.make_opsetid("", 17)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8)


def _shaped(name: str, *shape: int) -> Any:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def _weights(kind: Kind, layer: Any) -> list[Any]:
    """W (1, GH, D), R (1, GH, H) and B (1, 2GH), their gates in ONNX's order."""

    def ordered(tensor: Tensor) -> Tensor:
        slices = tensor.chunk(kind.gates)
        return torch.cat([slices[gate] for gate in _ORDER[kind.name]])

    biases = torch.cat([ordered(layer.bias_ih_l0), ordered(layer.bias_hh_l0)])
    tensors = {"W": ordered(layer.weight_ih_l0), "R": ordered(layer.weight_hh_l0), "B": biases}
    return [
        onnx.numpy_helper.from_array(tensor[None].numpy(force=True), name)
        for name, tensor in tensors.items()
    ]


def _quantised(model: Any) -> bytes:
    """With int8 weights and inputs quantised at run time.

    Without VNNI, ONNX Runtime adds pairs of products in 16 bits, which saturate: there it asks for
    weights of 7 bits.
    """
    capabilities = torch.cpu.get_capabilities()
    saturates = not (capabilities.get("avx512_vnni") or capabilities.get("avx_vnni"))
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        quantize_dynamic(model, path, weight_type=QuantType.QInt8, reduce_range=saturates)
        return path.read_bytes()
