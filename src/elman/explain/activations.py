"""Activations of cells in a forward pass: states, gates, and how long a token counts.

Shapes: T tokens, B rows, W input size of the network, D input size of a cell, H hidden size,
P perturbations. Time comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.cells import Cell, named_step
from elman.explain.trace import Activations, LayerTrace, MemorySpan, Values
from elman.nn.blocks import BlockState, Mixer

MAX_POSITIONS = 32
"""Tokens that are perturbed to measure memory, at most; spread evenly over the text."""
DIRECTIONS = 2  # random perturbations of each token
STEP = 1e-2  # length of a perturbation, relative to the mean length of a token's vector

Positions = npt.NDArray[np.int64]

Run = Callable[[Tensor], object]
"""Forward pass of a network from the vectors (T, B, W) of its tokens."""


class RecordedLayer(NamedTuple):
    """A layer whose cell is recorded.

    Attributes:
        mixer: the module that runs the cell.
        layer: number in its stack, from 1 at the bottom.
        backward: whether it reads from the end.
    """

    mixer: Mixer
    layer: int
    backward: bool


def stack_layers(stacks: Sequence[Any]) -> list[RecordedLayer]:
    """The layers of one stack, or of two where the second reads from the end."""
    return [
        RecordedLayer(block.mixer, number, bool(direction))
        for direction, stack in enumerate(stacks)
        for number, block in enumerate(stack.blocks, start=1)
    ]


def record_layers(run: Run, layers: Sequence[RecordedLayer], x: Tensor) -> tuple[LayerTrace, ...]:
    """The activations of each layer in the forward pass of x.

    Args:
        run: forward pass that uses all the layers.
        layers: what to record.
        x: (T, W) vectors of the tokens.
    """
    traces = []
    with torch.inference_mode():
        spans = _memory_spans(run, layers, x)
        recorded = _cell_inputs(run, layers, x[:, None])
        for each, (inputs, before), span in zip(layers, recorded, spans, strict=True):
            activations = cell_activations(each.mixer.cell, inputs, before)
            if each.backward:
                activations = _reversed(activations)
            direction = "backward" if each.backward else "forward"
            traces.append(LayerTrace(each.layer, direction, *activations, span))
    return tuple(traces)


def cell_activations(
    cell: Cell, xs: Tensor, state: Any
) -> tuple[Activations, Activations, Activations]:
    """States, gates, and other outputs of a cell over one row xs (T, 1, D), by their names in its
    formula."""
    states: list[dict[str, Tensor]] = []
    gates: list[dict[str, Tensor]] = []
    output: list[dict[str, Tensor]] = []
    for x in xs:
        _, state, named = named_step(cell, x, state)
        states.append(state._asdict())
        gates.append({name: named[name].to(x.dtype) for name in cell.gates})
        output.append({name: named[name] for name in cell.outputs})
    return _stacked(states), _stacked(gates), _stacked(output)


def memory_span(distances: Values, positions: Positions) -> MemorySpan:
    """How fast a state forgets perturbed tokens.

    Args:
        distances: (T, P) distance of each perturbed state from the unperturbed one.
        positions: (P,) index of the perturbed token.
    """
    time = len(distances)
    rows = np.arange(len(positions))
    first = distances[positions, rows]
    sensitivity = []
    for distance in range(time - int(positions.min())):
        inside = positions + distance < time
        at_token = first[inside].sum()
        later = distances[positions[inside] + distance, rows[inside]].sum()
        sensitivity.append(later / at_token if at_token > 0 else 0.0)
    return MemorySpan.of(np.array(sensitivity))


def _stacked(steps: list[dict[str, Tensor]]) -> Activations:
    """(T, H) for each name; (T, 1) for a scalar."""
    return {
        name: np.stack([step[name].reshape(-1).numpy(force=True) for step in steps])
        for name in steps[0]
    }


def _reversed(
    activations: tuple[Activations, Activations, Activations],
) -> tuple[Activations, Activations, Activations]:
    """The same with the last step first."""
    states, gates, output = (
        {name: values[::-1] for name, values in each.items()} for each in activations
    )
    return states, gates, output


def _cell_inputs(run: Run, layers: Sequence[RecordedLayer], x: Tensor) -> list[tuple[Tensor, Any]]:
    """Inputs (T, B, D) and initial state of each cell in the forward pass of x (T, B, W)."""
    calls: dict[int, tuple[Tensor, BlockState]] = {}

    def record(mixer: Any, arguments: tuple[Any, ...]) -> None:
        calls[id(mixer)] = arguments[:2]

    hooks = [each.mixer.register_forward_pre_hook(record) for each in layers]
    try:
        run(x)
    finally:
        for hook in hooks:
            hook.remove()
    recorded = []
    for each in layers:
        inputs, before = calls[id(each.mixer)]
        if each.mixer.convolution is not None:
            inputs, _ = each.mixer.convolution(inputs, before.recent, None)
        recorded.append((inputs, before.cell))
    return recorded


def perturbed_rows(x: Tensor) -> tuple[Tensor, Positions]:
    """Copies of a sequence, each with one token perturbed in a random direction of fixed seed.

    Args:
        x: (T, W).

    Returns:
        (T, 1 + P, W), the unperturbed row first; and (P,), the index of the perturbed tokens.
    """
    time, width = x.shape
    positions = np.linspace(0, time - 1, min(time, MAX_POSITIONS)).round().astype(np.int64)
    positions = np.repeat(positions, DIRECTIONS)
    directions = np.random.default_rng(0).standard_normal((len(positions), width))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    length = float(x.norm(dim=1).mean()) or 1.0
    rows = x[:, None].repeat(1, 1 + len(positions), 1)
    perturbation = torch.as_tensor(STEP * length * directions).to(x)
    rows[positions, np.arange(len(positions)) + 1] += perturbation
    return rows, positions


def _memory_spans(run: Run, layers: Sequence[RecordedLayer], x: Tensor) -> list[MemorySpan]:
    rows, positions = perturbed_rows(x)
    spans = []
    for each, (inputs, before) in zip(layers, _cell_inputs(run, layers, rows), strict=True):
        steps = len(x) - 1 - positions if each.backward else positions
        spans.append(memory_span(state_distances(each.mixer.cell, inputs, before), steps))
    return spans


def state_distances(cell: Cell, xs: Tensor, state: Any) -> Values:
    """Distance (T, P) of the state of each row of xs (T, 1 + P, D) from that of the first row."""
    steps = []
    for x in xs:
        _, state = cell(x, state)
        steps.append(state[0])
    states = torch.stack(steps)
    distances: Values = (states[:, 1:] - states[:, :1]).norm(dim=2).numpy(force=True)
    return distances
