"""The settings of all estimators: explained, in range by default, refused by name out of it."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import elman
from elman.errors import ModelFileError, SettingError
from elman.tasks.settings import NetworkSettings
from elman.tasks.table import TASKS

ESTIMATORS = [task.model_class for task in TASKS.values()]
OUT_OF_RANGE = {
    "cell": ("os.system", None),
    "hidden_size": (0, 16_385, 2.0, True),
    "layers": (0, 65, None),
    "dropout": (1.0, -0.1, float("nan")),
    "minutes": (0, float("inf"), None),
    "steps": (0, 1.5),
    "seed": (-1, 2**31, None),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_each_setting_is_keyword_only_explained_and_in_range_by_default(kind):
    parameters = inspect.signature(kind).parameters
    assert set(OUT_OF_RANGE) <= set(parameters)
    assert set(kind().get_params()) == set(parameters)
    documented = inspect.getdoc(kind)
    for name, parameter in parameters.items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert f"{name} ({parameter.annotation}, default {parameter.default!r}): " in documented
    assert kind().check_settings()


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize(
    ("name", "value"), [(name, each) for name, values in OUT_OF_RANGE.items() for each in values]
)
def test_a_setting_out_of_its_range_is_named(kind, name, value):
    with pytest.raises(SettingError) as caught:
        kind(**{name: value}).check_settings()
    assert caught.value.location == name.replace("_", "-")


def test_names_of_two_words_are_refused_as_they_are_typed():
    with pytest.raises(SettingError) as caught:
        elman.LanguageModel(learning_rate=11).check_settings()
    assert caught.value.location == "learning-rate"


def test_a_training_keeps_the_settings_that_it_began_with():
    model = elman.Classifier(tokenizer="word", hidden_size=4, steps=3)
    events = model.training(["a b", "c d"] * 20, ["x", "y"] * 20)
    next(events)
    model.set_params(steps=50)
    for _ in events:
        pass
    assert model.record_["steps"] == 3


def test_a_number_of_numpy_is_one(tmp_path):
    model = elman.Tagger(hidden_size=np.int64(4), steps=np.int64(1))
    model.fit([["a", "b"]] * 4, [["X", "Y"]] * 4).save(tmp_path / "m.safetensors")
    assert elman.load(tmp_path / "m.safetensors").get_params()["hidden_size"] == 4


@pytest.mark.parametrize("value", [None, [], {}, {"cell": "mingru"}])
def test_settings_of_a_file_must_be_all_of_them(value):
    with pytest.raises(ModelFileError, match="not those of such a model"):
        NetworkSettings.from_json(value)
