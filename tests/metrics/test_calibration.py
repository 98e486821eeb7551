"""The temperature against a minimiser, the rejection threshold against an exhaustive search."""

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
    """Scaled logits, and labels drawn from the softmax of the unscaled ones."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(scale=2, size=(texts, classes))
    gumbel = generator.gumbel(size=logits.shape)
    return logits * overconfident, (logits + gumbel).argmax(axis=1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(0.5, 5))
def test_temperature_maximises_the_likelihood(seed, overconfident):
    logits, labels = sample(seed, overconfident=overconfident)
    result = fit_temperature(logits, labels)
    other = minimize_scalar(
        lambda b: loss(logits, labels, 1 / b), bounds=(0.1, 4), method="bounded"
    )
    assert 1 / result == pytest.approx(other.x, rel=1e-3)


def test_scale_of_the_logits_is_recovered():
    logits, labels = sample(1, texts=20_000, overconfident=3.0)
    assert fit_temperature(logits, labels) == pytest.approx(3, rel=0.05)
    single = logits.astype(np.float32) / 2 + 7  # a shift of all logits says nothing
    assert fit_temperature(single, labels) == pytest.approx(1.5, rel=0.05)


def test_temperature_stays_within_its_bounds():
    logits = np.eye(3)[[0, 1, 2]] * 5
    assert fit_temperature(logits, np.array([0, 1, 2])) == pytest.approx(0.25)
    assert fit_temperature(logits, np.array([1, 2, 0])) == pytest.approx(10)


@pytest.mark.parametrize("logits", [np.ones((4, 3)), np.ones((2, 1))])
def test_equal_logits_give_a_temperature_of_one(logits):
    assert fit_temperature(logits, np.zeros(len(logits), int)) == 1


@pytest.mark.parametrize(
    ("logits", "labels"), [(np.ones((2, 3)), np.zeros(3, int)), (np.ones(3), np.zeros(3, int))]
)
def test_mismatched_shapes_are_refused(logits, labels):
    with pytest.raises(ValueError, match="expected"):
        fit_temperature(logits, labels)


answers = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=30)


@settings(deadline=None)
@given(answers, st.lists(st.integers(0, 10), min_size=1, max_size=30))
def test_threshold_maximises_correct_decisions(inside, outside):
    confidences = np.array([p / 10 for p, _ in inside], dtype=np.float32)
    correct = np.array([right for _, right in inside])
    beyond = np.array(outside, dtype=np.float32) / 10

    def rightly(threshold):
        return (correct & (confidences >= threshold)).sum() + (beyond < threshold).sum()

    result = fit_rejection(confidences, correct, beyond)
    assert 0 <= result <= 1
    # Above all confidences everything is rejected.
    everything = np.concatenate([confidences, beyond])
    every = [each for each in np.linspace(0, 1, 41) if each <= everything.max()]
    best = max(map(rightly, every))
    assert rightly(result) == best
    fewest = min((everything < each).sum() for each in every if rightly(each) == best)
    assert (everything < result).sum() == fewest


def test_threshold_is_the_midpoint_of_two_confidences():
    right = np.array([True, True])
    assert fit_rejection(np.array([0.75, 1.0]), right, np.array([0.25])) == 0.5


@given(answers)
def test_without_out_of_scope_texts_most_correct_predictions_are_kept(inside):
    confidences = np.array([p / 10 for p, _ in inside])
    correct = np.array([right for _, right in inside])
    result = fit_rejection(confidences, correct)
    kept = confidences[correct]
    assert (kept >= result).sum() >= 0.95 * len(kept)
    if len(kept):
        assert (kept > result).sum() < 0.95 * len(kept) or result == kept.max()
    else:
        assert result == 0


def test_five_percent_of_correct_predictions_are_rejected():
    assert fit_rejection(np.arange(1, 101) / 100, np.ones(100, bool)) == 0.06


def test_empty_inputs_are_refused():
    empty, one = np.array([]), np.array([0.5])
    with pytest.raises(EmptyTextError):
        fit_temperature(np.ones((0, 3)), np.zeros(0, int))
    with pytest.raises(EmptyTextError):
        fit_rejection(empty, empty.astype(bool))
    with pytest.raises(EmptyTextError):
        fit_rejection(one, one > 0, empty)
    with pytest.raises(ValueError, match="equal lengths"):
        fit_rejection(one, np.ones(2, bool))
