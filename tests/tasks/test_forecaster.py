"""The forecaster as its user has it: any form of numbers in, forecasts out, one safe file."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from sklearn.base import clone

from elman.bundle import open_bundle, write_bundle
from elman.errors import EmptyTextError, InputError, ModelFileError, NotFittedError, SettingError
from elman.tasks.forecasting.model import Forecaster
from elman.tasks.loading import load
from elman.training.events import Finished, Progress, Validated

QUICK = {"steps": 25, "hidden_size": 8, "horizon": 6}
BRIEF = {"steps": 3, "hidden_size": 4, "horizon": 6}


def wave(length=120, seed=0, noise=0.1):
    """Monthly, with a trend."""
    draw = np.random.default_rng(seed)
    steps = np.arange(length)
    return 0.05 * steps + np.sin(2 * np.pi * steps / 12) + noise * draw.normal(size=length)


def csv_of(values, first=date(2020, 1, 1)):
    rows = (f"{first + timedelta(days=7 * n)},{value}" for n, value in enumerate(values))
    return "\n".join(["date,x", *rows, ""])


@pytest.fixture(scope="module")
def model():
    return Forecaster(season=12, **QUICK).fit(wave())


@pytest.fixture(scope="module")
def dated(tmp_path_factory):
    """A model of weekly dates, and the folder with its file."""
    folder = tmp_path_factory.mktemp("dated")
    (folder / "a.csv").write_text(csv_of(wave()))
    return Forecaster(season=12, **BRIEF).fit(folder / "a.csv"), folder


def test_a_forecast_goes_on_with_the_wave(model):
    forecast = model.predict()
    came = wave(126, noise=0)[120:, None]
    assert forecast.median.shape == (6, 1)
    assert np.abs(forecast.median - came).mean() < 0.35
    assert (forecast.low_95 <= forecast.low_80).all()
    assert (forecast.low_80 <= forecast.median).all()
    assert (forecast.median <= forecast.high_80).all()
    assert (forecast.high_80 <= forecast.high_95).all()
    assert forecast.dates == ()


def test_fewer_steps_are_the_first_of_them(model):
    np.testing.assert_array_equal(model.predict(2).median, model.predict().median[:2])


@pytest.mark.parametrize("horizon", [0, 7, 2.0, "3"])
def test_a_horizon_that_cannot_be(model, horizon):
    with pytest.raises(SettingError):
        model.predict(horizon)


def test_a_longer_history_is_gone_on_with(model):
    longer = wave(123)
    np.testing.assert_array_equal(
        model.predict(history=longer).median, model.predict(history=longer[-60:]).median
    )
    np.testing.assert_array_equal(model.predict(history=wave()).median, model.predict().median)


def test_the_score_is_of_what_is_new(model):
    longer = wave(140)
    report = model.evaluate(longer)
    assert report.details["origins"] == 140 - 120 - 6 + 1
    assert model.score(longer) == -report.scores["mase"]
    assert report.scores["mase"] < report.details["baselines"]["seasonal naive"]
    # Of another series all that is not needed to begin with.
    other = model.evaluate(wave(140, seed=9))
    assert other.details["origins"] > report.details["origins"]


def test_nothing_new_to_score(model):
    with pytest.raises(InputError, match="123 values, and 126 are needed: 120"):
        model.score(wave(123))


def test_the_same_seed_is_the_same_model():
    first = Forecaster(season=12, **BRIEF).fit(wave())
    again, other = clone(first).fit(wave()), clone(first).set_params(seed=1).fit(wave())
    np.testing.assert_array_equal(again.predict().median, first.predict().median)
    assert (other.predict().median != first.predict().median).all()


def test_several_series_and_their_columns(tmp_path):
    both = np.stack([wave(80), 1000 + 100 * wave(80, seed=1)], 1)
    (tmp_path / "both.csv").write_text("\n".join(["a,b", *(f"{a},{b}" for a, b in both), ""]))
    model = Forecaster(season=12, **BRIEF).fit(tmp_path / "both.csv")
    result = model.predict().median
    assert result.shape == (6, 2)
    assert (np.abs(result[:, 1] - 1000) < 1500).all()
    assert (np.abs(result[:, 0]) < 20).all()
    rows = [f"{b},{a}" for a, b in both]
    (tmp_path / "turned.csv").write_text("\n".join(["b,a", *rows, ""]))
    np.testing.assert_allclose(
        model.predict(history=tmp_path / "turned.csv").median, result, rtol=1e-6
    )
    with pytest.raises(InputError, match="1 series, where the model has learned 2"):
        model.predict(history=wave(80))


def test_logarithms_stay_above_nothing():
    values = np.exp(wave(96))
    model = Forecaster(season=12, **BRIEF).fit(values)
    assert model.network_.config.logarithm
    assert (model.predict().low_95 > 0).all()
    with pytest.raises(InputError, match="it holds -1"):
        model.predict(history=np.concatenate([values, [-1.0]]))


def test_what_stands_still_goes_on_standing():
    result = Forecaster(**BRIEF).fit([5.0] * 80).predict()
    for part in result[2:]:
        np.testing.assert_allclose(part, 5.0, rtol=1e-3)


def test_dates_go_on(dated):
    model, _ = dated
    first = date(2020, 1, 1) + timedelta(days=7 * 120)
    assert model.predict(2).dates == (str(first), str(first + timedelta(days=7)))


def test_newer_values_alone_follow_what_was_learned(dated, tmp_path):
    model, _ = dated
    longer = wave(135)
    (tmp_path / "all.csv").write_text(csv_of(longer))
    newer = csv_of(longer[120:], date(2020, 1, 1) + timedelta(days=7 * 120))
    (tmp_path / "new.csv").write_text(newer)
    one, other = (model.predict(history=tmp_path / name) for name in ("all.csv", "new.csv"))
    assert one.dates == other.dates
    np.testing.assert_array_equal(one.median, other.median)
    one, other = (model.evaluate(tmp_path / name) for name in ("all.csv", "new.csv"))
    assert one.scores == other.scores
    assert one.examples == 10 * 6


def test_a_history_that_is_too_short(model):
    with pytest.raises(InputError, match="are needed to go on from"):
        model.predict(history=wave(10, seed=4))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a"], "not numbers"),
        ([[1.0], [1.0, 2.0]], "not numbers"),
        (np.zeros((3, 2, 2)), "shape"),
        ([], "there are none"),
        ([1.0, float("nan")] * 50, "nan at step 1 of series 1"),
        ([1.0, float("inf")] * 50, "inf at step 1 of series 1"),
    ],
)
def test_what_are_no_numbers(given, message):
    with pytest.raises(InputError, match=message):
        Forecaster(**QUICK).fit(given)


def test_too_few_values_say_how_many_are_needed():
    with pytest.raises(EmptyTextError, match="are too few") as error:
        Forecaster(season=12, horizon=12).fit(wave(40))
    needed = int(str(error.value).split(": ")[-1].split(" ")[0])
    with pytest.raises(EmptyTextError):
        Forecaster(season=12, horizon=12).fit(wave(needed - 1))
    Forecaster(season=12, horizon=12, steps=1).fit(wave(needed))


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon": 0},
        {"season": 0},
        {"season": (12, 12)},
        {"season": "1,2,3"},
        {"season": ()},
        {"horizon": 1.5},
        {"cell": "brain"},
        {"dropout": 1.0},
    ],
)
def test_settings_out_of_range(wrong):
    with pytest.raises(SettingError):
        Forecaster(**wrong).fit(wave())


def test_the_horizon_and_the_season_are_found():
    result = Forecaster(steps=1).fit(wave()).network_.config
    assert (result.season, result.horizon, result.logarithm) == (12, 12, False)


def test_before_it_has_learned():
    for ask in (Forecaster().predict, Forecaster().describe, lambda: Forecaster().score(wave())):
        with pytest.raises(NotFittedError):
            ask()


def test_a_file_holds_all_that_a_forecast_needs(dated, tmp_path):
    model, _ = dated
    model.save(tmp_path / "m.safetensors")
    loaded = load(tmp_path / "m.safetensors")
    assert isinstance(loaded, Forecaster)
    assert loaded.get_params() == model.get_params()
    assert loaded.describe() == json.loads(json.dumps(model.describe()))
    for one, other in zip(loaded.predict(), model.predict(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert loaded.score(wave(140)) == model.score(wave(140))


SHARES = {"network": 0.5, "exponential smoothing": 0.5}
DAMAGE = [
    {"names": []},
    {"names": ["x", 3]},
    {"names": ["x", "y"]},
    {"calendar": {"first": 1}},
    {"training": None},
    {"forecasting": None},
    {"settings": {}},
    {"season": 0},
    {"season": 10**9},
    {"read": 10**12},
    {"steps": 1000},
    {"horizon": -1},
    {"networks": 10**6},
    {"cell": "gru"},
    {"hidden_size": 9},
    {"logarithm": 1},
    {"counts": None},
    {"counts": {}},
    *(
        {"counts": {"window": 60, "seasons": [12], "shares": SHARES} | wrong}
        for wrong in (
            {"window": 48},
            {"window": 10**9},
            {"window": True},
            {"seasons": []},
            {"seasons": [0]},
            {"shares": {"network": 1.5, "autoregression": -0.5}},
            {"shares": {"autoregression": 1.0}},
            {"shares": {"network": 0.5, "oracle": 0.5}},
            {"more": 1},
        )
    ),
]


def saved(model, folder):
    """What a model's file holds."""
    model.save(folder / "m.safetensors")
    bundle = open_bundle(folder / "m.safetensors")
    about = {name: value for name, value in bundle.about.items() if name != "schema"}
    return about, bundle.arrays(bundle.layout)


