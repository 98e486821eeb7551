"""Weights of classes and of texts in the training of a classifier."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from reviews import LABELS, TEXTS, same_weights, small
from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.model_selection import cross_validate

import elman
from elman.errors import InputError

RARE = [f"{word} thing" for word in ("warm", "cold")] * 20 + ["odd thing"] * 4
KINDS = ["usual"] * 40 + ["rare"] * 4


@pytest.mark.parametrize("counts", ["off", "on", "only"])
def test_a_heavier_class_is_answered_more_often(counts):
    settings = {"counts": counts}
    settings |= {} if counts == "only" else {"hidden_size": 8, "tokenizer": "word"}
    plain, heavy = (
        elman.Classifier(**settings, steps=12, class_weight=weight).fit(RARE, KINDS)
        for weight in (None, {"rare": 20})
    )
    which = plain.classes_.tolist().index("rare")
    assert heavy.predict_proba(RARE)[:, which].mean() > plain.predict_proba(RARE)[:, which].mean()


def test_weights_of_one_change_nothing():
    plain = small().fit(TEXTS, LABELS)
    same_weights(plain, small(class_weight={"good": 1, "bad": 1.0}).fit(TEXTS, LABELS))
    same_weights(plain, small().fit(TEXTS, LABELS, sample_weight=[3] * len(TEXTS)))


def test_texts_of_no_weight_are_left_out():
    wrong = ["bad" if label == "good" else "good" for label in LABELS]
    weights = np.repeat([1.0, 0.0], len(TEXTS))
    model = small().fit(TEXTS + TEXTS, LABELS + wrong, sample_weight=weights)
    same_weights(model, small().fit(TEXTS, LABELS))
    assert model.score(TEXTS + TEXTS, LABELS + wrong, sample_weight=weights) == model.score(
        TEXTS, LABELS
    )


def test_a_file_keeps_the_weights_of_classes(tmp_path):
    settings = {"class_weight": {1: 2.0, 0: 0.5}}
    model = small(**settings).fit(TEXTS, [int(label == "good") for label in LABELS])
    model.save(tmp_path / "m.st")
    assert elman.load(tmp_path / "m.st").get_params() == model.get_params()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "60 texts have 1 weights"),
        (2.0, "60 texts have no weights"),
        ([-1.0] * 60, "the weight -1.0 of text 1 is not one"),
        ([1.0] * 59 + [float("nan")], "the weight nan of text 60 is not one"),
        (["1"] * 60, "the weight '1' of text 1 is not one"),
        ([0] * 60, "every weight is zero"),
    ],
)
def test_weights_that_are_none(weights, message):
    with pytest.raises(InputError, match=message):
        small().fit(TEXTS, LABELS, sample_weight=weights)


def test_a_class_that_no_text_has():
    with pytest.raises(InputError, match="no text has the label 'great'"):
        small(class_weight={"great": 2}).fit(TEXTS, LABELS)


def test_logarithms_of_probabilities_are_finite():
    model = small().fit(TEXTS, LABELS)
    log_p = model.predict_log_proba(TEXTS)
    np.testing.assert_allclose(np.exp(log_p), model.predict_proba(TEXTS), atol=1e-12)
    model.calibration_ = model.calibration_._replace(temperature=1e-6)
    assert np.isfinite(model.predict_log_proba(TEXTS)).all()
    assert (model.predict_proba(TEXTS) == 0).any()


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_cross_validation_hands_on_the_weights():
    asked = []

    class Asked(elman.Classifier):
        def fit(self, X, y=None, sample_weight=None, **options):  # noqa: N803
            asked.append(sample_weight)
            return super().fit(X, y, sample_weight, **options)

    weights = np.arange(1.0, 61.0)
    params = {"params": {"sample_weight": weights}, "cv": 2}
    model = Asked(tokenizer="word", hidden_size=8, steps=2, counts="off")
    with pytest.raises(UnsetMetadataPassedError):
        cross_validate(model, TEXTS, LABELS, **params)
    model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    cross_validate(clone(model), TEXTS, LABELS, **params)
    assert sorted(np.concatenate(asked)) == weights.tolist()


def test_a_notebook_shows_what_there_is():
    model = small(class_weight={"<b>": 2.0})
    assert "not fitted" in model._repr_html_()
    assert "&lt;b&gt;" in model._repr_html_()
    fitted = small().fit(TEXTS, LABELS)._repr_html_()
    assert "not fitted" not in fitted
    for name in ("tokenizer", "parameters", "good"):
        assert name in fitted
