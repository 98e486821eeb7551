"""The six invariants of every cell in every kernel (docs/design.md, section 3)."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from variants import (
    HIDDEN,
    INPUT,
    VARIANTS,
    Variant,
    each_variant,
    exact,
    floating,
    ragged_batches,
    random_state,
)

from elman.cells import CELLS, Cell, LSTMState, map_state
from elman.errors import SettingError
from elman.kernels import core
from elman.kernels.scan import scan
from elman.kernels.table import KERNELS


@st.composite
def batches(draw):
    """(inputs, lengths, resets) of a ragged batch with resets."""
    lengths, resets = draw(ragged_batches(rows=4, time=9))
    return torch.randn(*resets.shape, INPUT), lengths, resets


def by_hand(cell: Cell, xs: Tensor, state, lengths: Tensor, resets: Tensor):
    """The reference: row by row, token by token, in float64, without masks."""
    cell, xs, state = exact(cell), exact(xs), exact(state)
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


@each_variant
@settings(max_examples=15, deadline=None)
@given(batch=batches())
def test_steps_equal_the_sequence_with_padding_and_resets(variant, batch):
    """Invariants 1, 3 and 4 at once: a ragged batch with resets equals its rows stepped alone."""
    xs, lengths, resets = batch
    xs, cell = xs.to(variant.dtype), variant.make()
    state = random_state(cell, len(xs))
    expected = by_hand(cell, xs, state, lengths, resets)
    garbage = torch.arange(xs.shape[1]) >= lengths[:, None]
    xs = xs.masked_fill(garbage[..., None], float("nan"))
    result = variant.scan(cell, xs, state, lengths=lengths, resets=resets)
    variant.assert_same(result, expected)


@each_variant
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("reset", [False, True])
def test_each_combination_of_lengths_and_resets(variant, ragged, reset):
    """Lengths and resets select code paths: each alone, both, neither."""
    cell = variant.make()
    xs = torch.randn(3, 6, INPUT, dtype=variant.dtype)
    lengths = torch.tensor([6, 2, 4]) if ragged else None
    resets = torch.rand(3, 6) < 0.4 if reset else None
    state = random_state(cell, 3)
    everything = torch.full((3,), 6) if lengths is None else lengths
    never = torch.zeros(3, 6, dtype=torch.bool) if resets is None else resets
    expected = by_hand(cell, xs, state, everything, never)
    variant.assert_same(variant.scan(cell, xs, state, lengths=lengths, resets=resets), expected)


@each_variant
@pytest.mark.parametrize(
    "lengths",
    [None, [1], [0], [0, 0], [1, 0, 1], []],
    ids=["one", "one-given", "empty", "all-empty", "some-empty", "no-rows"],
)
def test_the_smallest_batches(variant, lengths):
    """One row of one token; empty rows; no rows at all."""
    rows = 1 if lengths is None else len(lengths)
    cell, xs = variant.make(), torch.randn(rows, 1, INPUT, dtype=variant.dtype)
    state, given = random_state(cell, rows), None if lengths is None else torch.tensor(lengths)
    result, last = variant.scan(cell, xs, state, lengths=given)
    assert result.shape == (rows, 1, cell.output_size)
    if rows:
        real = torch.ones(1) if given is None else given
        never = torch.zeros(rows, 1, dtype=torch.bool)
        variant.assert_same((result, last), by_hand(cell, xs, state, real, never))


@each_variant
@settings(max_examples=10, deadline=None)
@given(batch=batches(), fraction=st.floats(0, 1))
def test_two_halves_equal_the_whole(variant, batch, fraction):
    """Invariant 2: two halves with the state carried over equal the whole sequence."""
    xs, lengths, resets = batch
    xs, cell = xs.to(variant.dtype), variant.make()
    cut = round(fraction * xs.shape[1])
    whole = variant.scan(cell, xs, lengths=lengths, resets=resets)
    left, state = variant.scan(
        cell, xs[:, :cut], lengths=lengths.clamp(max=cut), resets=resets[:, :cut]
    )
    right, state = variant.scan(
        cell, xs[:, cut:], state, lengths=(lengths - cut).clamp(min=0), resets=resets[:, cut:]
    )
    variant.assert_same((torch.cat([left, right], dim=1), state), whole)


@each_variant
def test_a_reset_forgets_everything_before_it(variant):
    """Invariant 4: nothing before a reset influences an output after it."""
    cell = variant.make()
    xs = torch.randn(2, 7, INPUT, dtype=variant.dtype)
    resets = torch.zeros(2, 7, dtype=torch.bool)
    resets[0, 3] = True
    state = random_state(cell, 2)
    slopes = torch.ones(2, 7, cell.output_size, dtype=variant.dtype)
    slopes[0, :3] = 0
    to_xs, *others = variant.gradients(cell, xs, state, slopes, resets=resets)
    to_h = others[-len(floating(state))]
    assert to_xs[0, :3].abs().max() == 0
    assert to_h[0].abs().max() == 0
    assert to_xs[0, 3:].abs().min() > 0
    assert to_xs[1].abs().max() > 0


@each_variant
def test_padding_reaches_no_gradient(variant):
    """Invariant 3, backward: NaN inputs and slopes in padding reach no gradient."""
    cell, lengths = variant.make(), torch.tensor([4, 0, 2])
    padding = torch.arange(4) >= lengths[:, None]
    xs = torch.randn(3, 4, INPUT, dtype=variant.dtype).masked_fill(padding[..., None], float("nan"))
    xs.requires_grad_()
    ys, last = variant.scan(cell, xs, random_state(cell, 3), lengths=lengths)
    slopes = torch.ones_like(ys).masked_fill(padding[..., None], float("nan"))
    outputs = [ys, *floating(last)]
    with variant.chosen():
        to_xs, *to_weights = torch.autograd.grad(
            outputs, [xs, *cell.parameters()], [slopes, *map(torch.ones_like, outputs[1:])]
        )
    assert all(each.isfinite().all() for each in to_weights)
    assert to_xs[padding].abs().max() == 0
    assert to_xs[~padding].abs().max() > 0


@each_variant
@pytest.mark.parametrize("ragged", [False, True])
def test_gradients_equal_the_reference(variant, ragged):
    """Invariant 5, for the weights, the inputs and the initial state."""
    cell = variant.make()
    xs, state = torch.randn(4, 9, INPUT, dtype=variant.dtype), random_state(cell, 4)
    slopes = torch.randn(4, 9, cell.output_size, dtype=variant.dtype)
    lengths = torch.tensor([9, 1, 5, 7]) if ragged else None
    resets = torch.rand(4, 9) < 0.2 if ragged else None
    result = variant.gradients(cell, xs, state, slopes, lengths=lengths, resets=resets)
    numbers = map(exact, (cell, xs, state, slopes))
    expected = Variant(variant.cell, "reference").gradients(
        *numbers, lengths=lengths, resets=resets
    )
    variant.assert_same(result, expected)


@pytest.mark.parametrize("kernel", ["diagonal", "diagonal-parallel"])
def test_recurrence_gradient_equals_finite_differences(kernel):
    cell = Variant("mingru", kernel).make()

    def run(xs, h):
        ys, last = scan(cell, xs, type(cell.initial_state(1))(h), kernel=kernel)
        return ys, last.h

    xs = torch.randn(2, 5, INPUT, dtype=torch.float64, requires_grad=True)
    h = torch.randn(2, HIDDEN, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(run, (xs, h))


TORCH = {"elman": nn.RNN, "elman-relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@pytest.mark.parametrize(
    "variant", [variant for variant in VARIANTS if variant.cell in TORCH], ids=str
)
def test_outputs_and_states_equal_torch(variant):
    """Invariant 6: with torch's weights, torch's outputs and states."""
    cell = variant.make()
    options = {"nonlinearity": "relu"} if variant.cell == "elman-relu" else {}
    layer = TORCH[variant.cell](INPUT, HIDDEN, batch_first=True, **options).double()
    with torch.no_grad():
        layer.weight_ih_l0.copy_(cell.i2h.weight)
        layer.weight_hh_l0.copy_(cell.h2h.weight)
        layer.bias_ih_l0.copy_(cell.i2h.bias)
        layer.bias_hh_l0.copy_(cell.h2h.bias)
    xs = torch.randn(3, 7, INPUT, dtype=variant.dtype)
    state = random_state(cell, 3)
    first = tuple(part[None].double() for part in state)
    expected, last = layer(xs.double(), first if isinstance(state, LSTMState) else first[0])
    last = last if isinstance(last, tuple) else (last,)
    ys, result = variant.scan(cell, xs, state)
    variant.assert_same((ys, *result), (expected, *(part[0] for part in last)))


@pytest.mark.parametrize("instructions", core.sets())
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("name", "by_torch"),
    [("lstm", "fused"), ("gru", "fused"), ("elman", "fused"), ("mingru", "diagonal")],
)
def test_scan_chooses_the_fastest_kernel_for_even_and_ragged_batches(
    name, by_torch, dtype, instructions, monkeypatch
):
    ran = []
    for kernel in KERNELS:
        run = kernel.run
        monkeypatch.setattr(
            kernel, "run", lambda *a, run=run, k=kernel: (ran.append(k.name), run(*a))[1]
        )
    cell, xs = CELLS[name](INPUT, HIDDEN).to(dtype), torch.randn(2, 4, INPUT, dtype=dtype)
    with core.using(instructions):
        scan(cell, xs)
        scan(cell, xs, lengths=torch.tensor([4, 1]))
        scan(cell, xs, resets=torch.ones(2, 4, dtype=torch.bool))
    native = dtype == torch.float32 and instructions != core.OFF
    ragged = "native" if native else by_torch
    # oneDNN runs an LSTM over rows of equal length.
    assert ran == [by_torch if name == "lstm" else ragged, ragged, ragged]


@each_variant
def test_bfloat16_products_keep_a_float32_state(variant):
    """Under autocast the state stays float32, or rounding would erase slow changes."""
    if str(variant) == "lstm-fused" and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("torch's LSTM has no bfloat16 on this processor")
    cell = variant.make().float()
    xs = torch.randn(2, 40, INPUT)
    expected, _ = scan(cell, xs, kernel="reference")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ys, state = variant.scan(cell, xs)
    assert all(s.dtype == t.dtype for s, t in zip(state, cell.initial_state(2), strict=True))
    torch.testing.assert_close(ys.float(), expected, rtol=0.1, atol=0.1)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"xs": torch.zeros(2, 3, INPUT + 1)}, "xs"),
        ({"xs": torch.zeros(2, 3)}, "xs"),
        ({"state": LSTMState(torch.zeros(1, HIDDEN), torch.zeros(1, HIDDEN))}, "state"),
        ({"state": LSTMState(torch.zeros(2, HIDDEN), torch.zeros(2, HIDDEN).double())}, "state"),
        ({"lengths": torch.tensor([1])}, "lengths"),
        ({"lengths": torch.tensor([1, 4])}, "lengths"),
        ({"lengths": torch.tensor([-1, 3])}, "lengths"),
        ({"resets": torch.zeros(2, 2, dtype=torch.bool)}, "resets"),
        ({"resets": torch.zeros(2, 3)}, "resets"),
        ({"kernel": "diagonal"}, "kernel"),
        ({"kernel": "none such"}, "kernel"),
    ],
)
def test_invalid_arguments_are_refused(arguments, expected):
    cell = CELLS["lstm"](INPUT, HIDDEN)
    arguments = {"xs": torch.zeros(2, 3, INPUT), **arguments}
    with pytest.raises(SettingError) as caught:
        scan(cell, **arguments)
    assert caught.value.location == expected


def test_a_sequence_of_no_tokens():
    variant = Variant("plain", "reference")
    cell = variant.make()
    state = random_state(cell, 2)
    ys, last = variant.scan(cell, torch.zeros(2, 0, INPUT, dtype=torch.float64), state)
    assert ys.shape == (2, 0, HIDDEN)
    variant.assert_same(last, state)