@pytest.mark.parametrize("damage", DAMAGE, ids=str)
def test_a_damaged_file_is_refused(dated, tmp_path, damage):
    about, tensors = saved(dated[0], tmp_path)
    (name,) = damage
    if name in about:
        about |= damage
    else:
        about["forecasting"] = about["forecasting"] | damage
    write_bundle(tmp_path / "m.safetensors", about, tensors)
    with pytest.raises(ModelFileError):
        load(tmp_path / "m.safetensors")


@pytest.mark.parametrize("name", ["last", "scale", "widths", "network.counts.matrix"])
def test_numbers_that_are_none_are_refused(dated, tmp_path, name):
    about, tensors = saved(dated[0], tmp_path)
    tensors[name] = tensors[name] * float("nan")
    write_bundle(tmp_path / "m.safetensors", about, tensors)
    with pytest.raises(ModelFileError, match="not a number"):
        load(tmp_path / "m.safetensors")
    assert open_bundle(tmp_path / "m.safetensors")


def test_progress_rises_through_both_trainings():
    events = list(Forecaster(season=12, **BRIEF).training(wave()))
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert {event.phase for event in events if isinstance(event, Progress)} == {
        "the end held out",
        "all values",
    }
    assert [isinstance(event, Finished) for event in events].count(True) == 1


def test_a_loss_of_values_that_are_learned_too_is_marked_in_sample():
    phase, phases = "", set()
    for event in Forecaster(season=12, **BRIEF).training(wave()):
        if isinstance(event, Progress):
            phase = event.phase
        elif isinstance(event, Validated):
            phases.add((phase, event.in_sample))
    assert phases == {("the end held out", False), ("all values", True)}


@pytest.mark.parametrize("steps_before", [2, 3, 5])  # in the first training or in the second
def test_a_run_that_was_stopped_goes_on_to_the_same_end(dated, tmp_path, steps_before):
    model, folder = dated
    path, taken = tmp_path / "run", []

    def stop():
        taken.append(None)
        return len(taken) > steps_before

    first = clone(model)
    *_, end = first.training(folder / "a.csv", checkpoint=path, checkpoint_seconds=0, stop=stop)
    assert end.interrupted
    assert path.exists()
    assert np.isfinite(first.predict().median).all()
    again = clone(model)
    *_, end = again.training(folder / "a.csv", checkpoint=path)
    assert not end.interrupted
    assert not path.exists()
    np.testing.assert_array_equal(again.predict().median, model.predict().median)
    assert again.record_["held_out"] == model.record_["held_out"]
