"""The native core beyond the laws: sizes that take other paths through it, and bfloat16 products.

Its own tests (native/tests) hold the same to plain loops, under sanitizers.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from variants import NATIVE, Way, exact, random_state

INPUT = 7

# (units, rows, time, threads): units below and above a vector and a panel of them, never a
# multiple, and deeper than a block of 512; rows too few for a thread each, and enough for groups.
SIZES = [
    (1, 2, 3, 1),
    (37, 1, 6, 2),
    (37, 35, 4, 4),
    (101, 5, 4, 2),
    (101, 20, 4, 2),
    (101, 20, 4, 1),
    (600, 3, 3, 2),
]

each_native_way = pytest.mark.parametrize("way", NATIVE, ids=str)
each_size = pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: "-".join(map(str, sizes)))


@pytest.fixture
def set_threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def drawn(way: Way, units: int, rows: int, time: int) -> tuple[tuple, Tensor]:
    """(cell, inputs, state, slopes of the outputs), and ragged lengths."""
    cell = way.make(INPUT, units)
    xs, slopes = torch.randn(rows, time, INPUT), torch.randn(rows, time, units)
    lengths = torch.randint(0, time + 1, (rows,))
    lengths[0] = time
    return (cell, xs, random_state(cell, rows), slopes), lengths


def answers(way: Way, numbers: tuple, lengths: Tensor) -> tuple[tuple, tuple]:
    """Outputs with the last state, and all gradients."""
    cell, xs, state, _ = numbers
    return way.scan(cell, xs, state, lengths=lengths), way.gradients(*numbers, lengths=lengths)


def exact_answers(way: Way, numbers: tuple, lengths: Tensor) -> tuple[tuple, tuple]:
    return answers(Way(way.cell, "reference"), tuple(map(exact, numbers)), lengths)


@each_native_way
@each_size
def test_every_size(way, sizes, set_threads):
    numbers, lengths = drawn(way, *sizes[:3])
    set_threads(sizes[3])
    way.assert_same(answers(way, numbers, lengths), exact_answers(way, numbers, lengths))


@each_native_way
@each_size
def test_products_in_bfloat16(way, sizes, set_threads):
    """Within what bfloat16 can say of the largest. A sum that it rounds across zero has another
    gradient through a ReLU, whose gradients are therefore left out."""
    way = replace(way, tolerance=3e-2)
    numbers, lengths = drawn(way, *sizes[:3])
    set_threads(sizes[3])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, gradients = answers(way, numbers, lengths)
    expected, expected_gradients = exact_answers(way, numbers, lengths)
    assert outputs[0].dtype == torch.bfloat16
    way.assert_same(outputs, expected)
    if way.cell != "elman-relu":
        way.assert_same(gradients, expected_gradients)


@each_native_way
def test_the_same_bits_again(way, set_threads):
    """However threads take turns: a run that was killed goes on as if it had not been."""
    numbers, lengths = drawn(way, 37, 35, 4)
    set_threads(4)
    first = way.gradients(*numbers, lengths=lengths)
    for _ in range(8):
        again = way.gradients(*numbers, lengths=lengths)
        assert all(map(torch.equal, again, first))


@each_native_way
def test_what_need_not_be_learned_needs_no_gradient(way):
    """Without gradients nothing is kept, and the numbers are the same; inputs may need none."""
    (cell, xs, state, _), lengths = drawn(way, 37, 5, 4)
    learning = way.scan(cell, xs, state, lengths=lengths)
    with torch.no_grad():
        reading = way.scan(cell, xs, state, lengths=lengths)
    assert not reading[0].requires_grad
    way.assert_same(reading, learning)
    with way.chosen():
        learning[0].sum().backward()
    assert xs.grad is None
    assert all(weight.grad is not None for weight in cell.parameters())
