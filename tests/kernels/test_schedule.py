"""Programs over time: the order of the operations, and texts without padding."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.kernels.schedule import Access, groups_of
from elman.nn.compiled.packing import Packing


def access(reads, writes, **more):
    return Access(frozenset(reads), frozenset(writes), **more)


def test_what_carries_the_state_goes_time_by_time():
    # x 0, y 1, state 2 -> 3: gates 4 = W x; gates += U state; state' = f(gates); y = state' + x.
    operations = [access([0], [4]), access([2, 4], [4]), access([4], [3]), access([3, 0], [1])]
    groups = groups_of(operations, [(2, 3)])
    assert [(each.carries_state, each.operations) for each in groups] == [
        (False, [0]),
        (True, [1, 2]),
        (False, [3]),
    ]


def test_a_state_before_is_read_time_by_time_after_it_is_written():
    # y = the state before, which the step lists first.
    operations = [access([2], [1]), access([0], [3])]
    groups = groups_of(operations, [(2, 3)])
    assert [(each.carries_state, each.operations) for each in groups] == [
        (False, [1]),
        (True, [0]),
    ]


def test_an_operation_may_ask_for_its_order():
    (group,) = groups_of([access([0], [1], in_order=True)], [])
    assert group.carries_state


@given(st.lists(st.tuples(st.sets(st.integers(0, 7)), st.sets(st.integers(4, 9), min_size=1))))
def test_each_operation_once_and_none_before_what_it_needs(drawn):
    operations = [access(reads, writes) for reads, writes in drawn]
    order = [each for group in groups_of(operations, []) for each in group.operations]
    assert sorted(order) == list(range(len(operations)))
    for place, later in enumerate(order):
        for earlier in order[place + 1 :]:
            assert earlier > later or not operations[earlier].precedes(operations[later])


@given(st.lists(st.integers(0, 9)), st.booleans())
def test_packed_texts_are_the_texts(lengths, backward):
    lengths = np.array(lengths, dtype=np.int64)
    packing = Packing.of(lengths, backward=backward)
    starts = np.cumsum(lengths) - lengths
    expected = []
    for time in range(lengths.max(initial=0)):
        rows = [row for row in packing.order if lengths[row] > time]
        assert len(rows) == packing.rows_at[time]
        at = [lengths[row] - 1 - time if backward else time for row in rows]
        expected += [starts[row] + each for row, each in zip(rows, at, strict=True)]
    assert packing.positions.tolist() == expected
    assert (np.diff(lengths[packing.order]) <= 0).all()
