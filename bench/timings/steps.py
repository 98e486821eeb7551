"""One step of a layer for some streams at once, on one thread.

Shapes: B streams, D input width, H hidden width; here D = H.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from elman.nn.native_step import compiled
from timings.comparison import Comparison, Goal, Group, MissingPeerError, Peer, Ratio, Work
from timings.layers import KINDS, Kind, elman_cell, torch_layer, torch_step
from timings.machine import bandwidth, products

Sizes = Sequence[tuple[str, int]]  # of KINDS, and H

FLOAT, INT8 = "Elman float32", "Elman int8"
EAGER, CELL, COMPILED = "nn.* eager", "nn.*Cell eager", "torch.compile"
ONNX_FLOAT, ONNX_INT8 = "ONNX Runtime float32", "ONNX Runtime int8"

OVER_EAGER = Ratio("int8 / nn.* eager", INT8, (EAGER,))
OVER_ONNX = Ratio("int8 / ONNX Runtime's best", INT8, (ONNX_FLOAT, ONNX_INT8))
OVER_ONNX_FLOAT = Ratio("float32 / ONNX Runtime float32", FLOAT, (ONNX_FLOAT,))
GOALS = {
    OVER_EAGER.name: Goal(15, 25),
    OVER_ONNX.name: Goal(4, 6),
    OVER_ONNX_FLOAT.name: Goal(1.0, 1.3),
}


def one_stream() -> Group:
    sizes = [("lstm", width) for width in (128, 256, 512, 1024)]
    sizes += [(name, width) for name in ("gru", "elman") for width in (256, 512)]
    return step_group("step: one stream, one thread", 1, sizes)


def many_streams() -> Group:
    sizes = [(name, width) for name in KINDS for width in (256, 512)]
    return step_group("streams: a step of 64 streams at once, one thread", 64, sizes)


def step_group(title: str, streams: int, sizes: Sizes) -> Group:
    """Steps of so many streams, a line for each size."""
    ratios = (OVER_EAGER, OVER_ONNX, OVER_ONNX_FLOAT)
    comparisons = (_comparison(KINDS[name], width, streams) for name, width in sizes)
    return Group(title, ratios, comparisons, threads=1, inference=True)


def _comparison(kind: Kind, width: int, streams: int) -> Comparison:
    peers = step_peers(kind, torch_layer(kind, width), torch.randn(streams, width))
    promised = kind.name == "LSTM" and width in (256, 512) and streams == 1
    return Comparison(f"{kind.name}, width {width}", peers, GOALS if promised else {})


def step_peers(kind: Kind, layer: Any, x: Tensor) -> list[Peer]:
    """Steps that go on from each other, all reading x (B, D) with the same weights."""
    float32, int8 = (_limit(kind, x, dtype) for dtype in (torch.float32, torch.int8))
    cell = elman_cell(kind, layer)
    peers = [
        Peer(FLOAT, partial(_elman, cell, x, int8=False), float32),
        Peer(INT8, partial(_elman, cell, x, int8=True), int8),
        Peer(EAGER, partial(_layer, layer, x), float32),
        Peer(CELL, partial(_cell, torch_step(kind, layer), x), float32),
        Peer(ONNX_FLOAT, partial(_onnx, kind, layer, x, int8=False), float32),
    ]
    if kind.name == "LSTM":  # ONNX Runtime quantises no other recurrent operator
        peers.append(Peer(COMPILED, partial(_compiled, layer, x), float32))
        peers.append(Peer(ONNX_INT8, partial(_onnx, kind, layer, x, int8=True), int8))
    return peers


def _limit(kind: Kind, x: Tensor, dtype: torch.dtype) -> float:
    """Seconds to read the weights, or to multiply with them, whichever takes longer."""
    streams, width = x.shape
    weights = kind.weights(width)
    size = weights * dtype.itemsize
    return max(size / bandwidth(size), 2 * streams * weights / products(dtype, 1))


def _elman(cell: Any, x: Tensor, *, int8: bool) -> Work:
    network = compiled(cell, int8=int8)
    stream = network.stream(network.initial_state(len(x)))
    numbers = x.numpy()
    return lambda: stream.read(numbers)


def _layer(layer: Any, x: Tensor) -> Work:
    xs = x[None]
    _, state = layer(xs)

    def work() -> object:
        nonlocal state
        ys, state = layer(xs, state)
        return ys[0]

    return work


def _cell(step: Any, x: Tensor) -> Work:
    state = step(x)

    def work() -> object:
        nonlocal state
        state = step(x, state)
        return state[0] if isinstance(state, tuple) else state

    return work


def _onnx(kind: Kind, layer: Any, x: Tensor, *, int8: bool) -> Work:
    from timings.onnx_step import OnnxStep  # needs packages that nothing else does

    return OnnxStep(kind, layer, x, int8=int8)


def _compiled(layer: Any, x: Tensor) -> Work:
    """torch.compile at its best: allowed to trace nn.LSTM, which it skips by default,
    with weights packed once and no Python around the kernels."""
    torch._dynamo.reset()
    inside = torch._dynamo.config.patch(allow_rnn=True)
    packed = torch._inductor.config.patch(freezing=True, cpp_wrapper=True)
    try:
        with inside, packed:
            work = _layer(torch.compile(layer, fullgraph=True), x)
            work()
    except Exception as error:  # any failure of a compiler, or its absence
        raise MissingPeerError(str(error).strip().partition("\n")[0]) from error
    return work
