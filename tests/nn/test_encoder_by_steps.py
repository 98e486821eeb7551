"""What reads with a stack, step by step and whole texts; cached weights."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from compiled_steps import CompiledStep
from elman.cells import CELLS, state_tensors
from elman.kernels import core
from elman.nn.blocks import Stack
from elman.nn.config import COMPONENTS, StackConfig
from elman.nn.native_step import trained_network
from elman.nn.weight_cache import WeightCache

SETS = core.sets()[:-1]
TOKENS, TIME = 11, 6
some_parts = pytest.mark.parametrize("components", [COMPONENTS, (), ("norm", "mlp"), ("residual",)])


@pytest.fixture(params=SETS)
def instructions(request):
    with core.using(request.param):
        yield request.param


def assert_same(result, expected) -> None:
    for one, other in zip(state_tensors(result), state_tensors(expected), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def drawn(network):
    """Every parameter random: initial zeros would hide an omission."""
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return network.eval()


@some_parts
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.usefixtures("instructions")
def test_steps_of_a_stack_equal_the_sequence(cell, components):
    stack = drawn(Stack(StackConfig(TOKENS, cell, hidden_size=20, components=components)))
    xs, state = torch.randn(3, TIME, 20), stack.initial_state(3)
    with torch.no_grad():
        ys, last = stack(xs, state)
    step = CompiledStep(stack)
    for t in range(TIME):
        y, state = step(xs[:, t], state)
        torch.testing.assert_close(y, ys[:, t], rtol=1e-4, atol=1e-4)
    assert_same(state, last)


@pytest.mark.parametrize("sets", [*SETS, core.OFF])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_reader_reads_texts_as_the_stack(cell, backward, sets):
    """Texts of any length, also none, in any order, on threads; the state goes on."""
    stack = drawn(Stack(StackConfig(TOKENS, cell, hidden_size=20)))
    lengths = np.random.default_rng(0).integers(0, 12, 150)
    xs = [np.random.default_rng(i).normal(size=(n, 20)) for i, n in enumerate(lengths)]
    x = np.concatenate(xs).astype(np.float32)
    with core.using(sets):
        reader = trained_network(nn.ModuleDict({"stack": stack}), int8=False).stack(
            "stack", stack.config
        )
        y, state = reader.read(x, lengths, backward=backward)
        _, again = reader.read(x, lengths, state, backward=backward)
    starts = np.cumsum(lengths) - lengths
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        own = x[start : start + length][:: -1 if backward else 1].copy()
        with torch.inference_mode():
            ys, last = stack(torch.from_numpy(own)[None], stack.initial_state(1))
            _, longer = stack(torch.from_numpy(own)[None], last)
        found = y[start : start + length][:: -1 if backward else 1]
        largest = max(1.0, float(ys.abs().max())) if length else 1.0  # relu grows
        np.testing.assert_allclose(found, ys[0], rtol=1e-4, atol=1e-4 * largest)
        for after, expected in ((state, last), (again, longer)):
            for part, other in zip(after, state_tensors(expected), strict=True):
                most = 1e-4 * max([1.0, *other.abs().flatten().tolist()])
                np.testing.assert_allclose(part[row], other[0], rtol=1e-3, atol=most)


def test_weight_cache_is_valid_until_weights_change():
    stack = drawn(Stack(StackConfig(TOKENS, hidden_size=8)))
    cache, made = WeightCache(), []

    def changed(network):
        """Whether the value is made again."""
        before = len(made)
        assert cache.value(network, lambda: made.append(len(made)) or made[-1]) == made[-1]
        return len(made) > before

    assert changed(stack)
    assert not changed(stack)
    assert changed(copy.deepcopy(stack))
    assert changed(stack)
    with core.using(core.OFF):
        assert changed(stack)
    assert changed(stack)
    weight = next(stack.parameters())
    with torch.no_grad():
        weight.mul_(2)
    assert changed(stack)
    # As in the swap of weights and their averages in training.
    weight.data = weight.data.clone()
    assert changed(stack)
    assert not changed(stack)
