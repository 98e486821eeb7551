"""Models that answer with counts only: no network is trained, and none can be set up."""

from __future__ import annotations

import re

import numpy as np
import pytest
from reviews import LABELS, TEXTS

import elman
from elman.errors import EmptyTextError, ExportError, SettingError
from elman.export import write_onnx
from elman.nn.compiled.predictor import NetworkPredictor

TALE = "the cat sat there and went off.\na bird fell down and sat there.\n" * 40
WORDS = [["Ann", "saw", "New", "York", "."], ["the", "cat", "sat"], ["Bob", "Lee", "ran"]] * 8
TAGS = [["B-P", "O", "B-L", "I-L", "O"], ["O", "O", "O"], ["B-P", "I-P", "O"]] * 8


def language(**settings):
    return elman.LanguageModel(counts="only", **settings).fit(TALE)


def classifier(**settings):
    return elman.Classifier(counts="only", **settings).fit(TEXTS, LABELS)


def tagger(**settings):
    return elman.Tagger(counts="only", **settings).fit(WORDS, TAGS)


ALL = pytest.mark.parametrize("fit", [language, classifier, tagger])


def test_text_is_predicted_by_the_ngrams():
    model = language()
    ids = np.asarray(model.tokenizer_.encode("a bird sat there and went"))
    both = NetworkPredictor(model.predicting).log_probabilities(ids)
    np.testing.assert_allclose(both, model.mixture_.counts.log_probabilities(ids), atol=1e-5)


def test_classes_are_those_of_the_linear_model():
    model = classifier()
    scores = model.linear_.scores(TEXTS)
    assert model.predict(TEXTS).tolist() == model.classes_[scores.argmax(axis=1)].tolist()
    assert set(model.predict_proba_by_parts(TEXTS)) == {"both"}
    assert model.score(TEXTS, LABELS) > 0.9


def test_tags_are_those_of_the_linear_model():
    model = tagger()
    assert model.predict(WORDS) == TAGS
    assert model.predict_by_parts(WORDS) == {}
    padded = model.dataset([WORDS[0]]).collate(np.array([0]))
    assert not model.network_.emissions(padded).any()


@ALL
def test_the_same_after_a_file(fit, tmp_path):
    model = fit()
    model.save(tmp_path / "m.safetensors")
    loaded = elman.load(tmp_path / "m.safetensors")
    assert loaded.describe() == model.describe()
    assert loaded.record_["steps"] == 0
    data = {"language": TALE, "classify": TEXTS, "tag": WORDS}[model.task]
    answer = "score" if model.task == "language" else "predict"
    np.testing.assert_array_equal(
        *(np.asarray(getattr(each, answer)(data), dtype=object) for each in (loaded, model))
    )


@ALL
def test_they_can_be_explained(fit):
    trace = fit().explain("the cat sat")
    assert trace.outputs


@ALL
@pytest.mark.parametrize("name", ["hidden_size", "layers", "cell", "dropout"])
def test_a_setting_of_the_network_is_refused(fit, name):
    value = {"cell": "gru", "dropout": 0.5}.get(name, 3)
    with pytest.raises(SettingError, match="no network to set up"):
        fit(**{name: value})


@ALL
def test_no_graph_is_written(fit, tmp_path):
    model = fit()
    model.save(tmp_path / "m.safetensors")
    with pytest.raises(ExportError, match="counts only"):
        write_onnx(tmp_path / "m.safetensors", tmp_path / "m.onnx")


def test_unlabelled_texts_are_refused():
    with pytest.raises(SettingError, match="labelled texts only"):
        elman.Classifier(counts="only").fit(TEXTS, LABELS, unlabelled=TEXTS)


def test_a_size_without_room_for_counts_is_refused():
    with pytest.raises(SettingError, match="at least") as caught:
        language(size="1kB")
    (least,) = re.findall(r"\d+kB", str(caught.value))[1:]
    with pytest.raises(EmptyTextError, match="leaves no n-grams"):
        language(size=least)
