"""The six laws that every cell obeys with every kernel (docs/design.md, section 3)."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from elman.cells import CELLS, Cell, LSTMState, map_state, state_tensors
from elman.errors import SettingError
from elman.kernels import KERNELS
from elman.scan import scan

INPUT, HIDDEN = 5, 8

PAIRS = [
    pytest.param(name, kernel, id=f"{name}-{kernel}")
    for name, kernel in itertools.product(CELLS, ["reference", *(k.name for k in KERNELS)])
    if kernel == "reference"
    or any(k.name == kernel and k.serves(CELLS[name](INPUT, HIDDEN)) for k in KERNELS)
]


def make_cell(name: str) -> Cell:
    torch.manual_seed(1)
    return CELLS[name](INPUT, HIDDEN).double()


def random_state(cell: Cell, rows: int):
    """Any state, not just zeros: a law that holds only from zero is no law."""

    def fill(part: Tensor) -> Tensor:
        return torch.randn_like(part) if part.is_floating_point() else part + 3

    return map_state(fill, cell.initial_state(rows))


def assert_same(left, right) -> None:
    for a, b in zip(state_tensors(left), state_tensors(right), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@st.composite
def batches(draw):
    """(inputs, lengths, resets) of a ragged batch with resets; some rows may be empty."""
    rows, time = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    torch.manual_seed(draw(st.integers(0, 2**31)))
    lengths = torch.tensor(draw(st.lists(st.integers(0, time), min_size=rows, max_size=rows)))
    resets = torch.rand(rows, time) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    return torch.randn(rows, time, INPUT, dtype=torch.float64), lengths, resets


def by_hand(cell: Cell, xs: Tensor, state, lengths: Tensor, resets: Tensor):
    """Row by row, symbol by symbol: what every path must equal, written without any mask."""
    rows, time = xs.shape[:2]
    ys = torch.zeros(rows, time, cell.output_size, dtype=xs.dtype)
    last = []
    for row in range(rows):
        current = map_state(lambda part, row=row: part[row : row + 1], state)
        for t in range(int(lengths[row])):
            if resets[row, t]:
                current = cell.initial_state(1)
            y, current = cell(xs[row : row + 1, t], current)
            ys[row, t] = y[0]
        last.append(current)
    return ys, map_state(lambda *parts: torch.cat(parts), *last)


@pytest.mark.parametrize(("name", "kernel"), PAIRS)
@settings(max_examples=15, deadline=None)
@given(batch=batches())
def test_steps_equal_the_sequence_with_padding_and_resets(name, kernel, batch):
    """Laws 1, 3 and 4 at once: a ragged batch with resets equals its rows stepped alone."""
    xs, lengths, resets = batch
    cell = make_cell(name)
    state = random_state(cell, len(xs))
    expected = by_hand(cell, xs, state, lengths, resets)
    garbage = torch.arange(xs.shape[1]) >= lengths[:, None]
    xs = xs.masked_fill(garbage[..., None], float("nan"))
    found = scan(cell, xs, state, lengths=lengths, resets=resets, kernel=kernel)
    assert_same(found, expected)


@pytest.mark.parametrize(("name", "kernel"), PAIRS)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("reset", [False, True])
def test_each_way_of_calling(name, kernel, ragged, reset):
    """Lengths and resets switch code paths: each alone, both, neither."""
    cell = make_cell(name)
    xs = torch.randn(3, 6, INPUT, dtype=torch.float64)
    lengths = torch.tensor([6, 2, 4]) if ragged else None
    resets = torch.rand(3, 6) < 0.4 if reset else None
    state = random_state(cell, 3)
    everything = torch.full((3,), 6) if lengths is None else lengths
    never = torch.zeros(3, 6, dtype=torch.bool) if resets is None else resets
    expected = by_hand(cell, xs, state, everything, never)
    assert_same(scan(cell, xs, state, lengths=lengths, resets=resets, kernel=kernel), expected)


@pytest.mark.parametrize(("name", "kernel"), PAIRS)
@settings(max_examples=10, deadline=None)
@given(batch=batches(), share=st.floats(0, 1))
def test_cutting_changes_nothing(name, kernel, batch, share):
    """Law 2: two halves with the state carried over are the whole."""
    xs, lengths, resets = batch
    cell = make_cell(name)
    cut = round(share * xs.shape[1])
    whole = scan(cell, xs, lengths=lengths, resets=resets, kernel=kernel)
    left, state = scan(
        cell, xs[:, :cut], lengths=lengths.clamp(max=cut), resets=resets[:, :cut], kernel=kernel
    )
    right, state = scan(
        cell,
        xs[:, cut:],
        state,
        lengths=(lengths - cut).clamp(min=0),
        resets=resets[:, cut:],
        kernel=kernel,
    )
    assert_same((torch.cat([left, right], dim=1), state), whole)


@pytest.mark.parametrize(("name", "kernel"), PAIRS)
def test_a_reset_forgets_everything_before_it(name, kernel):
    """Law 4, by its meaning: what stood before a reset cannot reach what comes after."""
    cell = make_cell(name)
    xs = torch.randn(2, 7, INPUT, dtype=torch.float64, requires_grad=True)
    resets = torch.zeros(2, 7, dtype=torch.bool)
    resets[0, 3] = True
    state = map_state(
        lambda part: part.requires_grad_(part.is_floating_point()), random_state(cell, 2)
    )
    ys, _ = scan(cell, xs, state, resets=resets, kernel=kernel)
    to_xs, to_h = torch.autograd.grad(ys[0, 3:].square().sum() + ys[1].sum(), [xs, state[0]])
    assert to_xs[0, :3].abs().max() == 0
    assert to_h[0].abs().max() == 0
    assert to_xs[0, 3:].abs().min() > 0
    assert to_xs[1].abs().max() > 0


@pytest.mark.parametrize(("name", "kernel"), PAIRS)
@pytest.mark.parametrize("ragged", [False, True])
def test_gradients_equal_the_reference(name, kernel, ragged):
    """Law 5, for the weights, the inputs and the first state."""
    cell = make_cell(name)
    xs = torch.randn(4, 9, INPUT, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([9, 1, 5, 7]) if ragged else None
    resets = torch.rand(4, 9) < 0.2 if ragged else None
    state = map_state(
        lambda part: part.requires_grad_(part.is_floating_point()), random_state(cell, 4)
    )
    inputs = [xs, *cell.parameters(), *(s for s in state if s.is_floating_point())]
    weight = torch.randn(4, 9, cell.output_size, dtype=torch.float64)

    def gradients(kernel: str):
        ys, last = scan(cell, xs, state, lengths=lengths, resets=resets, kernel=kernel)
        loss = (ys * weight).sum() + sum(
            part.square().sum() for part in last if part.is_floating_point()
        )
        return torch.autograd.grad(loss, inputs)

    for found, expected in zip(gradients(kernel), gradients("reference"), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kernel", ["diagonal", "diagonal-parallel"])
def test_the_recurrence_has_the_gradient_of_its_own_differences(kernel):
    cell = make_cell("mingru")

    def run(xs, h):
        ys, last = scan(cell, xs, type(cell.initial_state(1))(h), kernel=kernel)
        return ys, last.h

    xs = torch.randn(2, 5, INPUT, dtype=torch.float64, requires_grad=True)
    h = torch.randn(2, HIDDEN, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(run, (xs, h))


TORCH = {"elman": nn.RNN, "elman-relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@pytest.mark.parametrize("kernel", ["reference", "fused"])
@pytest.mark.parametrize("name", TORCH)
def test_the_numbers_are_torchs(name, kernel):
    """Law 6: with torch's weights, torch's outputs and states."""
    cell = make_cell(name)
    options = {"nonlinearity": "relu"} if name == "elman-relu" else {}
    layer = TORCH[name](INPUT, HIDDEN, batch_first=True, **options).double()
    with torch.no_grad():
        cell.i2h.weight.copy_(layer.weight_ih_l0)
        cell.h2h.weight.copy_(layer.weight_hh_l0)
        cell.i2h.bias.copy_(layer.bias_ih_l0)
        cell.h2h.bias.copy_(layer.bias_hh_l0)
    xs = torch.randn(3, 7, INPUT, dtype=torch.float64)
    state = random_state(cell, 3)
    first = tuple(part[None] for part in state)
    expected, last = layer(xs, first if isinstance(state, LSTMState) else first[0])
    ys, found = scan(cell, xs, state, kernel=kernel)
    torch.testing.assert_close(ys, expected)
    last = last if isinstance(last, tuple) else (last,)
    assert_same(found, tuple(part[0] for part in last))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("lstm", "fused"), ("gru", "fused"), ("elman", "fused"), ("mingru", "diagonal")],
)
def test_scan_takes_the_fastest_kernel_for_ragged_batches_too(name, expected, monkeypatch):
    ran = []
    for kernel in KERNELS:
        run = kernel.run
        monkeypatch.setattr(
            kernel, "run", lambda *a, run=run, k=kernel: (ran.append(k.name), run(*a))[1]
        )
    cell = make_cell(name)
    xs = torch.randn(2, 4, INPUT, dtype=torch.float64)
    scan(cell, xs)
    scan(cell, xs, lengths=torch.tensor([4, 1]))
    scan(cell, xs, resets=torch.ones(2, 4, dtype=torch.bool))
    assert ran == [expected] * 3


def test_bfloat16_products_keep_a_float32_memory():
    """Under autocast the state stays float32, or slow units would round their past away."""
    for name in CELLS:
        cell = CELLS[name](INPUT, HIDDEN)
        xs = torch.randn(2, 40, INPUT)
        exact, _ = scan(cell, xs, kernel="reference")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            ys, state = scan(cell, xs)
        assert all(s.dtype == t.dtype for s, t in zip(state, cell.initial_state(2), strict=True))
        torch.testing.assert_close(ys.float(), exact, rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"xs": torch.zeros(2, 3, INPUT + 1)}, "xs"),
        ({"xs": torch.zeros(2, 3)}, "xs"),
        ({"lengths": torch.tensor([1])}, "lengths"),
        ({"lengths": torch.tensor([1, 4])}, "lengths"),
        ({"lengths": torch.tensor([-1, 3])}, "lengths"),
        ({"resets": torch.zeros(2, 2, dtype=torch.bool)}, "resets"),
        ({"resets": torch.zeros(2, 3)}, "resets"),
        ({"kernel": "diagonal"}, "kernel"),
        ({"kernel": "none such"}, "kernel"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_door(arguments, place):
    cell = CELLS["lstm"](INPUT, HIDDEN)
    arguments = {"xs": torch.zeros(2, 3, INPUT), **arguments}
    with pytest.raises(SettingError) as caught:
        scan(cell, **arguments)
    assert caught.value.place == place


def test_no_symbols_at_all():
    cell = make_cell("plain")
    state = random_state(cell, 2)
    ys, last = scan(cell, torch.zeros(2, 0, INPUT, dtype=torch.float64), state)
    assert ys.shape == (2, 0, HIDDEN)
    assert_same(last, state)
