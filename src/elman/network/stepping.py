"""One symbol at a time, by the native core: the same numbers as the network's own, sooner.

Shapes: B rows, D input width, H hidden width, W width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from elman.cells import (
    GRU,
    LSTM,
    Cell,
    Clockwork,
    Elman,
    ElmanReLU,
    MinGRU,
    PlainRNN,
    map_state,
    state_like,
    state_tensors,
)
from elman.kernels import core
from elman.kernels.pointwise import EPSILON
from elman.kernels.steps import Part, Program, Slot
from elman.network.blocks import Block, RMSNorm, Stack
from elman.network.symbols import SymbolNetwork

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""(B, D) numbers or (B,) symbols, and a state -> the answer (B, N), and the state after."""


def stepper(network: Cell | SymbolNetwork, *, int8: bool = False) -> Step:
    """A network's or a cell's step: by the native core where it is there and can, else by torch.

    It is a picture of the weights as they are now. No gradient passes through it.

    Args:
        int8: products of 8-bit integers (`elman.kernels.steps.Program`): four times less memory to
            read, and about 1 % off. Without the native core nothing is rounded.
    """
    served = core.module() is not None and all(
        each.dtype == torch.float32 and each.device.type == "cpu" for each in network.parameters()
    )
    if served and (isinstance(network, SymbolNetwork) or type(network) in _CELLS):
        return NativeStep(network, int8=int8)
    return _of_cell(network) if isinstance(network, Cell) else _of_network(network)


def _of_cell(cell: Cell) -> Step:
    def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
        with torch.inference_mode():
            y, after = cell(x, state)
        return y, after

    return step


def _of_network(network: nn.Module) -> Step:
    device = next(network.parameters()).device

    def step(symbols: Tensor, state: Any) -> tuple[Tensor, Any]:
        with torch.inference_mode():
            logits, after = network(symbols.to(device)[:, None], state)
        return logits[:, -1], after

    return step


