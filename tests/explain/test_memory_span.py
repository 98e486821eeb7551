"""Memory spans equal known decays and approximate the Jacobian."""

from __future__ import annotations

import networks
import numpy as np
import pytest
import torch

from elman.cells import CELLS
from elman.explain.cell import explain_cell


def memory_of(cell, xs):
    return explain_cell(cell, xs).sequences[0].layers[0].memory


@pytest.mark.parametrize(("retained", "steps"), [(0.9, None), (0.5, 4), (0.2, 2)])
def test_memory_of_a_constant_gate(retained, steps):
    """A minGRU with a constant gate retains a constant fraction of its state at each step."""
    torch.manual_seed(0)
    cell = CELLS["mingru"](3, 4).double()
    with torch.no_grad():
        cell.i2h.weight[:4] = 0
        cell.i2h.bias[:4] = float(np.log((1 - retained) / retained))
    memory = memory_of(cell, torch.randn(9, 3, dtype=torch.float64))
    np.testing.assert_allclose(memory.sensitivity, retained ** np.arange(9))
    assert memory.steps == steps


@pytest.mark.parametrize("name", ["lstm", "gru", "elman", "plain"])
def test_sensitivity_approximates_the_jacobian(name):
    torch.manual_seed(0)
    cell = CELLS[name](24, 16).double()
    xs = torch.randn(12, 24, dtype=torch.float64)

    def states(xs):
        state, hidden = cell.initial_state(1), []
        for x in xs:
            _, state = cell(x[None], state)
            hidden.append(state[0][0])
        return torch.stack(hidden)

    slopes = torch.autograd.functional.jacobian(states, xs).norm(dim=(1, 3))  # (state, input)
    diagonals = [slopes.diagonal(-distance) for distance in range(12)]
    first = slopes.diagonal()
    expected = [float(each.sum() / first[: len(each)].sum()) for each in diagonals]
    sensitivity = memory_of(cell, xs).sensitivity
    assert len(sensitivity) == 12
    np.testing.assert_allclose(sensitivity[:6], expected[:6], rtol=0.35)


def test_constant_state_forgets_at_once():
    cell = CELLS["elman-relu"](3, 4)
    with torch.no_grad():
        cell.i2h.bias.fill_(-100)
    memory = memory_of(cell, torch.randn(5, 3))
    assert memory.sensitivity.tolist() == [0] * 5
    assert memory.steps == 0


def test_long_text():
    memory = memory_of(CELLS["gru"](3, 4), torch.randn(200, 3))
    assert len(memory.sensitivity) == 200
    assert memory.sensitivity[0] == 1


def test_single_token():
    memory = memory_of(CELLS["gru"](3, 4), torch.randn(1, 3))
    assert memory.sensitivity.tolist() == [1]
    assert memory.steps is None


def test_memory_of_both_directions():
    """Each layer, forward or backward, has a positive sensitivity at every distance."""
    network = networks.classes(2, "mingru")
    layers = networks.trace_of_classes(network).sequences[0].layers
    for layer in layers:
        assert len(layer.memory.sensitivity) == len(networks.IDS)
        assert layer.memory.sensitivity[0] == 1
        assert (layer.memory.sensitivity > 0).all()
