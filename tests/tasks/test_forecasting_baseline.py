"""The baselines of a forecaster: by name, bounded in time, and from the values before alone."""

from __future__ import annotations

import numpy as np
import pytest

from elman.tasks.forecasting import baseline
from elman.tasks.forecasting.baseline import baseline_forecasts, left_out
from elman.tasks.forecasting.windows import spread_origins

STEPS = np.arange(120)
WAVE = (np.sin(2 * np.pi * STEPS / 12) + 0.05 * STEPS)[:, None]
WAVE = WAVE + 0.1 * np.random.default_rng(0).normal(size=WAVE.shape)
ORIGINS = spread_origins([96], 120, 6)[::6]


def test_without_the_extra_there_is_the_seasonal_naive_forecast(monkeypatch):
    monkeypatch.setattr(baseline, "find_spec", lambda _: None)
    found = baseline_forecasts(WAVE, ORIGINS, 6, (12,))
    assert list(found) == ["seasonal naive"]
    expected = [WAVE[step - 12 : step - 6, 0] for step in ORIGINS[:, 0]]
    np.testing.assert_array_equal(found["seasonal naive"], expected)
    (line,) = left_out(list(found))
    assert "pip install 'elman[forecast]'" in line


def test_classical_models_forecast_and_see_nothing_of_what_comes():
    pytest.importorskip("statsforecast", reason="the extra 'forecast' is not installed")
    found = baseline_forecasts(WAVE, ORIGINS, 6, (12,))
    assert list(found) == ["seasonal naive", "AutoETS", "AutoTheta", "MSTL"]
    assert left_out(list(found)) == ()
    later = WAVE.copy()
    later[ORIGINS[0, 0] :] = 0
    other = baseline_forecasts(later, ORIGINS[:1], 6, (12,))
    for name, forecasts in found.items():
        actual = [WAVE[step : step + 6, 0] for step in ORIGINS[:, 0]]
        assert np.abs(forecasts - actual).mean() < 0.7, name
        np.testing.assert_allclose(other[name][0], forecasts[0], rtol=1e-6)


def test_what_takes_too_long_or_does_not_suit_is_left_out(monkeypatch):
    pytest.importorskip("statsforecast", reason="the extra 'forecast' is not installed")
    assert "MSTL" not in baseline_forecasts(WAVE, ORIGINS[:1], 6, (1,))
    assert "AutoETS" not in baseline_forecasts(WAVE, ORIGINS[:1], 6, (30,))
    monkeypatch.setattr(baseline, "SECONDS", 0.0)
    found = list(baseline_forecasts(WAVE, ORIGINS, 6, (12,)))
    assert found == ["seasonal naive"]
    (line,) = left_out(found)
    assert "AutoETS, AutoTheta, MSTL" in line
    assert "pip" not in line
