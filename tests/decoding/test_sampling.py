"""Each filter of a draw against plain Python on lists, and what is drawn against its odds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import chisquare

from elman.decoding.sampling import Sampling
from elman.errors import ModelFileError, SettingError


def by_hand(
    logits, recent, temperature=1.0, top_k=None, top_p=None, min_p=None, repetition_penalty=1.0
):
    """One row, in the documented order: penalty, temperature, top-k, top-p, min-p."""
    logits = list(logits)
    for token in set(recent):
        if logits[token] > 0:
            logits[token] /= repetition_penalty
        else:
            logits[token] *= repetition_penalty
    best_first = sorted(range(len(logits)), key=lambda i: (-logits[i], i))
    if temperature == 0:
        return [float(i == best_first[0]) for i in range(len(logits))]
    highest = max(logits)
    weights = [math.exp((value - highest) / temperature) for value in logits]
    kept = set(best_first if top_k is None else best_first[:top_k])
    weights = shares(weights, kept)
    if top_p is not None:
        reached, nucleus = 0.0, set()
        for token in best_first:
            if reached >= top_p:
                break
            nucleus.add(token)
            reached += weights[token]
        weights = shares(weights, nucleus)
    if min_p is not None:
        least = min_p * max(weights)
        weights = shares(weights, {i for i, weight in enumerate(weights) if weight >= least})
    return weights


def shares(weights, kept):
    whole = sum(weights[i] for i in kept)
    return [weight / whole if i in kept else 0.0 for i, weight in enumerate(weights)]


# Halves and quarters are exact in every type, and come up often enough to tie.
LOGITS = st.integers(-24, 24).map(lambda n: n / 4)
ROW = st.integers(1, 12).flatmap(
    lambda size: st.tuples(
        st.lists(LOGITS, min_size=size, max_size=size),
        st.lists(st.integers(0, size - 1), min_size=6, max_size=6),
    )
)
# No share that sums of the shares above can meet exactly: which side it falls on is then sure.
CHOICES = {
    "temperature": st.sampled_from([0, 5e-324, 1e-60, 0.1, 0.5, 1.0, 3.7, 1e9]),
    "top_k": st.integers(1, 14),
    "top_p": st.floats(0.0137, 0.9873).map(lambda p: round(p, 4) + 0.00001234567),
    "min_p": st.sampled_from([0, 0.0123, 0.1117, 0.5432, 0.9123, 1]),
    "repetition_penalty": st.sampled_from([0.01, 0.25, 1.0, 1.5, 8.0, 100.0]),
}


def assert_as_by_hand(row, choice):
    logits, recent = row
    result = Sampling(**choice).probabilities(np.array(logits), recent)
    assert result.sum() == pytest.approx(1, abs=1e-9)
    expected = by_hand(logits, recent, **choice)
    assert result.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", CHOICES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_each_filter_alone(name, data):
    assert_as_by_hand(data.draw(ROW), {name: data.draw(CHOICES[name])})


@settings(max_examples=150, deadline=None)
@given(row=ROW, choice=st.fixed_dictionaries({}, optional=CHOICES))
def test_all_filters_in_their_order(row, choice):
    assert_as_by_hand(row, choice)


def test_the_order_is_that_of_the_docstring():
    """Cases in which two filters exchanged would draw otherwise."""

    def kept(probabilities, **choice):
        return (Sampling(**choice).probabilities(np.log(probabilities), []) > 0).sum()

    spread = [0.4, 0.3, 0.2, 0.1]
    # Of the two likeliest, the first alone has 4/7 of what is left: less than 0.6 it is not.
    assert kept(spread, top_k=2, top_p=0.55) == 1
    assert kept(spread, top_p=0.55) == 2
    # Heat first: at temperature 1/2 the first has 16/30.
    assert kept(spread, temperature=0.5, top_p=0.5) == 1
    assert kept(spread, temperature=0.5, min_p=0.3) == 2
    assert kept(spread, min_p=0.3) == 3
    # The penalty comes before the choice of the likeliest.
    penalised = Sampling(temperature=0, repetition_penalty=2.0)
    assert penalised.probabilities(np.array([3.0, 2.0]), [0]).tolist() == [0, 1]


def test_ties_are_broken_by_the_smaller_token():
    even = np.zeros(6)
    assert Sampling(top_k=2).probabilities(even, []).tolist() == [0.5, 0.5, 0, 0, 0, 0]
    assert Sampling(temperature=0).probabilities(even, []).tolist() == [1, 0, 0, 0, 0, 0]


def test_a_penalty_counts_once_however_often_a_token_came():
    logits = np.array([2.0, -2.0, 1.0])
    once = Sampling(repetition_penalty=1.5).probabilities(logits, [0, 1])
    often = Sampling(repetition_penalty=1.5).probabilities(logits, [0, 1, 0, 1, 1])
    assert once == pytest.approx(softmax([2 / 1.5, -2 * 1.5, 1.0]))
    assert once.tolist() == often.tolist()


def test_the_logits_given_are_left_alone():
    logits = np.array([2.0, -2.0, 1.0])
    Sampling(0.5, 2, 0.9, 0.1, 1.3).probabilities(logits, [0, 1])
    assert logits.tolist() == [2.0, -2.0, 1.0]


@pytest.mark.parametrize("chance", [0.0, 1 - 2**-53])
def test_what_is_left_out_is_never_drawn(chance):
    logits = np.array([-np.inf, 1.0, 2.0, -np.inf])
    expected = 1 if chance == 0 else 2
    assert Sampling().draw(logits, [], chance) == expected


def test_draws_follow_the_distribution(characters):
    """The first token of very many continuations, counted; then the second after the likeliest."""
    draws = 4000
    settings = {"temperature": 4.0, "top_k": 12}
    texts = characters.generate_many("The cat ", samples=draws, length=2, seed=5, **settings)
    state = characters.start()
    outlook, state = characters.step("The cat ", state)
    for context in ("", "s"):
        if context:
            texts = [text[1:] for text in texts if text.startswith(context)]
            outlook, state = characters.step(context, state)
        expected = by_hand(outlook.log_probabilities.tolist(), [], **settings)
        counted: dict[str, list[float]] = {}
        for token, share in enumerate(expected):
            if share > 0:
                counted[characters.tokenizer_.decode([token])] = [0, share * len(texts)]
        for text in texts:
            counted[text[:1]][0] += 1
        common = [pair for pair in counted.values() if pair[1] >= 5]
        rare = [sum(column) for column in zip(*counted.values(), strict=True)]
        observed = [*(a for a, _ in common), rare[0] - sum(a for a, _ in common)]
        wanted = [*(b for _, b in common), rare[1] - sum(b for _, b in common)]
        if wanted[-1] < 5:
            observed[-2:], wanted[-2:] = [sum(observed[-2:])], [sum(wanted[-2:])]
        assert len(wanted) > 2
        assert chisquare(observed, wanted).pvalue > 0.001


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("temperature", -0.1),
        ("temperature", math.inf),
        ("temperature", math.nan),
        ("temperature", "hot"),
        ("top_k", 0),
        ("top_k", 2.5),
        ("top_p", 0),
        ("top_p", 1.01),
        ("min_p", -0.01),
        ("min_p", 1.01),
        ("repetition_penalty", 0),
        ("repetition_penalty", -1),
        ("repetition_penalty", 1e-300),
        ("repetition_penalty", 1e300),
        ("repetition_penalty", True),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(setting, value):
    with pytest.raises(SettingError) as caught:
        Sampling(**{setting: value})
    assert caught.value.location == setting.replace("_", "-")
    assert repr(value) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("logits", [[math.nan, 0.0], [math.inf, 0.0], [math.inf, -math.inf]])
def test_logits_that_are_not_numbers_are_one_line(logits):
    with pytest.raises(ModelFileError, match="its logits are not numbers") as caught:
        Sampling().draw(np.array(logits, np.float32), [], 0.5)
    assert "\n" not in str(caught.value)
