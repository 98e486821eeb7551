"""Run compiled networks on arrays, step by step or over whole texts.

Shapes: B rows, N tokens of all rows, D input width, W output width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from elman.cells.program import CellProgram
from elman.kernels.step_program import StepProgram
from elman.kernels.threads import threads
from elman.nn.compiled.lowering import lower_block, lower_stack, state_slots
from elman.nn.compiled.packing import Packing
from elman.nn.compiled.weights import Weights
from elman.nn.config import CONVOLUTION_WIDTH, StackConfig

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

State = tuple[Array, ...]
"""The parts of a state, (B, ...) each, in the order in which a network takes them."""

MIN_TOKENS = 256
"""The tokens of a whole text or more for which a thread pays off."""

FEW_ROWS = 16
"""Steps of fewer rows run on one thread."""


def rows_of(state: State, rows: Any) -> State:
    """Some rows of a state, by anything that indexes an array."""
    return tuple(part[rows] for part in state)


def joined(states: Sequence[State]) -> State:
    """The rows of several states, one after another."""
    return tuple(np.concatenate(parts) for parts in zip(*states, strict=True))


class Stepping(Protocol):
    """A network that reads one token of each row and carries a state."""

    def step(self, x: Array, state: State, /) -> tuple[Floats, State]:
        """One token of each row: x (B, D), or tokens (B,) -> y (B, W), the state after."""


class Reader(Stepping, Protocol):
    """A network that reads tokens or vectors, one by one or whole texts."""

    outputs: int

    def initial_state(self, rows: int) -> State:
        """The state before the first token."""

    def read(
        self,
        x: Array,
        lengths: Array,
        state: State | None = None,
        *,
        backward: bool = False,
    ) -> tuple[Floats, State]:
        """Whole texts.

        Args:
            x: (N, D), or tokens (N,), of one text after another.
            lengths: (B,) tokens of each text.
            state: before them; None: the initial state.
            backward: read each text from its last token.

        Returns:
            y (N, W), in the order of x, and the state after each text.
        """


class CompiledNetwork:
    """A `Reader` on the native core.

    Args:
        program: its outer slots are the input, the output unless there is none, then each part of
            the state before and after.
        initial: each part of the initial state, (1, ...).
        inputs: D; 0 for tokens.
        outputs: W; 0 if the program has no output.
    """

    def __init__(
        self, program: StepProgram, initial: Sequence[Array], *, inputs: int, outputs: int
    ) -> None:
        self._program, self._initial = program, tuple(initial)
        self._inputs, self.outputs = inputs, outputs

    def initial_state(self, rows: int) -> State:
        return tuple(np.repeat(part, rows, axis=0) for part in self._initial)

    def step(self, x: Array, state: State, shared: Sequence[Array] = ()) -> tuple[Floats, State]:
        """As `Reader.step`; `shared` are arrays for all rows, as `MemorySlots`."""
        x, before = self._input(x), tuple(map(np.ascontiguousarray, state))
        y, after = self._results(len(x), before)
        count = threads() if len(x) >= FEW_ROWS else 1
        self._program.run(len(x), self._outers(x, y, before, after, shared), count)
        return y, after

    def read(
        self,
        x: Array,
        lengths: Array,
        state: State | None = None,
        *,
        backward: bool = False,
    ) -> tuple[Floats, State]:
        x, lengths = self._input(x), np.asarray(lengths, dtype=np.int64)
        before = self.initial_state(len(lengths)) if state is None else state
        y, after = self._results(len(x), before)
        packing = Packing.of(lengths, backward=backward)
        team = min(threads(), len(lengths), max(1, len(x) // MIN_TOKENS))
        if team == 1:
            self._read_part(packing, x, y, before, after)
            return y, after
        starts = _starts(lengths)
        with ThreadPoolExecutor(team) as pool:
            jobs = []
            for rows in (packing.order[first::team] for first in range(team)):
                part = Packing.of(lengths[rows], backward=backward)
                shift = np.repeat(starts[rows] - _starts(lengths[rows]), lengths[rows])
                placed = Packing(
                    rows[part.order], part.rows_at, part.positions + shift[part.positions]
                )
                jobs.append(pool.submit(self._read_part, placed, x, y, before, after))
            for job in jobs:
                job.result()
        return y, after

    def _read_part(
        self, packing: Packing, x: Array, y: Floats, before: State, after: State
    ) -> None:
        """Read the texts of a packing, and write their part of y and of the state after."""
        own_x, own_before = x[packing.positions], rows_of(before, packing.order)
        own_y, own_after = self._results(len(own_x), own_before)
        if packing.rows_at:
            outers = self._outers(own_x, own_y, own_before, own_after, ())
            self._program.run_over_time(packing.rows_at, outers)
            y[packing.positions] = own_y
        read = packing.rows_at[0] if packing.rows_at else 0  # the others have no tokens
        for part, own, unread in zip(after, own_after, own_before, strict=True):
            part[packing.order[:read]] = own[:read]
            part[packing.order[read:]] = unread[read:]

    def stream(self, state: State) -> CompiledStream:
        """A loop of steps from a state, with as many rows."""
        rows = len(state[0])
        shape = (rows, self._inputs) if self._inputs else (rows,)
        x = np.empty(shape, dtype=np.float32 if self._inputs else np.int64)
        return CompiledStream(self._program, x, self.outputs, state)

    def _input(self, x: Array) -> Array:
        return np.ascontiguousarray(x, dtype=np.float32 if self._inputs else np.int64)

    def _results(self, tokens: int, before: State) -> tuple[Floats, State]:
        y = np.empty((tokens, self.outputs), dtype=np.float32)
        return y, tuple(map(np.empty_like, before))

    def _outers(
        self, x: Array, y: Floats, before: State, after: State, shared: Sequence[Array]
    ) -> list[int]:
        outers = [x.ctypes.data, y.ctypes.data] if self.outputs else [x.ctypes.data]
        for one, other in zip(before, after, strict=True):
            outers += one.ctypes.data, other.ctypes.data
        return outers + [array.ctypes.data for array in shared]


def _starts(lengths: Array) -> Array:
    return np.cumsum(lengths) - lengths


def in_parts(count: int, run: Callable[[int, int], None]) -> None:
    """Call `run(begin, end)` for as many parts of `count` tokens as threads pay off for."""
    team = max(1, min(threads(), count // MIN_TOKENS))
    bounds = [count * part // team for part in range(team + 1)]
    if team == 1:
        run(0, count)
        return
    with ThreadPoolExecutor(team) as pool:
        list(pool.map(run, bounds[:-1], bounds[1:]))


def compiled_stack(
    config: StackConfig, cell: CellProgram, weights: Weights, *, int8: bool = False
) -> CompiledNetwork:
    """A stack from vectors (N, W) to vectors (N, W).

    Args:
        config, cell, weights: those of `elman.nn.compiled.lowering.lower_stack`.
        int8: use int8 products (`StepProgram`).
    """
    program, width = StepProgram(int8=int8), config.hidden_size
    x, y = program.outer(width), program.outer(width)
    states = state_slots(program, config, cell)
    program.copy(lower_stack(program, config, cell, weights, x, states), y)
    initial = initial_parts(config, cell, weights)
    return CompiledNetwork(program, initial, inputs=width, outputs=width)


def compiled_block(config: StackConfig, cell: CellProgram, weights: Weights) -> CompiledNetwork:
    """One block from vectors (N, W) to vectors (N, W).

    Args:
        config, cell: those of its stack.
        weights: of the block.
    """
    program, width = StepProgram(), config.hidden_size
    x, y = program.outer(width), program.outer(width)
    states = state_slots(program, replace(config, layers=1), cell)
    program.copy(lower_block(program, config, cell, weights, x, states), y)
    initial = _initial_block_parts(config, cell, weights)
    return CompiledNetwork(program, initial, inputs=width, outputs=width)


def initial_parts(config: StackConfig, cell: CellProgram, weights: Weights) -> list[Array]:
    """Each part (1, ...) of the initial state of a stack, in the order of `state_slots`."""
    blocks = (weights.under(f"blocks.{number}") for number in range(config.layers))
    return [part for own in blocks for part in _initial_block_parts(config, cell, own)]


def _initial_block_parts(config: StackConfig, cell: CellProgram, weights: Weights) -> list[Array]:
    past = CONVOLUTION_WIDTH - 1 if "convolution" in config.components else 0
    recent = np.zeros((1, past, config.hidden_size), dtype=np.float32)
    return [recent, *cell.initial_state(weights.under("mixer.cell"), 1)]


def compiled_linear(weight: Floats, bias: Floats, *, int8: bool = False) -> CompiledNetwork:
    """A linear layer from (N, D) to (N, W), as a network without a state."""
    program = StepProgram(int8=int8)
    outputs, inputs = weight.shape
    x, y = program.outer(inputs), program.outer(outputs)
    program.linear(x, weight, bias, y)
    return CompiledNetwork(program, [], inputs=inputs, outputs=outputs)


class Stream(Protocol):
    """A loop of steps over rows; the state is kept between calls."""

    @property
    def state(self) -> State:
        """The state after the last step; the next step may overwrite it."""

    def read(self, x: npt.ArrayLike) -> Floats:
        """Tokens (B,) or numbers (B, D) -> the output (B, W), which the next step may overwrite."""


class StepStream:
    """A `Stream` of any network."""

    def __init__(self, network: Stepping, state: State) -> None:
        self._network, self.state = network, state

    def read(self, x: npt.ArrayLike) -> Floats:
        y, self.state = self._network.step(np.asarray(x), self.state)
        return y


class CompiledStream:
    """A `Stream` of a program, which reuses its memory."""

    def __init__(self, program: StepProgram, x: Array, outputs: int, state: State) -> None:
        first = tuple(np.array(part, order="C") for part in state)
        self._states = (first, tuple(map(np.empty_like, first)))
        self._x, self._y = x, np.empty((len(x), outputs), dtype=np.float32)
        self._program, self._threads = program, threads() if len(x) >= FEW_ROWS else 1
        self._turn = 0
        arrays = [self._x.ctypes.data, self._y.ctypes.data]
        self._outers = [
            arrays + [part.ctypes.data for pair in zip(before, after, strict=True) for part in pair]
            for before, after in (self._states, self._states[::-1])
        ]

    @property
    def state(self) -> State:
        return self._states[self._turn]

    def read(self, x: npt.ArrayLike) -> Floats:
        self._x[...] = x
        self._program.run(len(self._x), self._outers[self._turn], self._threads)
        self._turn = 1 - self._turn
        return self._y
