"""Temperature against another minimiser, and the threshold of rejection against every threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from elman.errors import EmptyTextError
from elman.metrics.calibration import fit_rejection, fit_temperature


def loss(logits, labels, temperature):
    return -log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels].mean()


def sample(seed, texts=300, classes=5, overconfident=1.0):
    """Logits whose softmax is the very distribution that the labels were drawn from, scaled."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(scale=2, size=(texts, classes))
    gumbel = generator.gumbel(size=logits.shape)
    return logits * overconfident, (logits + gumbel).argmax(axis=1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(0.5, 5))
def test_no_other_temperature_is_likelier(seed, overconfident):
    logits, labels = sample(seed, overconfident=overconfident)
    found = fit_temperature(logits, labels)
    other = minimize_scalar(
        lambda b: loss(logits, labels, 1 / b), bounds=(0.1, 4), method="bounded"
    )
    assert 1 / found == pytest.approx(other.x, rel=1e-3)


def test_the_scale_of_the_logits_is_found():
    logits, labels = sample(1, texts=20_000, overconfident=3.0)
    assert fit_temperature(logits, labels) == pytest.approx(3, rel=0.05)
    single = logits.astype(np.float32) / 2 + 7  # a shift of all logits says nothing
    assert fit_temperature(single, labels) == pytest.approx(1.5, rel=0.05)


def test_the_bounds_hold():
    logits = np.eye(3)[[0, 1, 2]] * 5
    assert fit_temperature(logits, np.array([0, 1, 2])) == pytest.approx(0.25)
    assert fit_temperature(logits, np.array([1, 2, 0])) == pytest.approx(10)


@pytest.mark.parametrize("logits", [np.ones((4, 3)), np.ones((2, 1))])
def test_logits_that_are_all_alike(logits):
    assert fit_temperature(logits, np.zeros(len(logits), int)) == 1


@pytest.mark.parametrize(
    ("logits", "labels"), [(np.ones((2, 3)), np.zeros(3, int)), (np.ones(3), np.zeros(3, int))]
)
def test_shapes_that_do_not_fit(logits, labels):
    with pytest.raises(ValueError, match="expected"):
        fit_temperature(logits, labels)


answers = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=30)


@settings(deadline=None)
@given(answers, st.lists(st.integers(0, 10), min_size=1, max_size=30))
def test_no_other_threshold_answers_more_rightly(inside, outside):
    confidences = np.array([p / 10 for p, _ in inside], dtype=np.float32)
    correct = np.array([right for _, right in inside])
    beyond = np.array(outside, dtype=np.float32) / 10

    def rightly(threshold):
        return (correct & (confidences >= threshold)).sum() + (beyond < threshold).sum()

    found = fit_rejection(confidences, correct, beyond)
    assert 0 <= found <= 1
    # Above all of them only 'none of these' would be left, which is no classifier.
    everything = np.concatenate([confidences, beyond])
    every = [each for each in np.linspace(0, 1, 41) if each <= everything.max()]
    best = max(map(rightly, every))
    assert rightly(found) == best
    fewest = min((everything < each).sum() for each in every if rightly(each) == best)
    assert (everything < found).sum() == fewest


def test_the_threshold_stands_halfway_between_what_was_seen():
    right = np.array([True, True])
    assert fit_rejection(np.array([0.75, 1.0]), right, np.array([0.25])) == 0.5


@given(answers)
def test_without_texts_out_of_scope_nearly_all_right_answers_are_kept(inside):
    confidences = np.array([p / 10 for p, _ in inside])
    correct = np.array([right for _, right in inside])
    found = fit_rejection(confidences, correct)
    kept = confidences[correct]
    assert (kept >= found).sum() >= 0.95 * len(kept)
    if len(kept):
        assert (kept > found).sum() < 0.95 * len(kept) or found == kept.max()
    else:
        assert found == 0


def test_a_twentieth_is_given_up():
    assert fit_rejection(np.arange(1, 101) / 100, np.ones(100, bool)) == 0.06


def test_nothing_to_fit_on():
    empty, one = np.array([]), np.array([0.5])
    with pytest.raises(EmptyTextError):
        fit_temperature(np.ones((0, 3)), np.zeros(0, int))
    with pytest.raises(EmptyTextError):
        fit_rejection(empty, empty.astype(bool))
    with pytest.raises(EmptyTextError):
        fit_rejection(one, one > 0, empty)
    with pytest.raises(ValueError, match="equal lengths"):
        fit_rejection(one, np.ones(2, bool))
