"""Whole sequences, forward and backward: even batches, ragged ones, and the diagonal recurrence.

Shapes: T time, B batch, D input width, H hidden width; here D = H. The loss is the sum of the
outputs times fixed numbers; its gradients are taken to the weights and to the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from elman.cells import Cell, MinGRU
from elman.kernels.scan import scan
from timings.comparison import Comparison, Goal, Group, MissingPeerError, Peer, Ratio, Work, counted
from timings.layers import KINDS, Kind, elman_cell, torch_layer
from timings.machine import onednn_has_bfloat16, products

Run = Callable[[], Tensor]  # -> ys (T, B, H)

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Size(NamedTuple):
    width: int
    batch: int
    time: int

    def __str__(self) -> str:
        return f"width {self.width}, batch {self.batch}, time {self.time}"


PROMISED = Size(256, 64, 64)  # what the goals of even batches are set for
SIZES = (
    Size(128, 64, 64),
    PROMISED,
    Size(512, 64, 64),
    Size(1024, 64, 64),
    Size(256, 16, 64),
    Size(256, 128, 64),
    Size(256, 16, 512),
)
ALL_SIZES = (
    *(Size(width, batch, 64) for width in (128, 256, 512, 1024) for batch in (16, 64, 128)),
    *(Size(width, 16, 512) for width in (128, 256)),
)

FLOATS = Ratio("float32 / nn.* float32", "Elman float32", ("nn.* float32",))
ACROSS = Ratio("bfloat16 / nn.* float32", "Elman bfloat16", ("nn.* float32",))
BFLOATS = Ratio("bfloat16 / nn.* bfloat16", "Elman bfloat16", ("nn.* bfloat16",))
NO_FUSED_PEER = {FLOATS.name: Goal(1.3, 1.6), ACROSS.name: Goal(2, 3)}
EVEN_GOALS = {
    "LSTM": {ACROSS.name: Goal(1.6, 2.5), BFLOATS.name: Goal(1.05, 1.5)},
    "GRU": NO_FUSED_PEER,
    "Elman": NO_FUSED_PEER,
}
PACKED = tuple(
    Ratio(f"{name} / packed {name}", f"Elman {name}", (f"packed nn.* {name}",)) for name in DTYPES
)
DIAGONAL = tuple(
    Ratio(f"{name} / diagonal {name}", f"Elman {name}", (f"diagonal {name}",)) for name in DTYPES
)


def even_batches(threads: int, sizes: Sequence[Size] = SIZES) -> Group:
    comparisons = (_even(kind, size, threads) for kind in KINDS.values() for size in sizes)
    title = f"train: forward and backward, {counted(threads)}"
    return Group(title, (FLOATS, ACROSS, BFLOATS), comparisons, threads)


def ragged_batches(threads: int) -> Group:
    sizes = [Size(256, 64, time) for time in (64, 256)]
    comparisons = (_ragged(kind, size, threads) for kind in KINDS.values() for size in sizes)
    title = f"ragged: lengths from 1 to T, forward and backward, {counted(threads)}"
    return Group(title, PACKED, comparisons, threads)


def diagonal(threads: int) -> Group:
    sizes = [Size(256, 64, 64), Size(256, 16, 512), Size(512, 64, 64)]
    comparisons = (_diagonal(size, threads) for size in sizes)
    title = f"minGRU: the kernel that scan picks against the kernel in torch, {counted(threads)}"
    return Group(title, DIAGONAL, comparisons, threads)


def _even(kind: Kind, size: Size, threads: int) -> Comparison:
    layer, xs = torch_layer(kind, size.width), _inputs(size)
    limits = _limits(kind.weights(size.width), size.batch * size.time, threads)
    goals = EVEN_GOALS[kind.name] if size == PROMISED else {}
    return Comparison(f"{kind.name}, {size}", even_peers(kind, layer, xs, limits), goals)


def even_peers(kind: Kind, layer: Any, xs: Tensor, limits: Mapping[str, float]) -> list[Peer]:
    """Even batches of xs (T, B, D) through the same weights."""
    cell = elman_cell(kind, layer)
    return [
        *_peers("Elman", cell, partial(_scanned, cell, xs), xs, limits),
        *_peers("nn.*", layer, lambda: layer(xs)[0], xs, limits),
    ]


def _ragged(kind: Kind, size: Size, threads: int) -> Comparison:
    layer, xs = torch_layer(kind, size.width), _inputs(size)
    lengths = torch.randint(1, size.time + 1, (size.batch,))
    limits = _limits(kind.weights(size.width), int(lengths.sum()), threads)
    goals = {ratio.name: Goal(4, 8) for ratio in PACKED} if kind.name == "LSTM" else {}
    return Comparison(f"{kind.name}, {size}", ragged_peers(kind, layer, xs, lengths, limits), goals)


def ragged_peers(
    kind: Kind, layer: Any, xs: Tensor, lengths: Tensor, limits: Mapping[str, float]
) -> list[Peer]:
    """The first lengths (B,) of xs (T, B, D) through the same weights, zero behind them."""
    cell = elman_cell(kind, layer)
    return [
        *_peers("Elman", cell, partial(_scanned, cell, xs, lengths=lengths), xs, limits),
        *_peers("packed nn.*", layer, partial(_packed, layer, xs, lengths), xs, limits),
    ]


def _diagonal(size: Size, threads: int) -> Comparison:
    torch.manual_seed(0)
    cell, xs = MinGRU(size.width, size.width), _inputs(size)
    limits = _limits(2 * size.width**2, size.batch * size.time, threads)
    peers = [
        *_peers("Elman", cell, partial(_scanned, cell, xs), xs, limits),
        *_peers("diagonal", cell, partial(_scanned, cell, xs, kernel="diagonal"), xs, limits),
    ]
    return Comparison(f"minGRU, {size}", peers)


def _peers(
    name: str, module: nn.Module, run: Run, xs: Tensor, limits: Mapping[str, float]
) -> list[Peer]:
    """One way to run the sequences, in either type."""
    wanted = [xs, *module.parameters()]
    return [
        Peer(f"{name} {of}", partial(_gradients, run, wanted, dtype), limits.get(of))
        for of, dtype in DTYPES.items()
    ]


def _gradients(run: Run, wanted: list[Tensor], dtype: torch.dtype) -> Work:
    def outputs() -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            return run()

    try:
        first = outputs()
    except RuntimeError as error:
        if dtype == torch.float32 or onednn_has_bfloat16():
            raise
        raise MissingPeerError("oneDNN has no bfloat16 on this processor") from error
    fixed = torch.randn(first.shape, generator=torch.Generator().manual_seed(0)).to(first.dtype)

    def work() -> tuple[Tensor, ...]:
        return torch.autograd.grad(outputs(), wanted, fixed)

    return work


def _scanned(cell: Cell, xs: Tensor, **settings: Any) -> Tensor:
    ys, _ = scan(cell, xs.transpose(0, 1), **settings)
    return ys.transpose(0, 1)


def _packed(layer: Any, xs: Tensor, lengths: Tensor) -> Tensor:
    ys, _ = layer(pack_padded_sequence(xs, lengths, enforce_sorted=False))
    return pad_packed_sequence(ys, total_length=len(xs))[0]


def _inputs(size: Size) -> Tensor:
    """xs (T, B, D), the same every time."""
    generator = torch.Generator().manual_seed(0)
    xs = torch.randn(size.time, size.batch, size.width, generator=generator)
    return xs.requires_grad_()


def _limits(weights: int, tokens: int, threads: int) -> dict[str, float]:
    """Seconds for the products alone: one forward, and backward one to the inputs and one to the
    weights, each a multiplication and an addition for every weight and token."""
    work = 3 * 2 * weights * tokens
    return {name: work / products(dtype, threads) for name, dtype in DTYPES.items()}
