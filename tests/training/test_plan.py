"""The budget and the learning-rate schedule."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.training.plan import WARM_UP, Plan

PLAN = Plan(learning_rate=0.02)


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.floats(0, 1e9))
def test_budget_of_steps_ignores_time(step, steps, seconds):
    plan = Plan(minutes=None, steps=steps)
    assert plan.done(step, seconds) == plan.done(step, 0.0) == min(1, step / steps)


@given(st.integers(0, 10**9), st.floats(1e-3, 1e6), st.floats(0, 1e9))
def test_budget_of_minutes_ignores_steps(step, minutes, seconds):
    done = Plan(minutes=minutes).done(step, seconds)
    assert done == Plan(minutes=minutes).done(0, seconds)
    assert 0 <= done <= 1
    assert math.isclose(done, min(1, seconds / 60 / minutes), rel_tol=1e-12, abs_tol=1e-12)


def test_steps_take_precedence_over_minutes():
    assert Plan(minutes=1.0, steps=10).done(5, 60.0) == 0.5


def test_rate_rises_from_zero_to_its_maximum_and_falls_to_zero():
    assert PLAN.rate(0.0) == 0
    assert PLAN.rate(WARM_UP / 4) == pytest.approx(0.02 / 4)
    assert PLAN.rate(WARM_UP) == pytest.approx(0.02)
    middle = (1 + WARM_UP) / 2  # of the cosine: half the rate, and point-symmetric
    assert PLAN.rate(middle) == pytest.approx(0.01)
    assert PLAN.rate(middle - 0.2) + PLAN.rate(middle + 0.2) == pytest.approx(0.02)
    assert PLAN.rate(1.0) == pytest.approx(0, abs=1e-15)


@given(st.floats(0, 1), st.floats(0, 1))
def test_rate_is_monotone_on_both_sides_of_its_maximum(one, other):
    low, high = sorted((one, other))
    if high <= WARM_UP:
        assert PLAN.rate(low) <= PLAN.rate(high)
    elif low >= WARM_UP:
        assert PLAN.rate(low) >= PLAN.rate(high)
    assert 0 <= PLAN.rate(low) <= 0.02 * (1 + 1e-12)


@given(st.floats(0, 0.99))
def test_rate_is_continuous(done):
    assert abs(PLAN.rate(done + 1e-6) - PLAN.rate(done)) < 0.02 * 1e-4
