"""A step by the native core against the network's own, for every cell, part and instruction set."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from compiled_steps import CompiledStep, arrays_of
from elman.cells import CELLS, map_state, state_tensors
from elman.errors import UntraceableError
from elman.kernels import core
from elman.nn.config import COMPONENTS, StackConfig
from elman.nn.language_model import LanguageModelNetwork

SETS = core.sets()[:-1]
TOKENS = 11


@pytest.fixture(params=SETS)
def instructions(request):
    with core.using(request.param):
        yield request.param


def random_state(module, rows: int):
    def fill(part: Tensor) -> Tensor:
        return torch.randn_like(part) if part.is_floating_point() else torch.randint_like(part, 9)

    return map_state(fill, module.initial_state(rows))


def assert_same(result, expected, tolerance: float = 1e-5) -> None:
    for one, other in zip(state_tensors(result), state_tensors(expected), strict=True):
        assert one.dtype == other.dtype
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


def network_of(cell: str, components=COMPONENTS, **choice) -> LanguageModelNetwork:
    torch.manual_seed(1)
    architecture = StackConfig(
        TOKENS, cell=cell, hidden_size=20, components=tuple(components), **choice
    )
    return LanguageModelNetwork(architecture).eval()


@pytest.mark.parametrize("rows", [1, 2, 21])
@pytest.mark.parametrize("sizes", [(5, 8), (37, 100)])
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.usefixtures("instructions")
def test_a_cells_step_is_the_cell(name, sizes, rows):
    torch.manual_seed(0)
    cell = CELLS[name](*sizes)
    x, state = torch.randn(rows, sizes[0]), random_state(cell, rows)
    step = CompiledStep(cell)
    with torch.no_grad():
        assert_same(step(x, state), cell(x, state))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(
    "components", [COMPONENTS, (), ("residual", "norm"), ("gate", "mlp"), COMPONENTS[1:3]]
)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.usefixtures("instructions")
def test_token_by_token_is_the_whole_sequence(cell, components, tied):
    network = network_of(cell, components, tied=tied)
    tokens = torch.randint(0, TOKENS, (3, 7))
    state = random_state(network, 3)
    with torch.no_grad():
        logits, last = network(tokens, state)
    step = CompiledStep(network)
    for t in range(tokens.shape[1]):
        result, state = step(tokens[:, t], state)
        torch.testing.assert_close(result, logits[:, t], rtol=1e-4, atol=1e-4)
    assert_same(state, last, 1e-4)


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.usefixtures("instructions")
def test_a_stream_is_its_steps(cell, int8):
    network = network_of(cell)
    step = CompiledStep(network, int8=int8)
    state = begun = random_state(network, 2)
    kept = map_state(torch.clone, begun)
    stream = step.stream(state)
    for tokens in ([1, 4], [0, 10], [7, 7]):
        expected, state = step(torch.tensor(tokens), state)
        assert np.array_equal(stream.read(tokens), expected.numpy())
        for part, other in zip(stream.state, arrays_of(state), strict=True):
            assert np.array_equal(part, other)
    assert_same(begun, kept, 0)  # who gave a state still has it


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.usefixtures("instructions")
def test_a_stream_of_a_cell_reads_numbers(name):
    cell = CELLS[name](5, 8)
    step, state = CompiledStep(cell), random_state(cell, 3)
    stream = step.stream(state)
    for x in torch.randn(3, 3, 5):
        expected, state = step(x, state)
        assert np.array_equal(stream.read(x.numpy()), expected.numpy())
    for part, other in zip(stream.state, arrays_of(state), strict=True):
        assert np.array_equal(part, other)


@pytest.mark.usefixtures("instructions")
def test_a_subclass_steps_by_its_own_formula():
    class Louder(CELLS["lstm"]):  # type: ignore[misc]
        """A cell with its own idea of a step."""

        def forward(self, x, state):
            y, state = super().forward(x, state)
            return 2 * y, state

    cell, x = Louder(4, 6), torch.randn(2, 4)
    step, state = CompiledStep(cell), random_state(cell, 2)
    with torch.no_grad():
        assert_same(step(x, state), cell(x, state))


def test_what_the_core_does_not_serve_is_refused():
    with pytest.raises(UntraceableError, match="are not float32"):
        CompiledStep(CELLS["gru"](4, 6).double())


@pytest.mark.usefixtures("instructions")
@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_the_rows_and_change_nothing(threads):
    network, before = network_of("gru"), torch.get_num_threads()
    tokens, state = torch.randint(0, TOKENS, (50,)), random_state(network, 50)
    step = CompiledStep(network)
    torch.set_num_threads(threads)
    try:
        many, _ = step(tokens, state)
    finally:
        torch.set_num_threads(before)
    for row in (0, 24, 25, 49):
        alone, _ = step(tokens[row : row + 1], map_state(lambda p, r=row: p[r : r + 1], state))
        torch.testing.assert_close(many[row : row + 1], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("token", [-1, TOKENS])
@pytest.mark.usefixtures("instructions")
def test_a_token_outside_of_the_vocabulary_is_refused(token):
    network = network_of("gru")
    step, state = CompiledStep(network), network.initial_state(20)
    tokens = torch.zeros(20, dtype=torch.int64)
    tokens[17] = token
    with pytest.raises(IndexError):
        step(tokens, state)
    with pytest.raises(IndexError):
        step.stream(state).read(tokens.numpy())


# 8-bit products


def rounded_product(weight: Tensor, x: Tensor) -> Tensor:
    """As documented: a scale for each output and for each vector, integers, nearest even."""
    weight_scale = weight.abs().amax(1, keepdim=True) / 127
    x_scale = x.abs().amax(1, keepdim=True) / 127
    whole_weight = (weight / weight_scale).nan_to_num().round()
    whole_x = (x * (127 / x.abs().amax(1, keepdim=True))).nan_to_num().round()
    return (whole_x.double() @ whole_weight.double().t()).float() * x_scale * weight_scale.t()


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 9),
    inputs=st.integers(1, 70),
    tokenizers=st.integers(1, 70),
    size=st.sampled_from([1e-20, 1.0, 1e10]),
    seed=st.integers(0, 2**31),
)
def test_8_bit_products_are_exact_once_rounded(rows, inputs, tokenizers, size, seed):
    """An Elman cell that remembers nothing, on every instruction set: tanh of one product."""
    torch.manual_seed(seed)
    cell = CELLS["elman"](inputs, tokenizers)
    x = torch.randn(rows, inputs) * size
    x[0] = 0
    with torch.no_grad():
        cell.h2h.weight.zero_()
        cell.h2h.bias.zero_()
        cell.i2h.weight /= size
        cell.i2h.weight[0] = 0
        expected = torch.tanh(rounded_product(cell.i2h.weight, x) + cell.i2h.bias)
    for instructions in SETS:
        with core.using(instructions):
            result, _ = CompiledStep(cell, int8=True)(x, cell.initial_state(rows))
        # But for ties that fall to the other side: of a vector's number, which its whole row shows.
        near = ((result - expected).abs() < 1e-5).float().mean(1)
        assert (near < 0.9).sum() <= 1
        torch.testing.assert_close(result, expected, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("cell", CELLS)
def test_8_bits_change_little(cell, instructions):
    network, state = network_of(cell), network_of(cell).initial_state(1)
    exact, rough = CompiledStep(network), CompiledStep(network, int8=True)
    other = state
    for token in torch.randint(0, TOKENS, (30, 1)):
        wanted, state = exact(token, state)
        result, other = rough(token, other)
        apart = (result.softmax(1) - wanted.softmax(1)).abs().sum()
        assert 0 < apart < 0.1, instructions


def test_the_same_seed_writes_the_same_text_with_the_core_and_without(characters):
    def text() -> str:
        return "".join(characters.generate("The ", length=60, seed=3))

    with_core = text()
    with core.using(core.OFF):
        without = text()
    assert with_core == without
