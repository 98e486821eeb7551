"""One token at a time, by the native core: the same numbers as the network's own, sooner.

Shapes: B rows, D input width, N width of the answer.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.cells import Cell, map_state, state_like, state_tensors
from elman.errors import UntraceableError
from elman.kernels import core
from elman.kernels.step_program import StepProgram
from elman.nn.blocks import NetworkState, Stack
from elman.nn.encoder import Encoder, EncoderStep, PaddedBatch
from elman.nn.lowering import Stepped, program_of
from elman.nn.seq2seq import DecoderState, EncoderDecoder

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""(B, D) numbers or (B,) tokens, and a state -> the answer (B, N), and the state after."""

Made = TypeVar("Made")


def step_of(network: Stepped, *, int8: bool = False) -> Step:
    """A step of a network, of a stack or a cell: by the native core where it is there and can, else
    by torch. A rewriter's is its decoder's, and its state is where that stands (`DecoderState`).

    It is a picture of the weights as they are now. No gradient passes through it.

    Args:
        int8: products of 8-bit integers (`StepProgram`): four times less memory to read, and
            about 1 % off. Without the native core nothing is rounded.
    """
    served = core.module() is not None and all(
        each.dtype == torch.float32 and each.device.type == "cpu" for each in network.parameters()
    )
    if not served:
        return _of_torch(network)
    try:
        step = CompiledStep(network, int8=int8)
    except UntraceableError:
        return _of_torch(network)
    return _of_decoder(step) if isinstance(network, EncoderDecoder) else step


def _of_torch(network: Stepped) -> Step:
    """The network's own, of one time."""
    device = next(network.parameters()).device

    def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
        x = x.to(device)
        with torch.inference_mode():
            if isinstance(network, Cell):
                y, after = network(x, state)
            elif isinstance(network, EncoderDecoder):
                ys, after = network(x[None], state)
                y = ys[0]
            else:
                ys, after = network(x[:, None], state)
                y = ys[:, 0]
        return y, after

    return step


def _of_decoder(native: CompiledStep) -> Step:
    def step(tokens: Tensor, written: DecoderState) -> tuple[Tensor, DecoderState]:
        # Products of 16 bits may have made what is looked at; it is made of 32 once, and kept.
        memories = tuple(map_state(_exact, memory) for memory in written.memories)
        sources, _, time, _ = memories[0].keys.shape
        sizes = torch.tensor([time, len(tokens) // sources])
        looked = [part for memory in memories for part in (*memory, sizes)]
        y, after = native(tokens, written.state, looked)
        return y, DecoderState(after, memories)

    return step


def _exact(part: Tensor) -> Tensor:
    return part.float().contiguous()


def encoder_by_steps(reader: Encoder, *, int8: bool = False) -> EncoderStep:
    """Reads as a reader of one direction does, token by token, padded of one length."""
    step = step_of(cast("Stack", reader.stacks[0]), int8=int8)

    def read(
        padded: PaddedBatch, states: tuple[NetworkState, ...]
    ) -> tuple[tuple[Tensor, ...], tuple[NetworkState, ...]]:
        (state,), ys = states, []
        for x in functional.embedding(padded.tokens, reader.table(padded)):
            y, state = step(x, state)
            ys.append(y)
        return (torch.stack(ys),), (state,)

    return read


class WeightCache(Generic[Made]):
    """What was made of a network's weights, and whether they are still those."""

    def __init__(self, network: nn.Module, made: Made) -> None:
        self.made = made
        self._weights = list(network.parameters())
        self._seen = self._look()

    def shows(self, network: nn.Module) -> bool:
        same = all(map(operator.is_, self._weights, network.parameters()))
        return same and self._seen == self._look()

    def _look(self) -> list[Any]:
        # torch counts the changes of each tensor, also those that nobody tells of.
        weights = ((each.data_ptr(), each._version) for each in self._weights)
        return [core.name(), *weights]


class CompiledStep:
    """A step as a program of the native core."""

    def __init__(self, network: Stepped, *, int8: bool) -> None:
        self._program, self._reads, self._inputs, self._outputs = program_of(network, int8=int8)

    def __call__(self, x: Tensor, state: Any, looked: Sequence[Tensor] = ()) -> tuple[Tensor, Any]:
        """looked: what each of a rewriter's blocks looks at, contiguous, as
        `elman.kernels.step_program.AttentionMemory` has it."""
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
        outers += (part.data_ptr() for part in looked)
        self._program.run(rows, outers, torch.get_num_threads() if rows > 1 else 1)
        return y, state_like(state, after)

    def stream(self, state: Any) -> CompiledStream:
        rows = len(state_tensors(state)[0])
        x: npt.NDArray[Any] = (
            np.empty(rows, dtype=np.int64)
            if self._reads == torch.int64
            else np.empty((rows, self._inputs), dtype=np.float32)
        )
        return CompiledStream(self._program, x, self._outputs, state)


class StepStream:
    """Rows that are read on and on, each from its own state."""

    def __init__(self, step: Step, state: Any) -> None:
        self._step = step
        self.state = state

    def read(self, x: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """A token (B,) for every row, or numbers (B, D) -> the answer (B, N)."""
        y, self.state = self._step(torch.as_tensor(np.asarray(x)), self.state)
        return y.numpy(force=True)


class CompiledStream:
    """The same in memory of its own, which every step uses anew: `read` gives the same array again
    and again, and `state` is to be copied by who keeps it."""

    def __init__(self, program: StepProgram, x: npt.NDArray[Any], outputs: int, state: Any) -> None:
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
        """A token (B,) for every row, or numbers (B, D) -> the answer (B, N)."""
        self._x[...] = x
        self._program.run(len(self._x), self._outers[self._turn], self._threads)
        self._turn = 1 - self._turn
        return self._y


def stream_of(step: Step, state: Any) -> StepStream | CompiledStream:
    """Rows that begin at a state, for a loop of many steps."""
    return step.stream(state) if isinstance(step, CompiledStep) else StepStream(step, state)
