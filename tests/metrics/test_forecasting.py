"""Metrics of forecasts against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elman.errors import EmptyTextError
from elman.metrics.forecasting import (
    coverage,
    fitted_width,
    naive_error,
    scaled_errors,
    seasonal_naive,
)
from elman.tasks.forecasting.evaluation import Backtest, evaluate_forecasts

NUMBERS = st.floats(-1e3, 1e3).map(lambda number: round(number, 6))  # none next to 0


@given(st.lists(NUMBERS, min_size=3, max_size=30), st.integers(1, 3), st.integers(1, 9))
def test_seasonal_naive_repeats_the_last_season(history, season, horizon):
    result = seasonal_naive(np.array(history), season, horizon)
    grown = list(history)
    for _ in range(horizon):
        grown.append(grown[-season])
    assert result.tolist() == grown[len(history) :]


@given(st.lists(NUMBERS, min_size=6, max_size=30), st.integers(1, 5), st.integers(1, 4), st.data())
def test_mase_equals_its_definition(history, season, horizon, data):
    forecast, actual = (
        data.draw(st.lists(NUMBERS, min_size=horizon, max_size=horizon)) for _ in range(2)
    )
    steps = range(season, len(history))
    scale = math.fsum(abs(history[t] - history[t - season]) for t in steps) / len(steps)
    result = naive_error(np.array(history)[:, None], season)
    if scale < 1e-3:
        assert result[0] > 0
        return
    mase = math.fsum(map(abs, np.subtract(forecast, actual))) / horizon / scale
    ours = scaled_errors(np.array([forecast]), np.array([actual]), result)
    np.testing.assert_allclose(ours, [mase], rtol=1e-9)


def test_coverage_includes_the_ends():
    low, high = np.zeros((1, 4)), np.ones((1, 4))
    assert coverage(low, high, np.array([[0.0, 1.0, 1.1, -0.1]])) == 0.5


@given(
    actual=arrays(np.float64, st.integers(1, 60), elements=NUMBERS),
    level=st.sampled_from([0.5, 0.8, 0.95]),
    below=st.floats(0.1, 5),
    above=st.floats(0.1, 5),
)
def test_fitted_width_is_the_smallest_with_the_coverage(actual, level, below, above):
    middle = np.zeros_like(actual)
    width = fitted_width(middle - below, middle, middle + above, actual, level, len(actual))

    def covered(width):
        return coverage(-below * width * np.ones_like(actual), above * width * middle**0, actual)

    assert covered(width * (1 + 1e-9)) >= level
    needed = math.ceil((len(actual) + 1) * level) / len(actual)
    assert width == 0 or needed > 1 or covered(width * (1 - 1e-9)) < needed


def backtest(origins=40, horizon=6, seed=0, better=0.5):
    draw = np.random.default_rng(seed)
    actual = draw.normal(size=(origins, horizon))
    naive = actual + draw.normal(size=actual.shape)
    median = actual + better * draw.normal(size=actual.shape)
    return Backtest(
        low_95=median - 2,
        low_80=median - 1,
        median=median,
        high_80=median + 1,
        high_95=median + 2,
        actual=actual,
        baselines={"seasonal naive": naive},
        parts={},
        scale=np.full(origins, 2.0),
        series=np.repeat([0, 1], origins // 2),
        names=("a", "b"),
        overlapping=3,
    )


def test_report_has_scores_and_baseline():
    tested = backtest()
    report = evaluate_forecasts(tested)
    assert report.task == "forecast"
    assert report.examples == 240
    assert report.scores["mase"] == pytest.approx(np.abs(tested.median - tested.actual).mean() / 2)
    assert report.baseline["name"] == "seasonal naive"
    naive = tested.baselines["seasonal naive"]
    assert report.baseline["mase"] == pytest.approx(np.abs(naive - tested.actual).mean() / 2)
    assert report.scores["coverage_80"] < report.scores["coverage"] == 1.0
    low, high = report.interval["mase"]
    assert low < report.scores["mase"] - report.baseline["mase"] < high < 0
    rows = report.details["series"]
    assert [row["series"] for row in rows] == ["a", "b"]
    assert np.mean([row["mase"] for row in rows]) == pytest.approx(report.scores["mase"])
    assert np.mean(report.details["mase_by_step"]) == pytest.approx(report.scores["mase"])


def test_interval_of_equal_forecasts_contains_zero():
    low, high = evaluate_forecasts(backtest(better=1.0)).interval["mase"]
    assert low < 0 < high


def test_overlapping_forecasts_are_resampled_in_blocks():
    tested = backtest()
    smooth = tested._replace(median=np.repeat(tested.median[::10], 10, axis=0))
    wide = evaluate_forecasts(smooth._replace(overlapping=10)).interval["mase"]
    narrow = evaluate_forecasts(smooth._replace(overlapping=1)).interval["mase"]
    assert wide != narrow


def test_one_origin_and_no_origin():
    assert math.isfinite(evaluate_forecasts(backtest(2)).scores["mase"])
    with pytest.raises(EmptyTextError):
        evaluate_forecasts(backtest(0))


def test_the_best_baseline_of_these_values_is_compared_with():
    tested = backtest()
    worse, better = tested.actual + 9, tested.actual + 0.1
    several = tested._replace(baselines={"a": worse, "b": better, "c": worse})
    report = evaluate_forecasts(several)
    assert report.baseline == {"name": "b", "mase": pytest.approx(0.05)}
    assert list(report.details["baselines"]) == ["a", "b", "c"]
    assert report.interval["mase"][0] > 0


def test_each_part_is_scored_alone():
    tested = backtest()
    parts = {"network": tested.actual + 1, "counts": tested.median}
    alone = evaluate_forecasts(tested._replace(parts=parts)).details["alone"]
    assert alone["network"]["MASE"] == pytest.approx(0.5)
    assert alone["network"]["gain"][0] > 0
    assert alone["counts"]["gain"] == [0, 0]
