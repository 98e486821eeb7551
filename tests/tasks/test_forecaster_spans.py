"""Series that begin and end at dates of their own, in one forecaster."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from elman.bundle import open_bundle, write_bundle
from elman.cli import app
from elman.errors import EmptyTextError, InputError, ModelFileError
from elman.tasks.forecasting.model import Forecaster
from elman.tasks.loading import load
from elman.text.files import TextSource
from elman.text.series import SeriesSource

QUICK = {"steps": 30, "hidden_size": 8, "horizon": 6, "season": 12}
SPANS = {"A": (0, 96), "B": (24, 96), "C": (10, 90)}


def wave(steps, phase=0.0):
    return 10 + np.sin(2 * np.pi * (steps + phase) / 12)


def month(number):
    return f"{2010 + number // 12}-{number % 12 + 1:02}-01"


def long_table(spans=SPANS, more=0):
    lines = ["unique_id,ds,y"]
    for phase, (name, (first, last)) in enumerate(spans.items()):
        lines += [f"{name},{month(n)},{wave(n, phase):.5f}" for n in range(first, last + more)]
    return "\n".join(lines) + "\n"


def source(text):
    return SeriesSource(TextSource.from_texts([text]))


@pytest.fixture(scope="module")
def model():
    return Forecaster(**QUICK).fit(source(long_table()))


def test_each_series_is_forecast_from_its_own_end(model):
    forecast = model.predict()
    assert forecast.names == ("A", "B", "C")
    for index, (name, (_, last)) in enumerate(SPANS.items()):
        assert forecast.dates_of(index) == tuple(month(last + n) for n in range(6)), name
        came = wave(np.arange(last, last + 6), index)
        np.testing.assert_allclose(forecast.median[:, index], came, atol=0.15)


def test_all_windows_of_a_series_are_learned_from_and_none_outside(model):
    """Of a window before its first value the forecast would not be a number."""
    scores = model.record_["held_out"]["scores"]
    assert np.isfinite(scores["mase"])
    assert len(model.record_["held_out"]["details"]["series"]) == 3
    assert np.isfinite(model.last_).all()
    assert np.isfinite(model.scale_).all()


def test_a_series_is_forecast_as_if_the_others_were_not_there(model):
    """The network and the counts read the last values of one series alone."""
    whole = model.predict()
    cut = {name: (last - 60, last) for name, (_, last) in SPANS.items()}
    np.testing.assert_allclose(model.predict(history=source(long_table(cut))).median, whole.median)
    later = model.predict(history=source(long_table(more=2)))
    assert later.dates_of(2)[0] == month(92)


def test_new_values_are_scored_and_training_values_are_not(model):
    fresh = model.evaluate(source(long_table(more=8)))
    assert fresh.details["origins"] == 3 * 3  # 8 new values, forecasts of 6
    # Where each has another number of new values, the end of each is found.
    spans = {"A": (0, 96 + 8), "B": (24, 96 + 7), "C": (10, 90 + 6)}
    assert model.evaluate(source(long_table(spans))).details["origins"] == 3 + 2 + 1
    with pytest.raises(InputError, match="are needed"):
        model.evaluate(source(long_table()))


@pytest.mark.parametrize(
    "new",
    [
        {"A": (96, 99), "B": (96, 97), "C": (90, 95)},
        {"A": (96, 97), "C": (90, 91)},  # one row each
        {"C": (90, 94)},
        {"B": (96, 97)},
    ],
)
def test_new_values_alone_continue_the_series_that_have_some(model, new):
    whole = {name: (first, new.get(name, (0, last))[1]) for name, (first, last) in SPANS.items()}
    expected = model.predict(history=source(long_table(whole)))
    found = model.predict(history=new_rows(new))
    np.testing.assert_array_equal(found.median, expected.median)
    for index in range(3):
        assert found.dates_of(index) == expected.dates_of(index)


def new_rows(spans):
    """Rows of new values, from the first date to the last."""
    header, *_ = long_table().splitlines()
    phases = {name: phase for phase, name in enumerate(SPANS)}
    rows = [
        f"{name},{month(n)},{wave(n, phases[name]):.5f}"
        for name, (first, last) in spans.items()
        for n in range(first, last)
    ]
    text = "\n".join([header, *rows]) + "\n"
    return SeriesSource(TextSource.from_texts([text]), known=tuple(SPANS))


def test_new_values_alone_are_scored(model):
    spans = {"A": (0, 96 + 8), "B": (24, 96), "C": (10, 90 + 7)}
    whole = model.evaluate(source(long_table(spans)))
    fresh = model.evaluate(new_rows({"A": (96, 96 + 8), "C": (90, 90 + 7)}))
    assert fresh.scores == whole.scores
    assert fresh.details["origins"] == whole.details["origins"] == 3 + 2
    assert [row["series"] for row in fresh.details["series"]] == ["A", "C"]
    assert fresh.warnings == ("Too few new values to score B.",)


def test_a_gap_after_the_training_is_named(model):
    with pytest.raises(InputError, match="series 'A' do not begin at 2018-01-01"):
        model.predict(history=new_rows({"A": (97, 99)}))


def test_the_file_keeps_the_ends(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    loaded = load(path)
    assert loaded.predict().own_dates == model.predict().own_dates
    np.testing.assert_array_equal(loaded.predict().median, model.predict().median)
    bundle = open_bundle(path)
    tensors = load_file(path)
    for ends in (["2017-12-01"], ["x"] * 3, 7, ["2099-01-01T00:00:00"] * 3, [None] * 3):
        write_bundle(path, {**bundle.about, "ends": ends}, tensors)
        with pytest.raises(ModelFileError, match="ends of its series"):
            load(path)


def test_a_series_too_short_is_named():
    spans = {**SPANS, "D": (80, 96)}
    with pytest.raises(EmptyTextError, match="series 'D': 16 values are too few"):
        Forecaster(**QUICK).fit(source(long_table(spans)))


def test_equal_spans_make_the_same_model_as_columns():
    spans = dict.fromkeys("AB", (0, 90))
    columns = np.stack([wave(np.arange(90), phase) for phase in (0, 1)], 1).round(5)
    few = {**QUICK, "steps": 4}
    ours = Forecaster(**few).fit(source(long_table(spans)))
    theirs = Forecaster(**few).fit(columns)
    np.testing.assert_array_equal(ours.predict().median, theirs.predict().median)
    assert ours.record_["held_out"]["scores"] == theirs.record_["held_out"]["scores"]
    assert ours.predict().own_dates == ()


def test_the_commands(tmp_path, capsys, monkeypatch):
    """Train, test, predict and peek say and print the same spans."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(long_table())
    (tmp_path / "b.csv").write_text(long_table(more=8))

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            app([str(each) for each in arguments])
        assert not ended.value.code
        return capsys.readouterr()

    assert "lengths of their own, 72 to 96" in run("peek", "a.csv").out
    said = run("train", "a.csv", "-o", "m.safetensors", "--steps", 4, "--horizon", 6).err
    assert "lengths of their own, 72 to 96" in said
    rows = list(csv.DictReader(run("predict", "m.safetensors", "--plot", "p.svg").out.splitlines()))
    assert [row["date"] for row in rows if row["series"] == "C"] == [
        month(90 + n) for n in range(6)
    ]
    assert (tmp_path / "p.svg").stat().st_size
    as_json = json.loads(run("predict", "m.safetensors", "b.csv", "--json").out)
    assert as_json["dates"] is None
    assert as_json["forecasts"][2]["dates"][0] == month(98)
    assert "MASE" in run("test", "m.safetensors", "b.csv").out
    (tmp_path / "c.csv").write_text(f"unique_id,ds,y\nC,{month(90)},9.5\n")
    as_json = json.loads(run("predict", "m.safetensors", "c.csv", "--json").out)
    assert [each["dates"][0] for each in as_json["forecasts"]] == [month(96), month(96), month(91)]
    dates = [load("m.safetensors").predict(history=Path("c.csv")).dates_of(n)[0] for n in range(3)]
    assert dates == [each["dates"][0] for each in as_json["forecasts"]]
