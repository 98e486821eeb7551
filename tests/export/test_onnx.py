"""The graph answers as the model does, at any number of rows and any lengths, and is whole."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import elman
from elman.cells import CELLS
from elman.errors import ExportError, InputError
from elman.export import write_onnx
from elman.export.onnx.parity import onnx_session
from elman.nn.encoder import PaddedBatch
from elman.tasks.table import TASKS
from elman.text.subword_hashing import WordForms, words_of

from .conftest import COMPONENTS, language_model
from .graphs import written

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

TEXTS = ["warm and funny", "cold and dull", "so warm", "so dull", "neither, really"] * 12
LABELS = ["good", "bad", "good", "bad", "none"] * 12


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("parts", [(), *((part,) for part in COMPONENTS), COMPONENTS])
def test_every_cell_and_part(tmp_path, cell, parts):
    written(language_model(cell=cell, components=parts), tmp_path)


def test_the_text_whole_and_token_by_token(tmp_path):
    """A step of it is the model's own `step`, from the beginning of a text to its end."""
    model = language_model(cell="lstm", text="abc " * 9)
    session = onnx_session(written(model, tmp_path))
    names = [each.name for each in session.get_inputs()][2:]
    shapes = [each.shape[1:] for each in session.get_inputs()][2:]
    begun = {name: np.zeros([1, *shape], "f4") for name, shape in zip(names, shapes, strict=True)}
    outputs = ["logits", *(f"{name}_after" for name in names)]
    tokens = [0, *model.tokenizer_.encode("abc a cab").tolist()]
    state, before, steps = begun, model.network_.initial_state(1), []
    for token in tokens:
        given = {"tokens": np.array([[token]]), "lengths": np.array([1]), **state}
        logits, *after = session.run(outputs, given)
        state = dict(zip(names, after, strict=True))
        steps.append(logits[0, 0])
        expected, before = model.network_(torch.tensor([[token]]), before)
        np.testing.assert_allclose(logits[0, 0], expected[0, 0].detach(), atol=1e-4)
    given = {"tokens": np.array([tokens]), "lengths": np.array([len(tokens)]), **begun}
    np.testing.assert_allclose(session.run(["logits"], given)[0][0], steps, atol=1e-4)


def test_each_weight_is_there_once_as_it_is_used(tmp_path):
    """Matrices of products are transposed; one that is an embedding too is there both ways."""
    model = language_model("subword", cell="lstm", hidden_size=32)
    graph = onnx.load_from_string(written(model, tmp_path)).graph
    parameters = dict(model.network_.named_parameters())
    result = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    stored = set()
    for name, parameter in parameters.items():
        forms = {name: parameter.detach(), f"{name}_transposed": parameter.detach().t()}
        found = forms.keys() & result.keys()
        assert len(found) == (2 if name == "embedding.weight" else 1)
        for form in found:
            np.testing.assert_array_equal(result[form], forms[form])
        stored |= found
    assert sum(result[name].size for name in result.keys() - stored) < 100
    sizes = sum(result[name].nbytes for name in stored)
    assert len((tmp_path / "model.onnx").read_bytes()) < 1.2 * sizes


@pytest.mark.parametrize("tokenizer", ["word", "character", "subword"])
@pytest.mark.parametrize("directions", [1, 2])
def test_classifiers(tmp_path, tokenizer, directions):
    model = elman.Classifier(tokenizer=tokenizer, directions=directions, hidden_size=16, steps=6)
    written(model.fit(TEXTS, LABELS), tmp_path)


def test_without_counts_no_scores_are_needed(tmp_path):
    model = elman.Classifier(tokenizer="word", hidden_size=16, steps=6, counts="off")
    session = onnx_session(written(model.fit(TEXTS, LABELS), tmp_path))
    assert "scores" not in [each.name for each in session.get_inputs()]


