"""The invariants of a cell, for a network of any cell and components."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from variants import ragged_batches

from elman.cells import CELLS, MinGRU, map_state, state_tensors
from elman.nn.config import COMPONENTS, CONVOLUTION_WIDTH, StackConfig
from elman.nn.language_model import LanguageModelNetwork

VOCABULARY, WIDTH = 7, 8

SETS = {"all": COMPONENTS, "none": ()} | {
    f"no {part}": tuple(other for other in COMPONENTS if other != part) for part in COMPONENTS
}
NETWORKS = [
    pytest.param(cell, components, id=f"{cell}-{name}")
    for cell, (name, components) in itertools.product(CELLS, SETS.items())
]


def make(cell: str, components: tuple[str, ...]) -> LanguageModelNetwork:
    """Two blocks without dropout, every parameter random."""
    torch.manual_seed(3)
    network = (
        LanguageModelNetwork(StackConfig(VOCABULARY, cell, WIDTH, 2, components)).double().eval()
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def random_state(network: LanguageModelNetwork, rows: int):
    def fill(part: Tensor) -> Tensor:
        return torch.randn_like(part) if part.is_floating_point() else part + 3

    return map_state(fill, network.initial_state(rows))


def assert_same(left, right) -> None:
    for a, b in zip(state_tensors(left), state_tensors(right), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


def row_of(state, row: int):
    return map_state(lambda part: part[row : row + 1], state)


@st.composite
def batches(draw):
    """(tokens, lengths, resets) of a ragged batch with resets."""
    lengths, resets = draw(ragged_batches(rows=3, time=7))
    return torch.randint(VOCABULARY, resets.shape), lengths, resets


# An independent account of the same network: one row from its beginning, all times at once,
# every formula written out; only the cell's own step is trusted (tests/recurrence has it).


def plain_norm(x: Tensor, norm: nn.Module) -> Tensor:
    if isinstance(norm, nn.Identity):
        return x
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * norm.weight


def plain_mixer(mixer: nn.Module, x: Tensor, components: tuple[str, ...]) -> Tensor:
    inputs = x
    if "convolution" in components:
        padded = functional.pad(x.t(), (CONVOLUTION_WIDTH - 1, 0))[None]
        taps = mixer.convolution.weight.flip(0).t()[:, None]
        inputs = functional.conv1d(padded, taps, mixer.convolution.bias, groups=WIDTH)[0].t()
    state, ys = mixer.cell.initial_state(1), []
    for t in range(len(x)):
        y, state = mixer.cell(inputs[t : t + 1], state)
        ys.append(y[0])
    y = torch.stack(ys)
    if "gate" in components:
        y = functional.silu(mixer.gate(x)) * y
    return y if mixer.out is None else mixer.out(y)


def plain_logits(network: LanguageModelNetwork, tokens: Tensor) -> Tensor:
    """tokens (T,) -> logits (T, V)."""
    components = network.config.components
    x = network.embedding.weight[tokens]
    for block in network.stack.blocks:
        y = plain_mixer(block.mixer, plain_norm(x, block.mixer_norm), components)
        x = x + y if "residual" in components else y
        if "mlp" in components:
            norm, mlp = block.mlp
            inner = plain_norm(x, norm)
            y = mlp.out(functional.silu(mlp.gate(inner)) * mlp.into(inner))
            x = x + y if "residual" in components else y
    return plain_norm(x, network.stack.norm) @ network.output.weight.t() + network.output.bias


@pytest.mark.parametrize(("cell", "components"), NETWORKS)
def test_logits_and_gradients_equal_the_formulas(cell, components):
    network = make(cell, components)
    tokens = torch.randint(VOCABULARY, (2, 6))
    expected = torch.stack([plain_logits(network, row) for row in tokens])
    result, _ = network(tokens, network.initial_state(2))
    torch.testing.assert_close(result, expected, rtol=1e-9, atol=1e-10)
    outer, weights = torch.randn_like(result), list(network.parameters())
    pairs = zip(
        torch.autograd.grad(result, weights, outer),
        torch.autograd.grad(expected, weights, outer),
        strict=True,
    )
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("cell", "components"), NETWORKS)
@settings(max_examples=4, deadline=None)
@given(batch=batches())
def test_steps_of_one_row_equal_a_ragged_batch_with_resets(cell, components, batch):
    """Token by token and row by row, against padding, resets and other rows."""
    tokens, lengths, resets = batch
    network = make(cell, components)
    state = random_state(network, len(tokens))
    with torch.no_grad():
        result, last = network(tokens, state, lengths=lengths, resets=resets)
        for row, length in enumerate(lengths.tolist()):
            current = row_of(state, row)
            for t in range(length):
                if resets[row, t]:
                    current = network.initial_state(1)
                logits, current = network(tokens[row : row + 1, t : t + 1], current)
                torch.testing.assert_close(logits[0, 0], result[row, t], rtol=1e-9, atol=1e-10)
            assert_same(row_of(last, row), current)


@pytest.mark.parametrize(("cell", "components"), NETWORKS)
@settings(max_examples=3, deadline=None)
@given(batch=batches(), data=st.data())
def test_chunks_equal_the_whole_sequence(cell, components, batch, data):
    tokens, lengths, resets = batch
    cut = data.draw(st.integers(0, tokens.shape[1]), label="cut")
    network = make(cell, components)
    state = random_state(network, len(tokens))
    with torch.no_grad():
        whole, last = network(tokens, state)
        left, middle = network(tokens[:, :cut], state)
        right, result = network(tokens[:, cut:], middle)
        assert_same((torch.cat([left, right], dim=1), result), (whole, last))

        _, last = network(tokens, state, lengths=lengths, resets=resets)
        if 0 < cut < tokens.shape[1]:
            first = lengths.clamp(max=cut)
            _, middle = network(tokens[:, :cut], state, lengths=first, resets=resets[:, :cut])
            rest = lengths - first
            _, result = network(tokens[:, cut:], middle, lengths=rest, resets=resets[:, cut:])
            assert_same(result, last)


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(("cell", "components"), NETWORKS)
def test_padding_changes_neither_logits_nor_gradients(cell, components, reset):
    """Two padding tokens give bitwise equal logits, states and gradients."""
    network = make(cell, components)
    lengths = torch.tensor([5, 2, 0])
    tokens = torch.randint(VOCABULARY, (3, 5))
    resets = torch.tensor([[0, 0, 1, 0, 0], [0, 1, 0, 1, 1], [1, 0, 0, 1, 0]]).bool()
    real = torch.arange(5) < lengths[:, None]
    results = []
    for garbage in (0, VOCABULARY - 1):
        logits, last = network(
            tokens.where(real, garbage),
            network.initial_state(3),
            lengths=lengths,
            resets=resets if reset else None,
        )
        parts_of_last = [part for part in state_tensors(last) if part.is_floating_point()]
        loss = logits[real].square().sum() + sum(part.square().sum() for part in parts_of_last)
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        results.append([logits[real], *state_tensors(last), *gradients])
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("cell", "components"), NETWORKS)
def test_reset_cuts_values_and_gradients(cell, components):
    """Neither crosses a reset; both cross where there is none."""
    network = make(cell, components)
    state = map_state(
        lambda part: part.requires_grad_() if part.is_floating_point() else part,
        random_state(network, 2),
    )
    xs = torch.randn(2, 6, WIDTH, dtype=torch.float64, requires_grad=True)
    resets = torch.zeros(2, 6, dtype=torch.bool)
    resets[0, 3] = True
    ys, last = network.stack(xs, state, resets=resets)
    fresh, end = network.stack(xs[:1, 3:], network.stack.initial_state(1))
    assert_same((ys[:1, 3:], row_of(last, 0)), (fresh, end))

    floating = [part for part in state_tensors(state) if part.numel() and part.requires_grad]
    outer = torch.randn_like(ys[:, 3:])
    gradients = torch.autograd.grad((ys[:, 3:] * outer).sum(), [xs, *floating])
    to_xs, to_state = gradients[0], gradients[1:]
    assert not to_xs[0, :3].any()
    assert to_xs[0, 3:].any(dim=-1).all()
    assert to_xs[1, :3].any()
    assert not any(part[0].any() for part in to_state)
    assert any(part[1].any() for part in to_state)


@pytest.mark.parametrize(("cell", "components"), NETWORKS)
def test_rows_do_not_depend_on_each_other(cell, components):
    network = make(cell, components)
    xs = torch.randn(3, 5, WIDTH, dtype=torch.float64, requires_grad=True)
    state = map_state(
        lambda part: part.requires_grad_() if part.is_floating_point() else part,
        random_state(network, 3),
    )
    ys, last = network.stack(xs, state)
    ends = [part[1].sum() for part in state_tensors(last) if part.requires_grad]
    wanted = [xs, *(part for part in state_tensors(state) if part.requires_grad)]
    wanted = [part for part in wanted if part.numel()]
    outer = torch.randn_like(ys[1])
    gradients = torch.autograd.grad(
        (ys[1] * outer).sum() + sum(ends), wanted, allow_unused=True, materialize_grads=True
    )
    assert gradients[0][1].any()
    for gradient in gradients:
        assert not gradient[[0, 2]].any()

    order = torch.tensor([2, 0, 1])
    moved, _ = network.stack(xs[order], map_state(lambda part: part[order], state))
    torch.testing.assert_close(moved, ys[order], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("cell", "components"), NETWORKS)
def test_bfloat16_keeps_the_state_dtype_and_is_close(cell, components):
    """A state of another dtype could not be continued or resumed from."""
    network = make(cell, components).float()
    tokens = torch.randint(VOCABULARY, (2, 6))
    before = network.initial_state(2)
    exact, _ = network(tokens, before)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, state = network(tokens[:, :3], before)
        rest, state = network(tokens[:, 3:], state)
    for part, first in zip(state_tensors(state), state_tensors(before), strict=True):
        assert part.dtype == first.dtype
    apart = torch.linalg.vector_norm(torch.cat([logits, rest], dim=1).float() - exact)
    assert apart < 0.1 * torch.linalg.vector_norm(exact)


def test_minGRU_has_twice_the_hidden_size_of_its_block():  # noqa: N802
    """So its mixer always has an output projection."""
    mixer = make("mingru", ()).stack.blocks[0].mixer
    assert isinstance(mixer.cell, MinGRU)
    assert (mixer.cell.hidden_size, mixer.out.out_features) == (2 * WIDTH, WIDTH)
