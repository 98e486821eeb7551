"""The step of a cell in a model file: as it was traced, and refused where it is damaged."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.cells import CELLS, trace
from elman.cells.stored_program import program_from_json
from elman.errors import ModelFileError, UntraceableError
from elman.kernels import core
from elman.kernels.step_program import StepProgram
from elman.nn.compiled.cell_lowering import lower_cell
from elman.nn.compiled.network import CompiledNetwork
from elman.nn.compiled.weights import Weights

PROGRAMS = {name: json.loads(json.dumps(trace(CELLS[name](5, 8)).to_json())) for name in CELLS}
ODD = st.one_of(
    st.integers(-2, 40),
    st.sampled_from(
        [None, True, "", "linear", "float", "integer", "AAAA", [], [0], [3, 3], {}, 2**40]
    ),
)


@pytest.mark.parametrize("name", CELLS)
def test_it_comes_back_as_it_was(name):
    cell = CELLS[name](5, 8)
    program = program_from_json(json.loads(json.dumps(trace(cell).to_json())))
    assert program.to_json() == trace(cell).to_json()
    weights = {name: weight.numpy(force=True) for name, weight in cell.named_parameters()}
    x, state = np.ones((2, 5), dtype=np.float32), program.initial_state(weights, 2)
    for one, other in zip(
        program.run(weights, x, state)[1], trace(cell).run(weights, x, state)[1], strict=True
    ):
        assert np.array_equal(one, other)


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


@given(st.data())
def test_a_damaged_one_is_refused_or_harmless(data):
    """What passes is run by the native core, on every instruction set."""
    name = data.draw(st.sampled_from(sorted(PROGRAMS)))
    damaged = copy.deepcopy(PROGRAMS[name])
    path = data.draw(st.sampled_from([each for each in places(damaged) if each]))
    at = damaged
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = data.draw(ODD)
    try:
        program = program_from_json(damaged)
    except ModelFileError:
        return
    generator = np.random.default_rng(0)
    weights = {
        name: generator.normal(size=shape).astype(np.float32)
        for name, shape in program.parameters.items()
    }
    for instructions in core.sets()[:-1]:
        with core.using(instructions):
            step = StepProgram()
            x, y = step.outer(program.input_size), step.outer(program.output_size)
            states = [
                step.state(each.width, integer=each.kind == "integer") for each in program.state
            ]
            try:
                step.copy(lower_cell(step, program, Weights(weights), x, states), y)
            except UntraceableError:
                return
            network = CompiledNetwork(
                step,
                program.initial_state(weights, 1),
                inputs=program.input_size,
                outputs=program.output_size,
            )
            inputs = np.ones((6, program.input_size), dtype=np.float32)
            found, _ = network.step(inputs[:2], network.initial_state(2))
            assert found.shape == (2, program.output_size)
            network.read(inputs, np.array([4, 0, 2]))