def test_words_are_looked_up_as_the_model_does(tmp_path):
    """What another program has to do with a text: words, their n-grams, and which is whose."""
    model = elman.Classifier(tokenizer="word", hidden_size=16, steps=6, directions=2).fit(
        TEXTS, LABELS
    )
    model.calibration_ = model.calibration_._replace(temperature=0.3)
    session = onnx_session(written(model, tmp_path))
    texts = ["a warm film", "dull", "so funny, so cold and so dull"]
    forms = WordForms(model.tokenizer_)
    rows = [forms.indices(words_of(text)) for text in texts]
    lengths = np.array([len(row) for row in rows])
    padded = np.zeros((len(rows), lengths.max()), dtype=np.int64)
    for row, ids in zip(padded, rows, strict=True):
        row[: len(ids)] = ids
    tokens, words = forms.look_up(padded)
    counts = np.diff([*words.starts, len(words.ngrams)])
    given = {
        "tokens": tokens,
        "lengths": lengths,
        "numbers": words.ids,
        "ngrams": words.ngrams,
        "ngram_words": np.repeat(np.arange(len(counts)), counts),
        "ngram_weights": words.weights,
        "scores": model.linear_.scores(texts),
    }
    [result] = session.run(["probabilities"], given)
    np.testing.assert_allclose(result, model.predict_proba(texts), atol=1e-4)


@pytest.mark.parametrize("directions", [1, 2])
def test_a_row_without_tokens_is_answered(tmp_path, directions):
    """As the network answers it; the other rows do not change."""
    model = elman.Classifier(
        tokenizer="character", directions=directions, hidden_size=16, steps=6, counts="off"
    ).fit(TEXTS, LABELS)
    session = onnx_session(written(model, tmp_path))
    trial = TASKS["classify"].onnx(elman.load(tmp_path / "model.st")).trial(3)
    inputs = trial.inputs | model_start(session, len(trial.inputs["tokens"]))
    whole, _ = probabilities(session, model, inputs)
    lengths = inputs["lengths"].copy()
    lengths[1] = 0
    found, expected = probabilities(session, model, inputs | {"lengths": lengths})
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(np.delete(found, 1, 0), np.delete(whole, 1, 0), atol=1e-6)


def model_start(session, rows):
    """The inputs for the state before a text."""
    return {
        each.name: np.full((rows, *each.shape[1:]), -1e4 if "most" in each.name else 0, np.float32)
        for each in session.get_inputs()
        if each.name.startswith("member")
    }


def probabilities(session, model, inputs):
    """Those of the graph, and of the network."""
    tokens, lengths = (torch.from_numpy(inputs[name]) for name in ("tokens", "lengths"))
    with torch.inference_mode():
        logits, _ = model.network_(PaddedBatch(tokens.t(), lengths))
    (found,) = session.run(["probabilities"], inputs)
    return found, model.calibration_.probabilities(logits.numpy())


def test_the_file_is_usable_alone(tmp_path):
    model = elman.Classifier(tokenizer="word", hidden_size=16, steps=6).fit(TEXTS, LABELS)
    session = onnx_session(written(model, tmp_path))
    about = json.loads(session.get_modelmeta().custom_metadata_map["elman"])
    assert about["task"] == "classify"
    assert about["labels"] == ["bad", "good", "none"]
    assert about["vocabulary"] == model.tokenizer_.to_json()
    assert "tokens" in session.get_modelmeta().graph_description


def test_weights_of_8_bits_are_numbers_again(tmp_path):
    written(language_model(cell="gru").to_int8(), tmp_path)


def test_a_graph_that_answers_otherwise_is_not_written(tmp_path, monkeypatch):
    from elman.export.onnx import recurrence

    monkeypatch.setitem(recurrence.OPERATORS, "tanh", "Sigmoid")
    language_model(cell="lstm").save(tmp_path / "model.st")
    with pytest.raises(ExportError, match=r"model.st: ONNX Runtime's .* off the model's own"):
        write_onnx(tmp_path / "model.st", tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_a_package_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"onnxruntime is not installed.*elman\[export\]"):
        write_onnx(tmp_path / "model.st", tmp_path / "model.onnx")
