"""Run a network one token at a time on the native core, equal to its `forward` but faster.

Shapes: B rows, D input width, N output width.
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
from elman.nn.mixture import Mixture, MixtureState
from elman.nn.seq2seq import DecoderState, EncoderDecoder

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""(B, D) numbers or (B,) tokens, and a state -> the output (B, N), and the next state."""

Cached = TypeVar("Cached")


def step_of(network: Stepped, *, int8: bool = False) -> Step:
    """The step of a network, a stack or a cell: on the native core if possible, else torch.

    The step of an encoder-decoder is that of its decoder, with a `DecoderState`. It holds a
    snapshot of the weights and has no gradient.

    Args:
        network: what to step.
        int8: use int8 products (`StepProgram`): a quarter of the memory traffic, and an error of
            about 1 %. Without the native core products stay exact.
    """
    native = core.module() is not None and all(
        each.dtype == torch.float32 and each.device.type == "cpu" for each in network.parameters()
    )
    if not native:
        return _torch_step(network)
    try:
        step = CompiledStep(network, int8=int8)
    except UntraceableError:
        return _torch_step(network)
    return _decoder_step(step) if isinstance(network, EncoderDecoder) else step


def _torch_step(network: Stepped) -> Step:
    """The step of `forward`, for one token."""
    device = next(network.parameters()).device

    def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
        x = x.to(device)
        with torch.inference_mode():
            if isinstance(network, Cell):
                y, after = network(x, state)
            elif isinstance(network, EncoderDecoder):
                ys, after = network(x[None], state)
                y = ys[0]
            elif isinstance(network, Mixture):
                ys, inner = network.network(x[:, None], state.network)
                y, contexts = network.step(x, ys[:, 0], state.contexts)
                after = MixtureState(inner, contexts)
            else:
                ys, after = network(x[:, None], state)
                y = ys[:, 0]
        return y, after

    return step


def _decoder_step(native: CompiledStep) -> Step:
    def step(tokens: Tensor, decoder: DecoderState) -> tuple[Tensor, DecoderState]:
        # Memories may be bfloat16: convert them to float32 once, and keep the result.
        memories = tuple(map_state(_float32, memory) for memory in decoder.memories)
        sources, _, time, _ = memories[0].keys.shape
        sizes = torch.tensor([time, len(tokens) // sources])
        attended = [part for memory in memories for part in (*memory, sizes)]
        y, after = native(tokens, decoder.state, attended)
        return y, DecoderState(after, memories)

    return step


def _float32(part: Tensor) -> Tensor:
    return part.float().contiguous()


def encoder_by_steps(encoder: Encoder, *, int8: bool = False) -> EncoderStep:
    """Run a unidirectional encoder token by token, on batches without padding.

    Args:
        encoder: the encoder.
        int8: use int8 products (`StepProgram`).
    """
    step = step_of(cast("Stack", encoder.stacks[0]), int8=int8)

    def run(
        padded: PaddedBatch, states: tuple[NetworkState, ...]
    ) -> tuple[tuple[Tensor, ...], tuple[NetworkState, ...]]:
        (state,), ys = states, []
        for x in functional.embedding(padded.tokens, encoder.table(padded)):
            y, state = step(x, state)
            ys.append(y)
        return (torch.stack(ys),), (state,)

    return run


class WeightCache(Generic[Cached]):
    """A value derived from the weights of a network, valid until they change.

    Args:
        network: the network.
        value: what was derived.
    """

    def __init__(self, network: nn.Module, value: Cached) -> None:
        self.value = value
        self._weights = list(network.parameters())
        self._versions = self._current_versions()

    def is_valid(self, network: nn.Module) -> bool:
        """Whether the network still has these weights, unchanged."""
        same = all(map(operator.is_, self._weights, network.parameters()))
        return same and self._versions == self._current_versions()

    def _current_versions(self) -> list[Any]:
        # torch counts the in-place changes of each tensor.
        weights = ((each.data_ptr(), each._version) for each in self._weights)
        return [core.name(), *weights]


class CompiledStep:
    """The step of a network, as a program of the native core."""

    def __init__(self, network: Stepped, *, int8: bool) -> None:
        self._program, self._input_type, self._inputs, self._outputs = program_of(
            network, int8=int8
        )

    def __call__(
        self, x: Tensor, state: Any, attended: Sequence[Tensor] = ()
    ) -> tuple[Tensor, Any]:
        """Run one step.

        Args:
            x: (B, D) numbers or (B,) tokens.
            state: the state before.
            attended: the contiguous tensors of `elman.kernels.step_program.MemorySlots`, for each
                block of an encoder-decoder.
        """
        # A step takes microseconds: avoid any overhead here.
        x = x.to(self._input_type).contiguous()
        rows = len(x)
        y = torch.empty(rows, self._outputs)
        outers, after = [x.data_ptr(), y.data_ptr()], []
        before = [part.contiguous() for part in state_tensors(state)]
        for part in before:
            following = torch.empty_like(part)
            outers += part.data_ptr(), following.data_ptr()
            after.append(following)
        outers += (part.data_ptr() for part in attended)
        self._program.run(rows, outers, torch.get_num_threads() if rows > 1 else 1)
        return y, state_like(state, after)

    def stream(self, state: Any) -> CompiledStream:
        rows = len(state_tensors(state)[0])
        x: npt.NDArray[Any] = (
            np.empty(rows, dtype=np.int64)
            if self._input_type == torch.int64
            else np.empty((rows, self._inputs), dtype=np.float32)
        )
        return CompiledStream(self._program, x, self._outputs, state)


class StepStream:
    """A loop of steps over rows, with the state kept between calls."""

    def __init__(self, step: Step, state: Any) -> None:
        self._step = step
        self.state = state

    def read(self, x: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Tokens (B,) or numbers (B, D) -> the output (B, N)."""
        y, self.state = self._step(torch.as_tensor(np.asarray(x)), self.state)
        return y.numpy(force=True)


class CompiledStream:
    """A `StepStream` that reuses its memory: each `read` overwrites the array that it returned and
    `state`, so copy what you keep."""

    def __init__(self, program: StepProgram, x: npt.NDArray[Any], outputs: int, state: Any) -> None:
        parts = [part.contiguous().clone() for part in state_tensors(state)]
        first = state_like(state, parts)
        self._states = (first, map_state(torch.empty_like, first))
        self._x, self._y = x, np.empty((len(x), outputs), dtype=np.float32)
        self._program, self._threads = program, torch.get_num_threads()
        self._turn = 0
        arrays = [self._x.ctypes.data, self._y.ctypes.data]
        self._outers = []
        for before, after in (self._states, self._states[::-1]):
            pairs = zip(state_tensors(before), state_tensors(after), strict=True)
            self._outers.append(arrays + [part.data_ptr() for pair in pairs for part in pair])

    @property
    def state(self) -> Any:
        return self._states[self._turn]

    def read(self, x: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Tokens (B,) or numbers (B, D) -> the output (B, N)."""
        self._x[...] = x
        self._program.run(len(self._x), self._outers[self._turn], self._threads)
        self._turn = 1 - self._turn
        return self._y


def stream_of(step: Step, state: Any) -> StepStream | CompiledStream:
    """A stream from a state, for a loop of many steps."""
    return step.stream(state) if isinstance(step, CompiledStep) else StepStream(step, state)
