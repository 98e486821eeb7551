"""How long a token counts, held against what is known without moving anything."""

from __future__ import annotations

import networks
import numpy as np
import pytest
import torch

from elman.cells import CELLS
from elman.explain.cell import explain_cell


def of_cell(cell, xs):
    return explain_cell(cell, xs).readings[0].layers[0].memory


@pytest.mark.parametrize(("kept", "steps"), [(0.9, None), (0.5, 4), (0.2, 2)])
def test_a_known_decay(kept, steps):
    """A minGRU whose gate is always as far open keeps that share at every step."""
    torch.manual_seed(0)
    cell = CELLS["mingru"](3, 4).double()
    with torch.no_grad():
        cell.i2h.weight[:4] = 0
        cell.i2h.bias[:4] = float(np.log((1 - kept) / kept))
    memory = of_cell(cell, torch.randn(9, 3, dtype=torch.float64))
    np.testing.assert_allclose(memory.sensitivity, kept ** np.arange(9))
    assert memory.steps == steps


@pytest.mark.parametrize("name", ["lstm", "gru", "elman", "plain"])
def test_about_what_the_jacobian_says(name):
    torch.manual_seed(0)
    cell = CELLS[name](24, 16).double()
    xs = torch.randn(12, 24, dtype=torch.float64)

    def states(xs):
        state, found = cell.initial_state(1), []
        for x in xs:
            _, state = cell(x[None], state)
            found.append(state[0][0])
        return torch.stack(found)

    slopes = torch.autograd.functional.jacobian(states, xs).norm(dim=(1, 3))  # (after, of)
    there = [slopes.diagonal(-distance) for distance in range(12)]
    first = slopes.diagonal()
    wanted = [float(each.sum() / first[: len(each)].sum()) for each in there]
    found = of_cell(cell, xs).sensitivity
    assert len(found) == 12
    np.testing.assert_allclose(found[:6], wanted[:6], rtol=0.35)


def test_what_nothing_moves_is_forgotten_at_once():
    cell = CELLS["elman-relu"](3, 4)
    with torch.no_grad():
        cell.i2h.bias.fill_(-100)
    memory = of_cell(cell, torch.randn(5, 3))
    assert memory.sensitivity.tolist() == [0] * 5
    assert memory.steps == 0


def test_a_long_text_is_sampled():
    memory = of_cell(CELLS["gru"](3, 4), torch.randn(200, 3))
    assert len(memory.sensitivity) == 200
    assert memory.sensitivity[0] == 1


def test_one_token_alone():
    memory = of_cell(CELLS["gru"](3, 4), torch.randn(1, 3))
    assert memory.sensitivity.tolist() == [1]
    assert memory.steps is None


def test_a_layer_that_reads_from_the_end_forgets_in_that_direction():
    """What is moved early in a text is what a backward layer reads last: its own stack on the
    turned text forgets alike, but for the ways in which tokens are moved."""
    network = networks.classes(2, "mingru")
    layers = networks.trace_of_classes(network).readings[0].layers
    for layer in layers:
        assert len(layer.memory.sensitivity) == len(networks.IDS)
        assert layer.memory.sensitivity[0] == 1
        assert (layer.memory.sensitivity > 0).all()
