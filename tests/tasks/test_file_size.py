"""The size of a model file: bounded by a setting, whatever the model."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reviews import LABELS, TEXTS

import elman
from elman.errors import SettingError
from elman.ranges import bytes_of

TALE = "".join(f"the {i % 97} cats sat there and {i % 89} went off.\n" for i in range(2000))
WORDS = [["Ann", "saw", "New", f"York{i}", "."] for i in range(200)]
TAGS = [["B-P", "O", "B-L", "I-L", "O"]] * 200
PAIRS = [(f"the {i % 97} cats sat", f"les {i % 97} chats") for i in range(300)]
MANY = [f"{text} {i} {'x' * (i % 7)}" for i, text in enumerate(TEXTS * 8)]


# What is fitted to the same data with the same settings is the same model; no test changes it.


@functools.cache
def language(**settings):
    return elman.LanguageModel(steps=1, **settings).fit(TALE)


@functools.cache
def classifier(**settings):
    tokenizer = "auto" if settings.get("counts") == "only" else "word"
    model = elman.Classifier(tokenizer=tokenizer, steps=2, **settings)
    return model.fit(MANY, list(LABELS) * 8)


@functools.cache
def tagger(**settings):
    return elman.Tagger(steps=1, **settings).fit(WORDS, TAGS)


@functools.cache
def translator(**settings):
    return elman.Translator(steps=1, **settings).fit(*zip(*PAIRS, strict=True))


@functools.cache
def describer(**settings):
    vectors = np.random.default_rng(0).normal(size=(400, 20))
    names = [f"number {int(row[0] > 0)}{int(row[1] > 0)}" for row in vectors]
    return elman.Describer(steps=1, **settings).fit(vectors, names)


@functools.cache
def forecaster(**settings):
    values = np.sin(np.arange(200) * np.pi / 6)[:, None] + np.arange(3)
    return elman.Forecaster(steps=1, **settings).fit(values)


COUNTED = pytest.mark.parametrize("fit", [language, classifier, tagger])
ALL = pytest.mark.parametrize(
    "fit", [language, classifier, tagger, translator, describer, forecaster]
)


def size_of(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    elman.load(path)
    return path.stat().st_size


@ALL
@pytest.mark.parametrize("size", ["70kB", "200kB", "3 MB"])
def test_no_file_is_larger_than_was_asked(fit, size, tmp_path):
    assert size_of(fit(size=size), tmp_path) <= bytes_of(size)


@COUNTED
@pytest.mark.parametrize("counts", ["off", "only"])
@pytest.mark.parametrize("size", ["70kB", "300kB"])
def test_no_part_alone_is_larger_either(fit, counts, size, tmp_path):
    assert size_of(fit(size=size, counts=counts), tmp_path) <= bytes_of(size)


@ALL
def test_a_large_size_changes_nothing(fit):
    network = fit(size="1GB").network_.state_dict()
    for name, weight in fit().network_.state_dict().items():
        assert weight.equal(network[name])


@COUNTED
def test_weights_are_int8_where_float32_does_not_fit(fit, tmp_path):
    usual = fit(counts="off")
    whole = size_of(usual, tmp_path)
    model = fit(counts="off", size=whole // 2)
    assert model.int8_
    assert not usual.int8_
    assert model.describe()["network"] == usual.describe()["network"]


@ALL
def test_a_smaller_size_makes_a_smaller_network(fit):
    large, small = (fit(size=size).describe()["parameters"] for size in ("3 MB", "70kB"))
    assert small < large


def test_a_hidden_size_that_was_set_is_kept():
    with pytest.raises(SettingError, match="too small") as caught:
        language(size="60kB", hidden_size=64)
    assert "at least" in str(caught.value)
    assert language(size="900kB", hidden_size=64).network_.config.hidden_size == 64


@ALL
def test_a_size_below_the_vocabulary_is_refused(fit):
    with pytest.raises(SettingError, match="too small"):
        fit(size="1kB")


@pytest.mark.parametrize("size", ["big", "5 XB", "-3MB", 0, "0MB", 1.5, True, "1e3kB"])
def test_what_is_no_size_is_refused(size):
    with pytest.raises(SettingError, match="not a size"):
        elman.LanguageModel(size=size).check_settings()


@given(st.integers(1, 10**6), st.sampled_from(["", " ", "  "]))
def test_sizes_are_read_with_their_unit(number, space):
    for unit, factor in {"": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "gb": 10**9}.items():
        assert bytes_of(f"{number}{space}{unit}") == number * factor
    assert bytes_of(number) == number
