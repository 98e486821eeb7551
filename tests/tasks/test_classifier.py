"""Classifier: what it answers, what each setting is for, and what it refuses."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest
import torch
from checks import OUT_OF_RANGE
from reviews import LABELS, TEXTS, same_weights, small, weights

import elman
from elman.errors import EmptyTextError, InputError, SettingError, UnseenLabelWarning
from elman.metrics.calibration import fit_rejection, fit_temperature
from elman.tasks.classification.config import RECIPES
from elman.tasks.classification.objective import class_logits
from elman.tasks.classification.trainer import calibrated_loss
from elman.tasks.tokenization import ENCODER_TOKENIZERS, encoded
from elman.training.events import Finished, Progress

pytestmark = pytest.mark.usefixtures("exact_products")


@pytest.fixture(scope="module")
def usual():
    return small().fit(TEXTS, LABELS)


# Answering


def test_probabilities_are_those_of_the_classes_at_the_fitted_temperature(usual):
    logits = class_logits(usual.network_, encoded(TEXTS, usual.tokenizer_))
    scaled = np.exp(logits.astype(float) / usual.calibration_.temperature)
    result = usual.predict_proba(TEXTS)
    assert result.shape == (60, 3)
    assert result == pytest.approx(scaled / scaled.sum(1, keepdims=True))
    assert usual.classes_.tolist() == ["bad", "good", "none"]
    assert usual.predict(TEXTS).tolist() == usual.classes_[logits.argmax(1)].tolist()
    right = usual.predict(TEXTS) == np.array(LABELS)
    assert usual.score(TEXTS, LABELS) == pytest.approx(right.mean())


def test_the_temperature_is_fitted_to_the_texts_chosen_by():
    valid = (TEXTS[:20], ["bad"] * 20)  # mostly wrong: nothing to be certain of
    model = small(steps=40).fit(TEXTS, LABELS, valid=valid)
    logits = class_logits(model.network_, encoded(valid[0], model.tokenizer_))
    gold = np.zeros(20, dtype=int)
    assert model.calibration_.temperature == pytest.approx(fit_temperature(logits, gold), rel=1e-3)
    sure = small(steps=40).fit(TEXTS, LABELS, valid=(TEXTS[:20], LABELS[:20]))
    assert model.calibration_.temperature > sure.calibration_.temperature


def test_overconfidence_does_not_choose_the_weights():
    """A loss at the temperature that suits is the same for the same logits, larger or smaller."""
    logits = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    gold = np.where(np.arange(50) % 3, logits.argmax(1), 0)
    once, larger = (calibrated_loss(scale * logits, gold) for scale in (1, 3))
    assert once == pytest.approx(larger, rel=1e-4)
    assert once < calibrated_loss(logits, (gold + 1) % 3)


@pytest.mark.parametrize("tokenizer", ENCODER_TOKENIZERS)
@pytest.mark.parametrize("cell", ["mingru", "lstm"])
def test_word_by_word_the_answer_is_that_of_the_whole(tokenizer, cell):
    model = small(tokenizer=tokenizer, cell=cell).fit(TEXTS, LABELS)
    text = "so warm, and really funny"
    state = model.start()
    for piece in ("so", " warm", ",", " and really", " funny"):
        answer, state = model.step(piece, state)
    if tokenizer == "word":
        expected = model.predict_proba([text])[0]
    else:  # the running answer knows no end
        tokens = encoded([text], model.tokenizer_)
        tokens.rows[0], tokens.lengths[0] = tokens.rows[0][:-1], tokens.lengths[0] - 1
        expected = model.calibration_.probabilities(class_logits(model.network_, tokens))[0]
    assert list(answer) == model.classes_.tolist()
    assert list(answer.values()) == pytest.approx(expected, abs=1e-5)
    with pytest.raises(EmptyTextError):
        model.step("", state)


def test_what_reads_from_the_end_has_no_running_answer():
    model = small(directions=2).fit(TEXTS, LABELS)
    for directions in (2, 1):  # what was learned counts, not what is set since
        with pytest.raises(SettingError) as caught:
            model.set_params(directions=directions).start()
        assert caught.value.location == "directions"


def test_what_is_not_likely_enough_is_none_of_these(usual):
    best = usual.predict_proba(TEXTS).max(axis=1)
    threshold = float(np.median(best))
    answers = usual.predict(TEXTS, reject_below=threshold)
    assert [answer is None for answer in answers] == (best < threshold).tolist()
    known = best >= threshold
    assert answers[known].tolist() == usual.predict(TEXTS)[known].tolist()
    assert 0 < known.sum() < len(known)
    for nonsense in (1.5, -0.1, "half", float("nan")):
        with pytest.raises(SettingError):
            usual.predict(TEXTS, reject_below=nonsense)


def test_the_threshold_of_rejection_is_fitted_to_texts_of_no_class():
    valid, out_of_scope = (TEXTS[:20], LABELS[:20]), ["unheard of things", "Zyzzy!"]
    thresholds = []
    for given in ([], out_of_scope):
        model = small(steps=30).fit(TEXTS, LABELS, valid=valid, out_of_scope=given)
        best = model.predict_proba(valid[0]).max(axis=1)
        right = model.predict(valid[0]) == np.array(valid[1])
        out = model.predict_proba(given).max(axis=1) if given else None
        thresholds.append(model.calibration_.rejection)
        assert thresholds[-1] == pytest.approx(fit_rejection(best, right, out))
    assert thresholds[0] != thresholds[1]


@pytest.mark.parametrize(
    "labels",
    [[3, -1], [True, False], [1.5, 0.5], ["b", "a"], np.array([7, 9], dtype=np.int16), [2**70, 1]],
    ids=str,
)
def test_labels_of_every_type(labels, tmp_path):
    gold = np.array(labels)[np.arange(60) % 2]
    model = small().fit(TEXTS, gold)
    model.save(tmp_path / "m.safetensors")
    loaded = elman.load(tmp_path / "m.safetensors")
    for each in (model, loaded):
        assert each.classes_.tolist() == sorted(np.array(labels).tolist())
        assert each.predict(TEXTS).dtype == each.classes_.dtype == model.classes_.dtype
        assert each.classes_.dtype.kind == gold.dtype.kind
        assert each.predict(TEXTS).tolist() == model.predict(TEXTS).tolist()


def test_a_longer_label_that_begins_alike_is_another(usual):
    model = small().fit(TEXTS, np.where(np.arange(60) % 2, "good", "bad"))
    assert model.score(TEXTS, ["goodness"] * 30 + ["badly"] * 30) == 0
    assert model.score(TEXTS, [1] * 60) == 0
    numbers = small().fit(TEXTS, np.arange(60) % 2)
    assert numbers.score(TEXTS, [0.5] * 60) == 0
    assert usual.score(TEXTS, usual.predict(TEXTS)) == 1


# Settings


CHANGES = {
    "tokenizer": "character",
    "cell": "gru",
    "hidden_size": 6,
    "layers": 2,
    "directions": 2,
    "dropout": 0.9,
    "class_weight": "balanced",
    "counts": "on",
    "steps": 7,
    "seed": 1,
}


@pytest.mark.parametrize("name", list(inspect.signature(elman.Classifier).parameters))
def test_every_setting_changes_something(usual, name):
    if name == "size":
        return  # see test_file_size.py
    if name == "minutes":  # only counts where there are no steps
        models = [elman.Classifier(minutes=minutes) for minutes in (1, 2)]
        plans = [RECIPES["word"].plan_of(model).minutes for model in models]
        assert plans == [1, 2]
        return
    changed = small(**{name: CHANGES[name]}).fit(TEXTS, LABELS)
    if name == "counts":  # of the network nothing changes
        assert (usual.linear_, same_weights(changed, usual)) == (None, True)
        assert changed.linear_ is not None
        return
    assert not same_weights(changed, usual)


def test_a_budget_of_minutes_is_kept():
    model = elman.Classifier(tokenizer="word", hidden_size=8, minutes=0.002)
    (finished,) = [e for e in model.training(TEXTS * 50, LABELS * 50) if isinstance(e, Finished)]
    assert 0.02 < finished.seconds < 5  # the linear part may take half of it
    assert 0 < finished.step < 10 * 50


def test_a_small_set_is_not_read_for_ever():
    """However many minutes there are: ten passes, and the learning rate is down by then."""
    model = elman.Classifier(tokenizer="word", hidden_size=8, minutes=60)
    rates = []
    for event in model.training(TEXTS, LABELS):
        if isinstance(event, Progress):
            rates.append(event.done)
        elif isinstance(event, Finished):
            assert event.step == len(rates) == 10, "they all fit into one batch"
    assert rates[-1] == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *OUT_OF_RANGE,
        ("directions", 3),
        ("directions", 0),
        ("class_weight", "heavy"),
        ("class_weight", {"good": 0}),
        ("class_weight", {"good": "much"}),
    ],
)
def test_what_is_out_of_range_is_refused_before_anything_is_read(name, value):
    with pytest.raises(SettingError) as caught:
        elman.Classifier(**{name: value}).fit(None, None)
    assert caught.value.location.split(" ")[0] == name.replace("_", "-")


def test_rare_classes_weigh_more_on_request():
    texts = [f"{word} thing" for word in ("warm", "cold")] * 20 + ["odd thing"] * 4
    labels = ["usual"] * 40 + ["rare"] * 4
    result = [
        small(steps=12, class_weight=weight).fit(texts, labels).predict_proba(texts)[:, 0].mean()
        for weight in (None, "balanced")
    ]
    assert result[1] > result[0]


def test_labels_that_training_never_saw_count_as_errors():
    known = (TEXTS[:20], LABELS[:20])
    with pytest.warns(
        UnseenLabelWarning, match="5 validation texts have a label .* they count as errors"
    ):
        model = small(steps=20).fit(TEXTS, LABELS, valid=(TEXTS[:25], LABELS[:20] + ["new"] * 5))
    without = small(steps=20).fit(TEXTS, LABELS, valid=known)
    assert "new" not in model.classes_
    assert model.record_["valid_texts"] == 25
    accuracy = without.record_["valid_accuracy"]
    assert accuracy > 0
    assert model.record_["valid_accuracy"] == pytest.approx(accuracy * 20 / 25)
    np.testing.assert_array_equal(model.predict_proba(TEXTS), without.predict_proba(TEXTS))


# Bad input


@pytest.mark.parametrize(
    "fit",
    [
        lambda: small().fit([], []),
        lambda: small().fit("one text", ["label"]),
        lambda: small().fit(TEXTS, None),
        lambda: small().fit(TEXTS),
        lambda: small().fit(TEXTS, LABELS[1:]),
        lambda: small().fit(TEXTS, ["same"] * 60),
        lambda: small().fit(TEXTS, ["", *LABELS[1:]]),
        lambda: small().fit([3, *TEXTS[1:]], LABELS),
        lambda: small().fit(TEXTS, LABELS, valid=(["t"], ["unheard"])),
        lambda: small().fit(TEXTS, LABELS, valid=([], [])),
        lambda: small().fit(TEXTS, LABELS, valid=TEXTS),
        lambda: small().fit(TEXTS, LABELS, unlabelled="one text"),
        lambda: small().fit(["one", "two"], ["a", "b"], unlabelled=["three"]),
        lambda: small().fit(["one", "two"], ["a", "b"], unlabelled=["three four"]),
        lambda: small().fit(TEXTS, LABELS, out_of_scope="one text"),
    ],
)
def test_what_cannot_be_learned_from_is_one_line(fit):
    with pytest.raises(InputError) as caught:
        fit()
    assert "\n" not in str(caught.value)
    assert caught.value.location
    assert caught.value.hint


@pytest.mark.parametrize("texts", ["one text", [], [3], None])
def test_what_cannot_be_read_is_one_line(usual, texts):
    with pytest.raises(InputError) as caught:
        usual.predict(texts)
    assert "\n" not in str(caught.value)


def test_a_text_of_nothing_and_a_text_of_megabytes_have_an_answer(usual):
    for tokenizer in ENCODER_TOKENIZERS:
        model = (
            usual if tokenizer == "word" else small(tokenizer=tokenizer, steps=1).fit(TEXTS, LABELS)
        )
        assert set(model.predict(["", " \n", "so warm " * 200_000])) <= set(LABELS)


def test_a_model_is_described(usual):
    about = usual.describe()
    assert about["labels"] == ["bad", "good", "none"]
    assert about["parameters"] == sum(part.numel() for part in weights(usual))
    assert about["task"] == "classify"


def test_a_few_words_are_read_by_steps_as_they_are_now(usual):
    model = copy.deepcopy(usual)
    answer, _ = model.step("warm and funny", model.start())
    expected = model.predict_proba(["warm and funny"])[0]
    assert list(answer.values()) == pytest.approx(expected, abs=1e-5)
    with torch.no_grad():
        model.network_.encoders[0].stacks[0].norm.weight.mul_(-1)
    changed, _ = model.step("warm and funny", model.start())
    assert list(changed.values()) == pytest.approx(
        model.predict_proba(["warm and funny"])[0], abs=1e-5
    )
    assert max(abs(changed[label] - answer[label]) for label in answer) > 1e-3


def test_a_model_that_was_asked_can_be_copied(usual):
    usual.step("warm", usual.start())
    texts = ["warm and funny", "cold"]
    again = pickle.loads(pickle.dumps(usual))
    assert np.array_equal(again.predict_proba(texts), usual.predict_proba(texts))
    assert copy.deepcopy(usual).step("warm", usual.start())[0]
