"""A forecaster's graph holds all of it, and its metadata what it learned from."""

from __future__ import annotations

import numpy as np
import pytest

import elman
from elman.cells import CELLS
from elman.errors import ExportError
from elman.export import write_onnx
from elman.tasks.forecasting import onnx as forecaster

from .graphs import opened, stirred, written

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

STEPS = np.arange(60.0)
SWINGS = np.sin(2 * np.pi * STEPS / 4)
LEVEL = 5 + 0.1 * STEPS + SWINGS - 6  # below nought, too
GROWING = np.exp(0.03 * STEPS) * (3 + SWINGS)
NOISY = LEVEL + 0.3 * np.random.default_rng(0).normal(size=60)  # so that both parts have a share
WIDE = np.stack([GROWING, GROWING[::-1]], axis=1)
COMPONENTS = ("median", "low_80", "high_80", "low_95", "high_95")


def small(**settings):
    return elman.Forecaster(**{"hidden_size": 4, "steps": 2, "season": 4, **settings})


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell(tmp_path, cell):
    written(stirred(small(cell=cell, layers=2).fit(LEVEL)), tmp_path)


@pytest.mark.parametrize("series", [LEVEL, NOISY, GROWING, WIDE, 1e-5 * LEVEL, 1e6 * GROWING])
@pytest.mark.parametrize("season", [1, 4])
def test_it_forecasts_from_the_file_alone(tmp_path, series, season):
    """What it learned from stands in the metadata; and from other values it goes on as well."""
    model = stirred(small(season=season, horizon=7).fit(series))
    session, about = opened(model, tmp_path)
    assert about["names"] == list(model.names_)
    read = model.network_.history_length
    other = series[:-3] * 1.5
    given = {"history": other.reshape(len(other), -1)[-read:].T}
    learned = {"history": np.array(about["history"])}
    for expected, asked in ((model.predict(), learned), (model.predict(history=other), given)):
        result = session.run(COMPONENTS, asked)
        for name, values in zip(COMPONENTS, result, strict=True):
            scale = np.abs(series).max()
            np.testing.assert_allclose(values.T / scale, getattr(expected, name) / scale, atol=1e-5)
        assert np.ptp(expected.median) > 0
        assert (expected.low_80 < expected.high_80).all()


def test_logarithms_are_in_the_graph(tmp_path):
    model = small().fit(GROWING)
    assert model.network_.config.logarithm
    written(model, tmp_path)


@pytest.mark.parametrize("part", ["_base_forecasts", "_scale_intervals", "_linear"])
def test_a_graph_that_forecasts_otherwise_is_not_written(tmp_path, monkeypatch, part):
    whole = getattr(forecaster, part)

    def other(graph, *given):
        if part == "_scale_intervals":
            return whole(graph, given[0], (given[1][0], 1.1 * given[1][1]))
        simple = whole(graph, *given)
        if part == "_linear":
            return graph.op("Mul", simple, graph.constant(1.1, np.float64))
        return [*simple[:-1], simple[0]]

    monkeypatch.setattr(forecaster, part, other)
    model = stirred(small().fit(NOISY))
    assert 0.1 < model.network_.counts.share < 0.9
    model.save(tmp_path / "ahead.st")
    with pytest.raises(ExportError, match=r"ahead.st: ONNX Runtime's .* off the model's own"):
        write_onnx(tmp_path / "ahead.st", tmp_path / "ahead.onnx")


def test_values_that_nearly_stand_still(tmp_path):
    """What keeps a window's scale from being nothing is in the graph."""
    model = stirred(small().fit(LEVEL))
    session, _ = opened(model, tmp_path)
    other = 3 + 1e-7 * SWINGS
    given = {"history": other[None, -model.network_.history_length :]}
    expected = model.predict(history=other).median
    result = session.run(["median"], given)[0].T
    np.testing.assert_allclose(1e7 * (result - 3), 1e7 * (expected - 3), atol=1e-3)
