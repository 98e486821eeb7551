"""The native core beyond the invariants: sizes that take other code paths, and bfloat16 products.

The C++ tests (native/tests) compare it to plain loops, under sanitizers.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from variants import NATIVE, Variant, exact, random_state

INPUT = 7

# (units, rows, time, threads): units below and above a vector and a panel of vectors, never a
# multiple, and deeper than a block of 512; fewer rows than threads, and enough for groups.
SIZES = [
    (1, 2, 3, 1),
    (37, 1, 6, 2),
    (37, 35, 4, 4),
    (101, 5, 4, 2),
    (101, 20, 4, 2),
    (101, 20, 4, 1),
    (600, 3, 3, 2),
]

each_native_variant = pytest.mark.parametrize("variant", NATIVE, ids=str)
each_size = pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: "-".join(map(str, sizes)))


@pytest.fixture
def set_threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def random_problem(variant: Variant, units: int, rows: int, time: int) -> tuple[tuple, Tensor]:
    """Random (cell, inputs, state, slopes of the outputs), and ragged lengths."""
    cell = variant.make(INPUT, units)
    xs, slopes = torch.randn(rows, time, INPUT), torch.randn(rows, time, units)
    lengths = torch.randint(0, time + 1, (rows,))
    lengths[0] = time
    return (cell, xs, random_state(cell, rows), slopes), lengths


def results(variant: Variant, numbers: tuple, lengths: Tensor) -> tuple[tuple, tuple]:
    """Outputs with the last state, and all gradients."""
    cell, xs, state, _ = numbers
    return variant.scan(cell, xs, state, lengths=lengths), variant.gradients(
        *numbers, lengths=lengths
    )


def exact_results(variant: Variant, numbers: tuple, lengths: Tensor) -> tuple[tuple, tuple]:
    return results(Variant(variant.cell, "reference"), tuple(map(exact, numbers)), lengths)


@each_native_variant
@each_size
def test_every_size(variant, sizes, set_threads):
    numbers, lengths = random_problem(variant, *sizes[:3])
    set_threads(sizes[3])
    variant.assert_same(
        results(variant, numbers, lengths), exact_results(variant, numbers, lengths)
    )


@each_native_variant
@each_size
def test_products_in_bfloat16(variant, sizes, set_threads):
    """Within the precision of bfloat16 relative to the largest. Rounding a sum across zero changes
    the gradient of a ReLU, so its gradients are skipped."""
    variant = replace(variant, tolerance=3e-2)
    numbers, lengths = random_problem(variant, *sizes[:3])
    set_threads(sizes[3])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, gradients = results(variant, numbers, lengths)
    expected, expected_gradients = exact_results(variant, numbers, lengths)
    assert outputs[0].dtype == torch.bfloat16
    variant.assert_same(outputs, expected)
    if variant.cell != "elman-relu":
        variant.assert_same(gradients, expected_gradients)


@each_native_variant
def test_results_are_reproducible_to_the_bit(variant, set_threads):
    """Whatever the order of threads: a resumed run equals an uninterrupted one."""
    numbers, lengths = random_problem(variant, 37, 35, 4)
    set_threads(4)
    first = variant.gradients(*numbers, lengths=lengths)
    for _ in range(8):
        again = variant.gradients(*numbers, lengths=lengths)
        assert all(map(torch.equal, again, first))


@each_native_variant
def test_without_gradients_results_are_the_same(variant):
    """Nothing is saved without gradients; inputs may need no gradient."""
    (cell, xs, state, _), lengths = random_problem(variant, 37, 5, 4)
    training = variant.scan(cell, xs, state, lengths=lengths)
    with torch.no_grad():
        inference = variant.scan(cell, xs, state, lengths=lengths)
    assert not inference[0].requires_grad
    variant.assert_same(inference, training)
    with variant.chosen():
        training[0].sum().backward()
    assert xs.grad is None
    assert all(weight.grad is not None for weight in cell.parameters())
