"""A classifier with a linear part beside its network."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from reviews import LABELS, TEXTS, small

import elman
from elman.errors import SettingError
from elman.metrics.calibration import fit_temperature, fit_weights
from elman.tasks.classification.objective import class_logits
from elman.tasks.tokenization import ENCODER_TOKENIZERS, encoded
from model_files import altered, assert_refused, setting


def both(**settings):
    return small(counts="on", **settings).fit(TEXTS, LABELS)


@pytest.fixture(scope="module", params=ENCODER_TOKENIZERS)
def model(request):
    return both(tokenizer=request.param)


@pytest.fixture(scope="module")
def words():
    return both(class_weight="balanced")


@pytest.fixture(scope="module")
def path(words, tmp_path_factory):
    path = tmp_path_factory.mktemp("counts") / "m.safetensors"
    words.save(path)
    return path


def test_the_answer_weighs_both(model):
    logits = class_logits(model.network_, encoded(TEXTS, model.tokenizer_))
    temperature, weight = model.calibration_.temperature, model.calibration_.counts_weight
    total = logits.astype(float) / temperature + weight * model.linear_.scores(TEXTS)
    expected = torch.from_numpy(total).softmax(1).numpy()
    np.testing.assert_allclose(model.predict_proba(TEXTS), expected, atol=1e-6)


def test_word_by_word_the_answer_ends_as_that_of_the_whole(model):
    text = "so warm, and really funny, and never dull"
    state = model.start()
    for piece in ("so", " warm", ",", " and really", " funny, and", " never", " dull"):
        answer, state = model.step(piece, state)
    logits = class_logits(model.network_, encoded([text], model.tokenizer_))
    if model.tokenizer_.name != "word":  # the running answer knows no end
        tokens = encoded([text], model.tokenizer_)
        tokens.rows[0], tokens.lengths[0] = tokens.rows[0][:-1], tokens.lengths[0] - 1
        logits = class_logits(model.network_, tokens)
    expected = model.calibration_.probabilities(logits, model.linear_.scores([text]))[0]
    assert list(answer.values()) == pytest.approx(expected, abs=1e-5)


def test_streams_side_by_side_do_not_mix(words):
    start = words.start()
    both_rows = tuple(np.repeat(part, 2, axis=0) for part in start)
    together, _ = words.step_many(["warm and", "cold"], both_rows)
    alone = [words.step_many([text], start)[0][0] for text in ("warm and", "cold")]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    for part, fresh in zip(start, words.start(), strict=True):
        assert np.array_equal(part, fresh), "a step leaves the state before it as it is"


def test_the_trace_ends_with_the_answer(model):
    trace = model.explain("so warm, and funny")
    best = trace.outputs[-1].predictions[0]
    expected = model.predict_proba(["so warm, and funny"])[0]
    assert best.text == str(model.classes_[expected.argmax()])
    assert best.probability == pytest.approx(expected.max(), abs=1e-5)


def test_the_trace_tells_what_the_counts_add(words):
    trace = words.explain("so warm, and warm")
    weighted = words.calibration_.counts_weight * words.linear_.scores(["so warm, and warm"])[0]
    output = trace.outputs[-1]
    target = words.classes_.tolist().index(output.predictions[0].text)
    assert output.counts.added == pytest.approx(weighted[target] - weighted.mean(), abs=1e-4)
    weight, bias = words.calibration_.counts_weight, words.linear_.bias
    of_bias = weight * (bias[target] - bias.mean())
    of_words = sum(each.added for each in output.counts.features)
    assert of_words + of_bias == pytest.approx(output.counts.added, abs=1e-4)
    assert "warm" in [each.text for each in output.counts.features]


def test_a_file_holds_both(words, path):
    loaded = elman.load(path)
    assert loaded.predict_proba(TEXTS).tolist() == words.predict_proba(TEXTS).tolist()
    assert loaded.calibration_ == words.calibration_
    loaded.save(path.with_name("again.safetensors"))
    assert path.with_name("again.safetensors").read_bytes() == path.read_bytes()


def test_int8_weights_leave_the_counts_alone(words, path):
    small_file = path.with_name("int8.safetensors")
    words.save(small_file, int8=True)
    loaded = elman.load(small_file)
    assert loaded.int8_
    assert (loaded.linear_.steps == words.linear_.steps).all()


def test_copies_answer_alike(words):
    for other in (copy.deepcopy(words), pickle.loads(pickle.dumps(words))):
        assert other.predict_proba(TEXTS).tolist() == words.predict_proba(TEXTS).tolist()


def test_texts_that_share_no_word(tmp_path):
    texts = [f"{chr(97 + n) * 3}{n}" for n in range(12)]
    model = small(counts="on").fit(texts, ["one", "two"] * 6)
    assert np.isfinite(model.predict_proba(["something", ""])).all()
    model.save(tmp_path / "m.safetensors")
    loaded = elman.load(tmp_path / "m.safetensors")
    assert loaded.predict_proba(texts).tolist() == model.predict_proba(texts).tolist()


@pytest.mark.parametrize(
    "value",
    [3, {}, {"features": -1, "characters": True}, {"features": 2**40, "characters": True},
     {"features": 3, "characters": 1}, {"features": 3, "characters": True}, "off"],
    ids=str,
)  # fmt: skip
def test_a_changed_header_is_refused(path, tmp_path, value):
    assert_refused(altered(path, tmp_path, setting("counts", value=value)))


@pytest.mark.parametrize("value", [-1, "huge", None])
def test_a_weight_out_of_range_is_refused(path, tmp_path, value):
    assert_refused(altered(path, tmp_path, setting("calibration", "counts_weight", value=value)))


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("counts.bias"),
        lambda tensors: tensors.update({"counts.keys": tensors["counts.keys"].flip(0)}),
        lambda tensors: tensors["counts.scale"].fill_(float("nan")),
        lambda tensors: tensors["counts.scale"].fill_(-1),
        lambda tensors: tensors["counts.bias"].fill_(float("inf")),
        lambda tensors: tensors["counts.bias"].fill_(-3e38),
    ],
)
def test_changed_counts_are_refused(path, tmp_path, change):
    assert_refused(altered(path, tmp_path, lambda _, tensors: change(tensors)))


def test_the_weights_of_both_are_the_likeliest():
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, 400)
    one, other = (
        strength * np.eye(3)[labels] + draw.normal(size=(400, 3)) for strength in (1.0, 2.0)
    )

    def loss(temperature, weight):
        total = torch.from_numpy(one / temperature + weight * other).log_softmax(1).numpy()
        prior = 0.5 * (np.log(temperature) ** 2 + np.log(weight) ** 2)
        return prior - total[np.arange(400), labels].sum()

    temperature, weight = fit_weights(one, other, labels)
    best = loss(temperature, weight)
    assert best < loss(fit_temperature(one, labels), 0.01)
    for factor in (0.9, 1.1):
        assert best < loss(temperature * factor, weight)
        assert best < loss(temperature, weight * factor)


def test_a_part_that_knows_nothing_is_silenced():
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, 400)
    good, noise = np.eye(3)[labels] + draw.normal(size=(400, 3)), draw.normal(size=(400, 3))
    assert fit_weights(good, noise, labels)[1] < 0.2
    temperature, weight = fit_weights(20 * noise, good, labels)
    assert temperature > 50
    assert weight > 0.5


def test_a_few_texts_that_are_all_correct_are_no_certainty():
    labels = np.arange(6) % 2
    temperature, weight = fit_weights(np.eye(2)[labels], np.eye(2)[labels], labels)
    assert 0.5 < temperature < 1
    assert 1 < weight < 2


def test_a_state_of_another_model_is_refused(words):
    others = (small().fit(TEXTS, LABELS), small(hidden_size=4, counts="on").fit(TEXTS, LABELS))
    for other in others:
        for one, start in ((words, other.start()), (other, words.start())):
            with pytest.raises(SettingError, match="another model"):
                one.step("warm", start)


@pytest.mark.parametrize("value", [True, False, 3.0])
def test_features_are_a_number(path, tmp_path, value):
    about = {"features": value, "characters": True}
    assert_refused(altered(path, tmp_path, setting("counts", value=about)))
