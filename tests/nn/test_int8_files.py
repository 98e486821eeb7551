"""Models with int8 weights, and their files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from sklearn.base import clone

import elman
from elman import bundle
from elman.errors import ModelFileError, NotFittedError
from elman.kernels import core
from elman.nn.int8 import fake_quantize, has_int8
from model_files import header_of

PROSE = "The cat sat on the mat, and the dog looked at the river.\n" * 20
TEXTS = ["warm and funny", "cold and dull", "so warm", "so dull", "neither, really"] * 12
LABELS = ["good", "bad", "good", "bad", "none"] * 12
WORDS = [["Ann", "saw", "New", "York", "."], ["the", "cat", "sat"], ["Bob", "Lee", "ran"]] * 8
TAGS = [["N", "V", "N", "N", "P"], ["D", "N", "V"], ["N", "N", "V"]] * 8
PAIRS = (["abc", "bd", "cab", "dd"] * 10, ["A B C", "B D", "C A B", "D D"] * 10)
VECTORS = np.random.default_rng(0).normal(size=(30, 20)).astype(np.float32)
WAVE = 100 + 20 * np.sin(np.arange(120) * np.pi / 6)

MODELS = {
    "language": (lambda **changes: elman.LanguageModel(**changes), (PROSE,)),
    "classify": (
        lambda **changes: elman.Classifier(tokenizer="character", **changes),
        (TEXTS, LABELS),
    ),
    "tag": (lambda **changes: elman.Tagger(**changes), (WORDS, TAGS)),
    "translate": (lambda **changes: elman.Translator(**changes), PAIRS),
    "describe": (lambda **changes: elman.Describer(**changes), (VECTORS, ["one", "two"] * 15)),
    "forecast": (lambda **changes: elman.Forecaster(season=12, **changes), (WAVE,)),
}


def outputs(model):
    """Outputs that depend on every weight."""
    match model.task:
        case "language":
            outlook, _ = model.step("The dog sat", model.start())
            return outlook.log_probabilities.tolist()
        case "classify":
            return model.predict_proba(TEXTS[:5]).tolist()
        case "tag":
            return [each.tolist() for each in model.marginals(WORDS[:3])]
        case "forecast":
            return model.predict().high_95.tolist()
    given_to = VECTORS[:3] if model.task == "describe" else PAIRS[0][:3]
    return [[(each.text, each.score) for each in best] for best in model.predict_best(given_to)]


def weights(model):
    return {name: part.numpy(force=True).copy() for name, part in model.network_.named_parameters()}


def same(left, right):
    return left.keys() == right.keys() and all(np.array_equal(left[n], right[n]) for n in left)


@pytest.fixture(scope="module", params=MODELS)
def fitted(request):
    make, data = MODELS[request.param]
    return make(hidden_size=16, layers=1, steps=2).fit(*data), data


@pytest.fixture(scope="module")
def writer():
    settings = {"hidden_size": 16, "layers": 1, "steps": 2, "counts": "off"}
    return elman.LanguageModel(cell="lstm", **settings).fit(PROSE)


# Models and their files


def test_file_of_any_task_can_be_loaded(fitted, tmp_path):
    model, _ = fitted
    plain, small, again = (tmp_path / name for name in ("plain", "small", "again"))
    before = weights(model)
    model.save(plain)
    model.save(small, int8=True)
    assert not model.int8_
    assert same(weights(model), before), "saving leaves the model as it is"
    loaded = elman.load(small)
    assert type(loaded) is type(model)
    assert loaded.int8_
    assert same(weights(loaded), {name: fake_quantize(part) for name, part in before.items()})
    assert any(has_int8(part.dtype, part.shape) for part in before.values())
    rounded = elman.load(plain, int8=True)
    assert rounded.int8_
    assert same(weights(rounded), weights(loaded))
    assert outputs(rounded) == outputs(loaded) != outputs(model)
    assert loaded.record_ == model.record_
    assert loaded.get_params() == model.get_params()
    for each in (loaded, rounded):
        each.save(again)
        assert again.read_bytes() == small.read_bytes()
    assert header_of(small) == {**header_of(plain), "int8": True}
    assert not elman.load(plain).int8_
    assert outputs(elman.load(plain)) == outputs(model)


def test_file_has_one_byte_for_each_weight_of_a_matrix(fitted, tmp_path):
    model, _ = fitted
    model.save(tmp_path / "plain")
    model.save(tmp_path / "small", int8=True)
    plain, small = load_file(tmp_path / "plain"), load_file(tmp_path / "small")
    matrices = {name for name, part in plain.items() if has_int8(part.dtype, part.shape)}
    assert small.keys() == plain.keys() | {f"{name}.scale" for name in matrices}
    for name in matrices:
        assert small[name].dtype == np.int8
        assert small[name].shape == plain[name].shape
        assert small[f"{name}.scale"].shape == plain[name].shape[:1]
    assert all(np.array_equal(small[name], plain[name]) for name in plain.keys() - matrices)


def test_file_of_a_larger_model_has_a_quarter_of_the_size(tmp_path):
    model = elman.LanguageModel(hidden_size=128, steps=1).fit(PROSE)
    model.save(tmp_path / "plain")
    model.save(tmp_path / "small", int8=True)
    plain, small = ((tmp_path / name).stat().st_size for name in ("plain", "small"))
    assert 0.25 < small / plain < 0.28


def test_int8_is_a_fitted_attribute_not_a_setting(fitted, tmp_path):
    model, data = fitted
    fresh = clone(model)
    assert not fresh.int8_
    assert "int8" not in "".join(model.get_params())
    with pytest.raises(NotFittedError):
        fresh.to_int8()
    model.save(tmp_path / "m", int8=True)
    loaded = elman.load(tmp_path / "m")
    loaded.fit(*data)
    assert not loaded.int8_, "it has other weights now"
    assert same(weights(loaded), weights(model))
    assert outputs(loaded) == outputs(model)


def test_tied_matrix_is_stored_once(tmp_path):
    model = elman.LanguageModel(tokenizer="word", hidden_size=16, layers=1, steps=2).fit(PROSE * 2)
    assert model.network_.config.tied
    model.save(tmp_path / "m", int8=True)
    loaded = elman.load(tmp_path / "m")
    assert loaded.network_.output.weight is loaded.network_.embedding.weight
    assert np.array_equal(
        loaded.network_.output.weight.numpy(force=True),
        fake_quantize(model.network_.output.weight.numpy(force=True)),
    )


def test_steps_and_scores_use_int8_products(writer, tmp_path):
    writer.save(tmp_path / "m", int8=True)
    model = elman.load(tmp_path / "m")
    token = np.array([3])
    begun = model.predicting.initial_state(1)
    result, _ = model.predicting.step(token, begun)
    with core.using(core.OFF), torch.no_grad():
        network = elman.load(tmp_path / "m").network_
        exact = network(torch.tensor([[3]]), network.initial_state(1))[0][:, 0].numpy()
        without, _ = elman.load(tmp_path / "m").predicting.step(token, begun)
        np.testing.assert_allclose(without, exact, atol=1e-5)
        by_torch = elman.load(tmp_path / "m").score(PROSE)
    if core.module() is not None:
        assert np.abs(result - exact).max() > 1e-4
        assert abs(model.score(PROSE) - by_torch) > 1e-5
    assert model.score(PROSE) == pytest.approx(by_torch, rel=0.005)


def test_rounding_in_place_invalidates_cached_weights(writer, tmp_path):
    writer.save(tmp_path / "m")
    model = elman.load(tmp_path / "m")
    before = outputs(model)
    assert model.to_int8() is model
    assert outputs(model) == outputs(elman.load(tmp_path / "m", int8=True)) != before


def test_loss_hardly_changes(model, tale, tmp_path):
    """For trained models of each tokenizer."""
    model.save(tmp_path / "m", int8=True)
    exact, rounded = -model.score(tale), -elman.load(tmp_path / "m").score(tale)
    assert rounded == pytest.approx(exact, rel=0.005)
    assert rounded != exact


# Damage


@pytest.fixture(scope="module")
def sound(writer, tmp_path_factory):
    path = tmp_path_factory.mktemp("int8") / "sound"
    writer.save(path, int8=True)
    return path


def altered(source, target, change):
    header, tensors = header_of(source), load_file(source)
    change(header, tensors)
    save_file(tensors, target, metadata={"elman": json.dumps(header)})
    return target


def refused(path):
    with pytest.raises(ModelFileError) as caught:
        elman.load(path)
    text = str(caught.value)
    assert text.splitlines() == [text]
    assert text.startswith(f"{path}: ")
    assert text.endswith(caught.value.hint)


NAME = "output.weight"
SCALE = "output.weight.scale"


def set_scale(value):
    def change(_, tensors):
        tensors[SCALE][1] = value

    return change


def set_step(index, value):
    def change(_, tensors):
        tensors[NAME][1, index] = value

    return change


def shrunk(_, tensors):
    """Equal weights with another scale."""
    tensors[NAME][1] = np.trunc(tensors[NAME][1] / 2)


def empty_row(_, tensors):
    tensors[NAME][1] = 0


def without_scale(_, tensors):
    del tensors[SCALE]


def replaced(name, make):
    def change(_, tensors):
        tensors[name] = make(tensors[name])

    return change


def with_entries(**changes):
    return lambda header, _: header.update(changes)


VALUES = {
    "scale NaN": set_scale(float("nan")),
    "scale infinite": set_scale(float("inf")),
    "scale negative": set_scale(-0.01),
    "scale 0": set_scale(0.0),
    "scale huge": set_scale(3e38),
    "scale denormal": set_scale(1e-39),
    "128 steps down": set_step(0, -128),
    "no full step": shrunk,
    "a row of zeros with a scale": empty_row,
}
KINDS = {
    "no scale": without_scale,
    "a scale more": lambda _, tensors: tensors.update(
        {"output.bias.scale": np.ones(3, np.float32)}
    ),
    "scale of another shape": replaced(SCALE, lambda scale: scale[:, None]),
    "scales too few": replaced(SCALE, lambda scale: scale[1:]),
    "scale float64": replaced(SCALE, lambda scale: scale.astype(np.float64)),
    "steps float32": replaced(NAME, lambda steps: steps.astype(np.float32)),
    "steps without sign": replaced(NAME, lambda steps: steps.astype(np.uint8)),
    "steps turned": replaced(NAME, lambda steps: np.ascontiguousarray(steps.T)),
    "it says no": with_entries(int8=False),
    "it says nothing": lambda header, _: header.pop("int8"),
    "it says 1": with_entries(int8=1),
    "it says yes": with_entries(int8="yes"),
    "it says null": with_entries(int8=None),
}


@pytest.mark.parametrize("change", {**VALUES, **KINDS}.values(), ids={**VALUES, **KINDS})
def test_damaged_file_is_refused(sound, tmp_path, change):
    refused(altered(sound, tmp_path / "m", change))


@pytest.mark.parametrize("change", KINDS.values(), ids=KINDS)
def test_unexpected_tensors_are_refused_unread(sound, tmp_path, change, monkeypatch):
    path = altered(sound, tmp_path / "m", change)
    monkeypatch.setattr(bundle, "load_file", lambda _: pytest.fail("read before it was checked"))
    refused(path)


def test_unaltered_file_is_accepted(sound, tmp_path):
    """The control of the tests above."""
    path = altered(sound, tmp_path / "m", lambda *_: None)
    assert same(weights(elman.load(path)), weights(elman.load(sound)))


def test_float_file_marked_int8_is_refused(writer, tmp_path):
    writer.save(tmp_path / "plain")
    refused(altered(tmp_path / "plain", tmp_path / "m", with_entries(int8=True)))
    path = altered(tmp_path / "plain", tmp_path / "m", with_entries(int8=False))
    assert not elman.load(path).int8_


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_flipped_bytes_are_refused_or_preserved(sound, tmp_path, data):
    """Either the file is refused, or saving it again gives equal tensors."""
    damaged = bytearray(sound.read_bytes())
    for index in data.draw(st.lists(st.integers(8, len(damaged) - 1), min_size=1, max_size=3)):
        damaged[index] = data.draw(st.integers(0, 255))
    path = tmp_path / "m"
    path.write_bytes(damaged)
    try:
        loaded = elman.load(path)
    except ModelFileError:
        return
    loaded.save(tmp_path / "again")
    first, again = load_file(path), load_file(tmp_path / "again")
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)


def test_weights_that_are_not_finite_are_refused(writer, tmp_path):
    writer.save(tmp_path / "plain")

    def damage(_, tensors):
        tensors[NAME][1, 2] = float("nan")

    path = altered(tmp_path / "plain", tmp_path / "m", damage)
    for int8 in (False, True):
        with pytest.raises(ModelFileError, match="not a number") as caught:
            elman.load(path, int8=int8)
        assert caught.value.location == str(path)
    loaded = elman.load(tmp_path / "plain")
    with torch.no_grad():
        dict(loaded.network_.named_parameters())[NAME][1, 2] = float("nan")
    with pytest.raises(ModelFileError, match="not finite"):
        loaded.save(tmp_path / "other", int8=True)
    assert not (tmp_path / "other").exists()
