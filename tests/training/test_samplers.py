"""Samplers: every example once an epoch, determined by the step, bucketed by length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.training.samplers import BucketSampler, TokenBudgetSampler, by_length

lengths = st.lists(st.integers(1, 30), min_size=1, max_size=60).map(np.array)


def batches_of(sampler, epoch: int) -> list[np.ndarray]:
    first = epoch * sampler.steps_per_epoch
    return [sampler.at(first + step) for step in range(sampler.steps_per_epoch)]


@given(lengths=lengths, rows=st.integers(1, 9), seed=st.integers(0, 3))
def test_each_epoch_reads_every_example_once(lengths, rows, seed):
    sampler = BucketSampler(lengths, batch_size=rows, seed=seed)
    assert sampler.steps_per_epoch == -(-len(lengths) // rows)
    for epoch in range(2):
        read = [
            sampler.at(epoch * sampler.steps_per_epoch + step)
            for step in range(sampler.steps_per_epoch)
        ]
        assert all(1 <= len(chosen) <= rows for chosen in read)
        assert sorted(np.concatenate(read).tolist()) == list(range(len(lengths)))


@given(lengths=lengths, rows=st.integers(1, 9), steps=st.lists(st.integers(0, 50), max_size=8))
def test_batch_of_a_step_does_not_depend_on_earlier_calls(lengths, rows, steps):
    sampler = BucketSampler(lengths, batch_size=rows, seed=1)
    for step in steps:
        assert (
            sampler.at(step).tolist()
            == BucketSampler(lengths, batch_size=rows, seed=1).at(step).tolist()
        )


def test_orders_differ_between_epochs_and_seeds():
    lengths = np.ones(50, dtype=int)
    orders = {
        tuple(np.concatenate([sampler.at(step) for step in range(first, first + 5)]).tolist())
        for seed in (0, 1)
        for sampler in [BucketSampler(lengths, batch_size=10, seed=seed)]
        for first in (0, 5)
    }
    assert len(orders) == 4


def test_bucketing_keeps_padding_under_ten_percent():
    lengths = np.random.default_rng(0).integers(1, 100, 4000)
    sampler = BucketSampler(lengths, batch_size=16, seed=0)
    batches = [lengths[batch] for batch in batches_of(sampler, 0)]
    padded = sum(len(batch) * batch.max() for batch in batches)
    assert padded < 1.1 * lengths.sum()
    # The order of the batches is random, not by length.
    longest = np.array([batch.max() for batch in batches])
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.2


@given(lengths=lengths, rows=st.integers(1, 9), tokens=st.integers(1, 90))
def test_by_length_reads_all_once_longest_first(lengths, rows, tokens):
    batches = list(by_length(lengths, rows, tokens))
    order = np.concatenate(batches)
    assert sorted(order.tolist()) == list(range(len(lengths)))
    assert (np.diff(lengths[order]) <= 0).all()
    for batch in batches:
        assert len(batch) <= rows
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= tokens


@pytest.mark.parametrize(("rows", "tokens", "sizes"), [(3, 100, [3, 1]), (9, 10, [1, 3])])
def test_by_length_fills_batches_up_to_their_limits(rows, tokens, sizes):
    lengths = np.array([3, 9, 2, 1])
    assert [len(batch) for batch in by_length(lengths, rows, tokens)] == sizes


def test_no_examples_give_no_batches():
    assert list(by_length(np.zeros(0, dtype=int), 3, 10)) == []


@given(lengths=lengths, tokens=st.integers(1, 90), seed=st.integers(0, 3))
def test_token_budget_reads_every_example_once_an_epoch(lengths, tokens, seed):
    """A batch exceeds the budget, padding included, only where it is a single example."""
    sampler = TokenBudgetSampler(lengths, tokens_per_batch=tokens, seed=seed)
    for epoch in range(2):
        read = [
            sampler.at(epoch * sampler.steps_per_epoch + step)
            for step in range(sampler.steps_per_epoch)
        ]
        assert sorted(np.concatenate(read).tolist()) == list(range(len(lengths)))
        for chosen in read:
            assert len(chosen) == 1 or len(chosen) * lengths[chosen].max() <= tokens


@given(lengths=lengths, tokens=st.integers(1, 90), steps=st.lists(st.integers(0, 50), max_size=8))
def test_token_budget_batch_does_not_depend_on_earlier_calls(lengths, tokens, steps):
    sampler = TokenBudgetSampler(lengths, tokens_per_batch=tokens, seed=1)
    for step in steps:
        again = TokenBudgetSampler(lengths, tokens_per_batch=tokens, seed=1).at(step)
        assert sampler.at(step).tolist() == again.tolist()


def test_token_budget_batches_are_full_and_random():
    lengths = np.random.default_rng(0).integers(1, 100, 4000)
    sampler = TokenBudgetSampler(lengths, tokens_per_batch=1000, seed=0)
    first, second = (
        [sampler.at(start + step) for step in range(sampler.steps_per_epoch)]
        for start in (0, sampler.steps_per_epoch)
    )
    padded = sum(len(batch) * lengths[batch].max() for batch in first)
    assert padded < 1.05 * lengths.sum()
    assert sampler.steps_per_epoch < 1.1 * padded / 1000
    of_epoch = [{frozenset(batch.tolist()) for batch in batches} for batches in (first, second)]
    assert len(of_epoch[0] & of_epoch[1]) < 0.2 * sampler.steps_per_epoch, (
        "examples of equal length are shuffled"
    )
    longest = np.array([lengths[batch].max() for batch in first])
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.3
