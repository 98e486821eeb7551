"""N-grams in little memory, against the estimator that they are made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.counts.kneser_ney import KneserNey
from elman.counts.ngrams import LEVELS, SMALLEST, NGrams, array_layout, arrays_of, ngrams_of
from elman.errors import ModelFileError

V = 7
TEXTS = st.lists(st.integers(0, V - 1), min_size=4, max_size=80)
ALL = 10**9
STEP = SMALLEST ** (-1 / LEVELS)  # the ratio of two neighbouring levels


def estimated(text, order=4):
    return KneserNey.train(np.array(text), V, order)


@settings(max_examples=50, deadline=None)
@given(text=TEXTS, other=TEXTS, most=st.sampled_from([1, 5, 20, ALL]))
def test_every_context_has_a_distribution(text, other, most):
    ngrams = NGrams.pruned(estimated(text), most)
    assert len(ngrams) <= max(most, 0)
    if not ngrams.orders:
        return
    states = ngrams.states(np.array(other))
    rows = ngrams.distribution(states)
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-5)
    assert (rows > 0).all()
    for token in range(V):
        chosen = ngrams.probabilities(states, np.full(len(states), token))
        np.testing.assert_allclose(chosen, rows[:, token], rtol=1e-4)


@settings(max_examples=50, deadline=None)
@given(text=TEXTS, other=TEXTS)
def test_unpruned_shares_are_those_of_the_estimator(text, other):
    """A share is rounded down by less than a level, and its mass goes to the lower order."""
    model = estimated(text)
    ngrams = NGrams.pruned(model, ALL)
    for order, exact in zip(ngrams.orders, model.shares(), strict=True):
        shares = order.arrays[1]
        assert (order.tokens == exact.tokens).all()
        assert (shares <= exact.shares * (1 + 1e-6)).all()
        assert (shares * STEP * (1 + 1e-6) >= np.minimum(exact.shares, 1 - 1e-6)).all()
    ids = np.array([0, *other])
    expected = model.log_probabilities(ids)
    np.testing.assert_allclose(ngrams.log_probabilities(ids), expected, atol=0.3)


@settings(max_examples=50, deadline=None)
@given(text=TEXTS, other=TEXTS)
def test_stepping_is_reading_at_once(text, other):
    ngrams = NGrams.pruned(estimated(text), ALL)
    states = ngrams.states(np.array(other))
    state = ngrams.start(1)
    for token, expected in zip(other, states, strict=True):
        state = ngrams.advance(state, np.array([token]))
        assert (state[0] == expected).all()
    half = len(other) // 2
    if half:
        rest = ngrams.states(np.array(other[half:]), states[half - 1])
        assert (rest == states[half:]).all()


@settings(max_examples=50, deadline=None)
@given(text=TEXTS, other=TEXTS)
def test_the_evidence_is_the_longest_context_with_followers(text, other):
    ngrams = NGrams.pruned(estimated(text), ALL)
    states = ngrams.states(np.array(other))
    matched, mass = ngrams.evidence(states)
    for state, count, rest in zip(states, matched, mass, strict=True):
        seen = [
            number
            for number, (order, context) in enumerate(zip(ngrams.orders, state, strict=True))
            if context >= 0 and order.starts[context] < order.starts[context + 1]
        ]
        assert count == (seen[-1] + 1 if seen else 0)
        expected = ngrams.orders[seen[-1]].lower_mass[state[seen[-1]]] if seen else 1
        assert rest == pytest.approx(expected)


def test_pruning_keeps_what_matters_most():
    generator = np.random.default_rng(0)
    text = np.concatenate([np.tile([1, 2, 3, 4], 200), generator.integers(1, V, 800)])
    model = estimated(text)
    losses = []
    for most in (ALL, 300, 60, 24):
        ngrams = NGrams.pruned(model, most)
        assert len(ngrams) <= most
        losses.append(-ngrams.log_probabilities(text).mean())
    assert losses == sorted(losses)
    few = NGrams.pruned(model, 24)
    after = few.distribution(few.states(np.array([1, 2, 3])))[-1]
    assert after.argmax() == 4


@settings(max_examples=50, deadline=None)
@given(text=TEXTS, most=st.sampled_from([3, 20, ALL]))
def test_a_file_holds_them(text, most):
    ngrams = NGrams.pruned(estimated(text), most)
    arrays = arrays_of(ngrams)
    sizes = [len(each.tokens) for each in ngrams.orders]
    layout = array_layout(sizes, [False] * len(sizes), V)
    assert layout == {name: (part.dtype, part.shape) for name, part in arrays.items()}
    again = ngrams_of(arrays)
    assert (again.unigrams == ngrams.unigrams).all()
    for one, other in zip(again.orders, ngrams.orders, strict=True):
        assert (one.tokens == other.tokens).all()
        assert (one.levels == other.levels).all()
        assert (one.starts == other.starts).all()


def test_a_context_with_many_followers_is_stored_wider():
    text = np.stack([np.zeros(300, dtype=int), np.arange(300)], 1).ravel()
    ngrams = NGrams.pruned(KneserNey.train(text, 300, 2), ALL)
    (order,) = ngrams.orders
    assert order.is_wide
    arrays = arrays_of(ngrams)
    layout = array_layout([len(order.tokens)], [True], 300)
    assert layout == {name: (part.dtype, part.shape) for name, part in arrays.items()}
    assert (ngrams_of(arrays).orders[0].starts == order.starts).all()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("unigrams", lambda part: part.fill(0)),
        ("unigrams", lambda part: part.fill(float("nan"))),
        ("unigrams", lambda part: part.fill(1)),
        ("tokens_2", lambda part: part.fill(V)),
        ("tokens_2", lambda part: part.fill(-1)),
        ("tokens_2", lambda part: np.copyto(part, part[::-1].copy())),
        ("followers_3", lambda part: np.add(part, 1, out=part)),
    ],
)
def test_damaged_arrays_are_refused(name, change):
    arrays = arrays_of(NGrams.pruned(estimated([1, 2, 3, 1, 2, 4, 1, 3, 2] * 3), ALL))
    change(arrays[name])
    with pytest.raises(ModelFileError):
        ngrams_of(arrays)