class NativeStep:
    """A step as a program of the native core."""

    def __init__(self, network: Cell | SymbolNetwork, *, int8: bool) -> None:
        program = Program(int8=int8)
        self._program = program
        self._inputs = None if isinstance(network, SymbolNetwork) else network.input_size
        self._reads = torch.int64 if self._inputs is None else torch.float32

        def part(like: Tensor) -> Any:
            width = like[0].numel()
            return Part(*(program.outer(width, like.dtype) for _ in range(2)))

        with torch.inference_mode():
            if isinstance(network, SymbolNetwork):
                x = program.outer(1, self._reads)
                answer = program.outer(network.architecture.vocabulary)
                _network(program, network, x, map_state(part, network.initial_state(1)), answer)
            else:
                x, answer = program.outer(network.input_size), program.outer(network.output_size)
                _cell(program, network, x, map_state(part, network.initial_state(1)), answer)
        self._outputs = answer.width

    def __call__(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        # A step takes microseconds: nothing here may take as many.
        x = x.to(self._reads).contiguous()
        rows = len(x)
        y = torch.empty(rows, self._outputs)
        outers, after = [x.data_ptr(), y.data_ptr()], []
        before = [part.contiguous() for part in state_tensors(state)]
        for part in before:
            following = torch.empty_like(part)
            outers += part.data_ptr(), following.data_ptr()
            after.append(following)
        self._program.run(rows, outers, torch.get_num_threads() if rows > 1 else 1)
        return y, state_like(state, after)

    def stream(self, state: Any) -> NativeStream:
        rows = len(state_tensors(state)[0])
        x: npt.NDArray[Any] = (
            np.empty(rows, dtype=np.int64)
            if self._inputs is None
            else np.empty((rows, self._inputs), dtype=np.float32)
        )
        return NativeStream(self._program, x, self._outputs, state)


class Stream:
    """Rows that are read on and on, each from its own state."""

    def __init__(self, step: Step, state: Any) -> None:
        self._step = step
        self.state = state

    def read(self, x: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """A symbol (B,) for every row, or numbers (B, D) -> the answer (B, N)."""
        y, self.state = self._step(torch.as_tensor(np.asarray(x)), self.state)
        return y.numpy(force=True)


class NativeStream:
    """The same in memory of its own, which every step uses anew: `read` gives the same array again
    and again, and `state` is to be copied by who keeps it."""

    def __init__(self, program: Program, x: npt.NDArray[Any], outputs: int, state: Any) -> None:
        parts = [part.contiguous().clone() for part in state_tensors(state)]
        first = state_like(state, parts)
        self._states = (first, map_state(torch.empty_like, first))
        self._x, self._y = x, np.empty((len(x), outputs), dtype=np.float32)
        self._program, self._threads = program, torch.get_num_threads()
        self._turn = 0
        given = [self._x.ctypes.data, self._y.ctypes.data]
        self._outers = []
        for before, after in (self._states, self._states[::-1]):
            pairs = zip(state_tensors(before), state_tensors(after), strict=True)
            self._outers.append(given + [part.data_ptr() for pair in pairs for part in pair])

    @property
    def state(self) -> Any:
        return self._states[self._turn]

    def read(self, x: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """A symbol (B,) for every row, or numbers (B, D) -> the answer (B, N)."""
        self._x[...] = x
        self._program.run(len(self._x), self._outers[self._turn], self._threads)
        self._turn = 1 - self._turn
        return self._y


def stream_of(step: Step, state: Any) -> Stream | NativeStream:
    """Rows that begin at a state, for a loop of many steps."""
    return step.stream(state) if isinstance(step, NativeStep) else Stream(step, state)


def _network(
    program: Program, network: SymbolNetwork, symbols: Slot, state: Any, answer: Slot
) -> None:
    x = program.embed(symbols, network.embedding.weight, network.scale)
    output = network.output
    program.layer(_stack(program, network.stack, x, state), output, answer)


def _stack(program: Program, stack: Stack, x: Slot, state: Any) -> Slot:
    for block, before in zip(stack.blocks, state, strict=True):
        x = _block(program, cast("Block", block), x, before)
    return _norm(program, stack.norm, x)


def _norm(program: Program, norm: nn.Module, x: Slot) -> Slot:
    return program.rms_norm(x, norm.weight, EPSILON) if isinstance(norm, RMSNorm) else x


def _block(program: Program, block: Block, x: Slot, state: Any) -> Slot:
    mixer = block.mixer
    asked = _norm(program, block.mixer_norm, x)
    mixed = asked
    if mixer.convolution is not None:
        convolution = mixer.convolution
        mixed = program.convolution(asked, state.recent, convolution.weight, convolution.bias)
    y = _cell(program, mixer.cell, mixed, state.cell)
    if mixer.gate is not None:
        y = program.silu_gate(program.layer(asked, mixer.gate), y)
    x = _join(program, block, x, y, mixer.out)
    if block.mlp is not None:
        norm, mlp = cast("Any", block.mlp)
        asked = _norm(program, norm, x)
        y = program.silu_gate(program.layer(asked, mlp.gate), program.layer(asked, mlp.into))
        x = _join(program, block, x, y, mlp.out)
    return x


def _join(program: Program, block: Block, x: Slot, y: Slot, out: nn.Linear | None) -> Slot:
    """x + out(y), in x's own place, or out(y) where the block has no residual path."""
    if out is None:
        return program.add(x, y, x) if block.residual else y
    if block.residual:
        return program.linear(y, out.weight, out.bias, x, adds=True)
    return program.layer(y, out)


def _cell(program: Program, cell: Cell, x: Slot, state: Any, answer: Slot | None = None) -> Slot:
    y = _CELLS[type(cell)](program, cell, x, state)
    return y if answer is None else program.copy(y, answer)


def _plain(program: Program, cell: Any, x: Slot, state: Any) -> Slot:
    def joined(layer: nn.Linear, into: Slot | None) -> Slot:
        """A layer of [x, h], as the sum of a product with either."""
        of_x, of_h = layer.weight[:, : x.width], layer.weight[:, x.width :]
        y = program.linear(x, of_x.contiguous(), layer.bias, into)
        return program.linear(state.hidden.before, of_h.contiguous(), None, y, adds=True)

    joined(cell.i2h, state.hidden.after)
    return program.log_softmax(joined(cell.i2o, None))


def _elman(program: Program, cell: Any, x: Slot, state: Any) -> Slot:
    gates = _both(program, cell, x, state.h)
    return program.elman(gates, state.h, relu=isinstance(cell, ElmanReLU))


def _lstm(program: Program, cell: Any, x: Slot, state: Any) -> Slot:
    return program.lstm(_both(program, cell, x, state.h), state.h, state.c)


def _both(program: Program, cell: Any, x: Slot, h: Part) -> Slot:
    """The sum of what the input and the hidden vector say."""
    gates = program.layer(x, cell.i2h)
    return program.linear(h.before, cell.h2h.weight, cell.h2h.bias, gates, adds=True)


def _gru(program: Program, cell: Any, x: Slot, state: Any) -> Slot:
    hidden = program.layer(state.h.before, cell.h2h)
    return program.gru(program.layer(x, cell.i2h), hidden, state.h)


def _mingru(program: Program, cell: Any, x: Slot, state: Any) -> Slot:
    return program.mingru(program.layer(x, cell.i2h), state.h)


def _clockwork(program: Program, cell: Any, x: Slot, state: Any) -> Slot:
    gates = program.layer(x, cell.i2h)
    weight = (cell.h2h.weight * cell.block_upper).contiguous()
    program.linear(state.h.before, weight, None, gates, adds=True)
    return program.clockwork(gates, state.h, state.time, cell.periods.contiguous())


# By exact type: a subclass may have its own idea of a step.
_CELLS: dict[type[Cell], Callable[[Program, Any, Slot, Any], Slot]] = {
    PlainRNN: _plain,
    Elman: _elman,
    ElmanReLU: _elman,
    LSTM: _lstm,
    GRU: _gru,
    Clockwork: _clockwork,
    MinGRU: _mingru,
}
