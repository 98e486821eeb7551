"""What stands in a network's cells while it reads: states, gates, and how long a token counts.

Shapes: T time, B rows, W width, H hidden width, P places. Time comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.cells import Cell, named_step
from elman.explain.trace import Heatmaps, LayerTrace, MemorySpan, Values
from elman.nn.blocks import BlockState, Mixer, Stack

PLACES = 32
"""Tokens that are moved to see how long they count, at most; spread evenly over the text."""
DIRECTIONS = 2  # in which each is moved
MOVE = 1e-2  # by so much of a vector's length

Places = npt.NDArray[np.int64]

Run = Callable[[Tensor], object]
"""(T, B, W) the vectors of the tokens -> all that a network makes of them."""


class ActivationRecorder(NamedTuple):
    """A place where a cell runs, and whether it reads from the end."""

    mixer: Mixer
    layer: int
    backward: bool


def record_activations(stacks: Sequence[Any]) -> list[ActivationRecorder]:
    """The layers of a stack, or of two of which the second reads from the end."""
    return [
        ActivationRecorder(block.mixer, number, bool(direction))
        for direction, stack in enumerate(stacks)
        for number, block in enumerate(_blocks(stack), start=1)
    ]


def _blocks(stack: Stack) -> Any:
    return stack.blocks


def layers_of(run: Run, watched: Sequence[ActivationRecorder], x: Tensor) -> tuple[LayerTrace, ...]:
    """What every layer does while x (T, W) is read."""
    layers = []
    with torch.inference_mode():
        memories = _memories(run, watched, x)
        heard = _heard(run, watched, x[:, None])
        for each, (inputs, before), memory in zip(watched, heard, memories, strict=True):
            strips = heatmaps_of(each.mixer.cell, inputs, before)
            if each.backward:
                strips = _turned(strips)
            way = "backward" if each.backward else "forward"
            layers.append(LayerTrace(each.layer, way, *strips, memory))
    return tuple(layers)


def heatmaps_of(cell: Cell, xs: Tensor, state: Any) -> tuple[Heatmaps, Heatmaps, Heatmaps]:
    """A cell over one row xs (T, 1, D): its states, its gates, and what it gives out besides, as
    its formula names them."""
    states: list[dict[str, Tensor]] = []
    gates: list[dict[str, Tensor]] = []
    output: list[dict[str, Tensor]] = []
    for x in xs:
        _, state, named = named_step(cell, x, state)
        states.append(state._asdict())
        gates.append({name: named[name].to(x.dtype) for name in cell.gates})
        output.append({name: named[name] for name in cell.outputs})
    return _stacked(states), _stacked(gates), _stacked(output)


def memory_of(moved: Values, places: Places) -> MemorySpan:
    """From how far each row's state was moved, time by time (T, P), the tokens that were moved
    being those at `places` (P,): by distance, relative to distance 0 of the same rows."""
    time = len(moved)
    rows = np.arange(len(places))
    first = moved[places, rows]
    found = []
    for distance in range(time - int(places.min())):
        there = places + distance < time
        whole = first[there].sum()
        then = moved[places[there] + distance, rows[there]].sum()
        found.append(then / whole if whole > 0 else 0.0)
    return MemorySpan.of(np.array(found))


def _stacked(steps: list[dict[str, Tensor]]) -> Heatmaps:
    """(T, H) for each name; what has no width has one of 1."""
    return {
        name: np.stack([step[name].reshape(-1).numpy(force=True) for step in steps])
        for name in steps[0]
    }


def _turned(strips: tuple[Heatmaps, Heatmaps, Heatmaps]) -> tuple[Heatmaps, Heatmaps, Heatmaps]:
    """The last time first."""
    states, gates, output = ({name: strip[::-1] for name, strip in each.items()} for each in strips)
    return states, gates, output


def _heard(run: Run, watched: Sequence[ActivationRecorder], x: Tensor) -> list[tuple[Tensor, Any]]:
    """While x (T, B, W) is read, what each cell reads (T, B, D) and the state it begins from."""
    heard: dict[int, tuple[Tensor, BlockState]] = {}

    def keep(mixer: Any, given: tuple[Any, ...]) -> None:
        heard[id(mixer)] = given[:2]

    hooks = [each.mixer.register_forward_pre_hook(keep) for each in watched]
    try:
        run(x)
    finally:
        for hook in hooks:
            hook.remove()
    found = []
    for each in watched:
        inputs, before = heard[id(each.mixer)]
        if each.mixer.convolution is not None:
            inputs, _ = each.mixer.convolution(inputs, before.recent, None)
        found.append((inputs, before.cell))
    return found


def moves(x: Tensor) -> tuple[Tensor, Places]:
    """x (T, W) as rows (T, 1 + P, W), in each of which but the first one token is moved a
    little, and where (P,). It is the same every time."""
    time, width = x.shape
    places = np.linspace(0, time - 1, min(time, PLACES)).round().astype(np.int64)
    places = np.repeat(places, DIRECTIONS)
    ways = np.random.default_rng(0).standard_normal((len(places), width))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    length = float(x.norm(dim=1).mean()) or 1.0
    rows = x[:, None].repeat(1, 1 + len(places), 1)
    rows[places, np.arange(len(places)) + 1] += torch.as_tensor(MOVE * length * ways).to(x)
    return rows, places


def _memories(run: Run, watched: Sequence[ActivationRecorder], x: Tensor) -> list[MemorySpan]:
    rows, places = moves(x)
    found = []
    for each, (inputs, before) in zip(watched, _heard(run, watched, rows), strict=True):
        reached = len(x) - 1 - places if each.backward else places
        found.append(memory_of(moved_by(each.mixer.cell, inputs, before), reached))
    return found


def moved_by(cell: Cell, xs: Tensor, state: Any) -> Values:
    """How far the state of each row of xs (T, 1 + P, D) is from the first row's: (T, P)."""
    states = []
    for x in xs:
        _, state = cell(x, state)
        states.append(state[0])
    return _apart(torch.stack(states))


def _apart(states: Tensor) -> Values:
    """How far each row of states (T, 1 + P, H) is from the first: (T, P)."""
    moved: Values = (states[:, 1:] - states[:, :1]).norm(dim=2).numpy(force=True)
    return moved
