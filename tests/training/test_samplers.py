"""Which examples come when: each once a pass, by the step's number alone, those of a length
together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.training.samplers import BucketSampler, TokenBudgetSampler, by_length

lengths = st.lists(st.integers(1, 30), min_size=1, max_size=60).map(np.array)


@given(lengths=lengths, rows=st.integers(1, 9), seed=st.integers(0, 3))
def test_each_pass_reads_every_example_once(lengths, rows, seed):
    passes = BucketSampler(lengths, rows=rows, seed=seed)
    assert passes.steps == -(-len(lengths) // rows)
    for number in range(2):
        read = [passes.at(number * passes.steps + step) for step in range(passes.steps)]
        assert all(1 <= len(chosen) <= rows for chosen in read)
        assert sorted(np.concatenate(read).tolist()) == list(range(len(lengths)))


@given(lengths=lengths, rows=st.integers(1, 9), steps=st.lists(st.integers(0, 50), max_size=8))
def test_a_step_is_the_same_whatever_was_asked_before(lengths, rows, steps):
    passes = BucketSampler(lengths, rows=rows, seed=1)
    for step in steps:
        assert (
            passes.at(step).tolist() == BucketSampler(lengths, rows=rows, seed=1).at(step).tolist()
        )


def test_passes_and_seeds_have_orders_of_their_own():
    lengths = np.ones(50, dtype=int)
    orders = {
        tuple(np.concatenate([passes.at(step) for step in range(first, first + 5)]).tolist())
        for seed in (0, 1)
        for passes in [BucketSampler(lengths, rows=10, seed=seed)]
        for first in (0, 5)
    }
    assert len(orders) == 4


def test_little_of_a_batch_is_padding():
    lengths = np.random.default_rng(0).integers(1, 100, 4000)
    passes = BucketSampler(lengths, rows=16, seed=0)
    batches = [lengths[passes.at(step)] for step in range(passes.steps)]
    read = sum(len(batch) * batch.max() for batch in batches)
    assert read < 1.1 * lengths.sum()
    # Not from the short to the long ones: the order of the batches is drawn.
    longest = np.array([batch.max() for batch in batches])
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.2


@given(lengths=lengths, rows=st.integers(1, 9), tokens=st.integers(1, 90))
def test_all_are_read_once_the_longest_first(lengths, rows, tokens):
    batches = list(by_length(lengths, rows, tokens))
    order = np.concatenate(batches)
    assert sorted(order.tolist()) == list(range(len(lengths)))
    assert (np.diff(lengths[order]) <= 0).all()
    for batch in batches:
        assert len(batch) <= rows
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= tokens


@pytest.mark.parametrize(("rows", "tokens", "sizes"), [(3, 100, [3, 1]), (9, 10, [1, 3])])
def test_a_batch_is_as_large_as_may_be(rows, tokens, sizes):
    lengths = np.array([3, 9, 2, 1])
    assert [len(batch) for batch in by_length(lengths, rows, tokens)] == sizes


def test_of_nothing_there_is_no_batch():
    assert list(by_length(np.zeros(0, dtype=int), 3, 10)) == []


@given(lengths=lengths, tokens=st.integers(1, 90), seed=st.integers(0, 3))
def test_each_pass_by_tokens_reads_every_example_once(lengths, tokens, seed):
    """No batch has more tokens than it may, padding among them, but one example alone."""
    passes = TokenBudgetSampler(lengths, tokens=tokens, seed=seed)
    for number in range(2):
        read = [passes.at(number * passes.steps + step) for step in range(passes.steps)]
        assert sorted(np.concatenate(read).tolist()) == list(range(len(lengths)))
        for chosen in read:
            assert len(chosen) == 1 or len(chosen) * lengths[chosen].max() <= tokens


@given(lengths=lengths, tokens=st.integers(1, 90), steps=st.lists(st.integers(0, 50), max_size=8))
def test_a_step_by_tokens_is_the_same_whatever_was_asked_before(lengths, tokens, steps):
    passes = TokenBudgetSampler(lengths, tokens=tokens, seed=1)
    for step in steps:
        again = TokenBudgetSampler(lengths, tokens=tokens, seed=1).at(step)
        assert passes.at(step).tolist() == again.tolist()


def test_batches_by_tokens_are_full_and_drawn_anew():
    lengths = np.random.default_rng(0).integers(1, 100, 4000)
    passes = TokenBudgetSampler(lengths, tokens=1000, seed=0)
    first, second = (
        [passes.at(start + step) for step in range(passes.steps)] for start in (0, passes.steps)
    )
    padded = sum(len(batch) * lengths[batch].max() for batch in first)
    assert padded < 1.05 * lengths.sum()
    assert passes.steps < 1.1 * padded / 1000
    of_pass = [{frozenset(batch.tolist()) for batch in batches} for batches in (first, second)]
    assert len(of_pass[0] & of_pass[1]) < 0.2 * passes.steps, "others of a length come together"
    longest = np.array([lengths[batch].max() for batch in first])
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.3
