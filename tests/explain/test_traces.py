"""Traces of trained models of every task: they follow the schema, and the models stay unchanged."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import elman
from elman.errors import InputError, NotFittedError, SettingError
from elman.explain.cell import explain_cell
from elman.explain.summary import MAX_TOKENS
from elman.explain.trace import rounded

SCHEMA = json.loads((files("elman") / "explain" / "schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)
TEXTS, LABELS = ["warm and funny", "cold and dull", "so warm", "so dull"] * 8, [1, 2, 1, 2] * 8
SENTENCE = ["Ada", "is", "in", "New", "York"]
TAGS = ["I-x", "O", "O", "I-y", "I-y"]  # IOB1
SMALL = {"hidden_size": 8, "steps": 4}
VECTORS = np.tile(np.eye(3), (8, 1))
SALES = np.tile([3.0, 5, 9, 4], 20) + np.arange(80)


def classifier(**settings):
    return elman.Classifier(**{"tokenizer": "word", **SMALL, **settings}).fit(TEXTS, LABELS)


def text_model(tokenizer, **settings):
    text = "the cat sat.\nein Hund für 😀.\n" * 60
    return elman.LanguageModel(tokenizer=tokenizer, **{**SMALL, **settings}).fit(text)


TEXT = "a warm für 😀"
MODELS = {
    "classify words": lambda: (classifier(), TEXT),
    "classify from both ends": lambda: (classifier(directions=2), TEXT),
    "classify characters": lambda: (classifier(tokenizer="character"), TEXT),
    "tag": lambda: (elman.Tagger(**SMALL).fit([SENTENCE] * 20, [TAGS] * 20), SENTENCE),
    "language characters": lambda: (text_model("character"), TEXT),
    "language with counts": lambda: (text_model("word", counts="on"), TEXT),
    "language words": lambda: (text_model("word", cell="clockwork"), TEXT),
    "language subwords": lambda: (text_model("subword", cell="plain", components=()), TEXT),
    "translate": lambda: (
        elman.Translator(tokenizer="character", **SMALL).fit(
            TEXTS, [each.upper() for each in TEXTS]
        ),
        "so warm",
    ),
    "describe": lambda: (elman.Describer(**SMALL).fit(VECTORS, ["a b", "c", "d"] * 8), VECTORS[0]),
    "forecast": lambda: (elman.Forecaster(hidden_size=4, steps=2, horizon=3).fit(SALES), None),
}


@pytest.fixture(params=MODELS, scope="module")
def explained(request):
    return MODELS[request.param]()


def test_trace_follows_the_schema(explained):
    model, x = explained
    trace = model.explain(x)
    plain = json.loads(trace.to_json(), parse_constant=pytest.fail)
    VALID.validate(plain)
    assert plain == trace.as_dict()
    assert plain["task"] == model.task
    assert plain["network"]["parameters"] == model.describe()["parameters"]
    assert len(plain["network"]["tokenizers"]) == len(plain["sequences"])
    for sequence in plain["sequences"]:
        for layer in sequence["layers"]:
            for activations in (layer["states"], layer["gates"], layer["output"]):
                assert all(len(rows) == len(sequence["tokens"]) for rows in activations.values())
    for output in plain["outputs"]:
        assert output["after"] < len(plain["sequences"][output["sequence"]]["tokens"])
        for each in output["attributions"]:
            assert len(each["gradient_x_input"]) == len(each["occlusion"])
            assert len(each["gradient_x_input"]) <= len(
                plain["sequences"][each["sequence"]]["tokens"]
            )


def test_network_stays_unchanged(explained):
    model, x = explained
    network = model.network_
    weights = [weight.clone() for weight in network.parameters()]
    for weight in network.parameters():
        weight.grad = None
    network.train()
    first = model.explain(x).to_json()
    assert network.training
    assert all(module.training for module in network.modules())
    network.eval()
    assert model.explain(x).to_json() == first
    assert not network.training
    assert all(weight.grad is None for weight in network.parameters())
    assert all(map(torch.equal, weights, network.parameters()))
    assert not any(module._forward_pre_hooks for module in network.modules())


def probability(output, text):
    return next(each.probability for each in output.predictions if each.text == str(text))


@pytest.mark.parametrize("tokenizer", ["word", "character"])
def test_classes_after_each_token_equal_those_of_steps(tokenizer):
    # In a step a piece is a word to the counts, so letters can't be theirs one by one.
    counts = "on" if tokenizer == "word" else "off"
    model = classifier(tokenizer=tokenizer, counts=counts)
    trace = model.explain("so warm, and dull")
    pieces = trace.sequences[0].tokens
    outputs = trace.outputs if tokenizer == "word" else trace.outputs[1:-1]
    state = model.start()
    for piece, output in zip(filter(None, pieces), outputs, strict=True):
        probabilities, state = model.step(piece, state)
        for label, expected in probabilities.items():
            np.testing.assert_allclose(probability(output, label), expected, rtol=1e-5)
    assert trace.network.labels == ("1", "2")
    # predict_proba may use faster matrix products with fewer digits.
    probabilities = model.predict_proba(["so warm, and dull"])[0]
    for label, expected in zip(model.classes_, probabilities, strict=True):
        np.testing.assert_allclose(probability(trace.outputs[-1], label), expected, atol=0.02)


@pytest.mark.parametrize("counts", ["on", "off"])
@pytest.mark.parametrize("tokenizer", ["word", "character", "subword"])
def test_next_tokens_equal_those_of_steps(tokenizer, counts):
    model = text_model(tokenizer, counts=counts)
    text = "the cat"
    trace = model.explain(text)
    assert "".join(trace.sequences[0].tokens) == text
    state = model.start()
    ids = model.tokenizer_.encode(text)
    for token, before, after in zip(ids, trace.outputs[:-1], trace.outputs[1:], strict=True):
        assert before.target.text == model.tokenizer_.decode([token])
        expected, state = model.step(model.tokenizer_.decode([token]), state)
        actual = [(each.text, each.probability) for each in after.predictions]
        assert [name for name, _ in actual] == [name for name, _ in expected.top(5)]
        np.testing.assert_allclose(
            [p for _, p in actual], [p for _, p in expected.top(5)], rtol=1e-4
        )
    assert trace.outputs[-1].target is None


def test_the_parts_of_a_mixture_are_its_answer():
    model = text_model("character", counts="on")
    alone = text_model("character", counts="off")
    alone.network_ = model.network_
    both, network = model.explain("the cat").outputs, alone.explain("the cat").outputs
    for output, other in zip(both, network, strict=True):
        assert [each.name for each in output.parts] == ["network", "counts"]
        assert sum(each.share for each in output.parts) == pytest.approx(1)
        for index, prediction in enumerate(output.predictions):
            mixed = sum(each.share * each.predictions[index] for each in output.parts)
            assert mixed == pytest.approx(prediction.probability, rel=1e-4)
        if output.target is not None:
            mixed = sum(each.share * each.target for each in output.parts)
            assert mixed == pytest.approx(output.target.probability, rel=1e-4)
            assert output.parts[0].target == pytest.approx(other.target.probability, rel=1e-4)
            # The attributions are of the network.
            pairs = zip(output.attributions, other.attributions, strict=True)
            assert all((a.gradient_x_input == b.gradient_x_input).all() for a, b in pairs)
        assert other.parts == ()
    assert both[-1].parts[0].target is None


def test_tags_equal_those_of_predict():
    model, words = MODELS["tag"]()
    trace = model.explain(words)
    assert [output.target.text for output in trace.outputs] == model.predict([words])[0]
    (marginals,) = model.marginals([words])
    for output, row in zip(trace.outputs, marginals, strict=True):
        for each in output.predictions:
            expected = row[model.tags_.index(each.text)]
            np.testing.assert_allclose(each.probability, expected, atol=0.02)
    assert model.explain("Ada is in New York").to_json() == trace.to_json()


def test_translation_equals_that_of_predict():
    model, source = MODELS["translate"]()
    trace = model.explain(source)
    assert "".join(each.target.text for each in trace.outputs).strip() == model.predict([source])[0]
    assert "".join(trace.sequences[0].tokens) == source
    (best,) = model.predict_best([source], 1, attention=True)[0]
    np.testing.assert_allclose(trace.attention.weights, best.attention, atol=1e-2)


def test_description_equals_that_of_predict():
    model, vector = MODELS["describe"]()
    trace = model.explain(vector)
    text = "".join(each.target.text for each in trace.outputs).strip()
    assert text.replace("\ufffd", "").strip() == model.predict(vector[None])[0]


def test_quantiles_equal_those_of_predict():
    model = elman.Forecaster(hidden_size=4, steps=2, horizon=3).fit(
        np.stack([SALES, SALES[::-1]], 1)
    )
    for column, name in enumerate(model.names_):
        forecast = model.predict()
        outputs = model.explain(series=name).outputs
        named = ("low_95", "low_80", "median", "high_80", "high_95")
        for index, attribute in enumerate(named):
            actual = [output.quantiles[index].value for output in outputs]
            np.testing.assert_allclose(actual, getattr(forecast, attribute)[:, column])
    with pytest.raises(SettingError, match="'tea' is not one that"):
        model.explain(series="tea")


def test_plain_network_alone_and_in_a_model():
    torch.manual_seed(0)
    rnn = elman.PlainRNN(5, 8, 4)
    trace = explain_cell(rnn, torch.eye(5), tokens="abcde", labels="wxyz")
    VALID.validate(trace.as_dict())
    (layer,) = trace.sequences[0].layers
    hidden = rnn.init_hidden()
    for index, x in enumerate(torch.eye(5)):
        output, hidden = rnn(x[None], hidden)
        np.testing.assert_allclose(layer.states["hidden"][index], hidden.hidden[0].detach())
        np.testing.assert_allclose(layer.output["log_softmax"][index], output[0].detach())
        best = trace.outputs[index]
        assert best.target.text == "wxyz"[output.argmax()]
        np.testing.assert_allclose(best.target.probability, output.exp().max().item(), rtol=1e-5)
    model_trace = text_model("character", cell="plain").explain("the")
    assert set(model_trace.sequences[0].layers[0].output) == {"i2o", "log_softmax"}
    assert explain_cell(elman.LSTM(2, 3), torch.ones(2, 2)).outputs == ()


def test_ensemble_predicts_together_and_activations_are_of_the_first():
    model = classifier()
    network = model.network_
    assert len(network.members) == model.explain(TEXT).network.ensemble_size == 3
    before = model.explain(TEXT).as_dict()
    with torch.no_grad():
        network.outputs[1].bias += torch.tensor([5.0, 0])
    after = model.explain(TEXT).as_dict()
    assert after["sequences"] == before["sequences"]
    assert after["outputs"] != before["outputs"]


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("describe", "forecast")])
def test_texts_too_long_or_empty_are_refused(name):
    model, _ = MODELS[name]()
    long = ["so"] * (MAX_TOKENS + 1)
    with pytest.raises(InputError, match=f"a trace holds {MAX_TOKENS} at most"):
        model.explain(" ".join(long) if name != "tag" else long)
    with pytest.raises(InputError, match="nothing to read"):
        model.explain("")
    with pytest.raises(NotFittedError):
        type(model)().explain(TEXT)


def test_wrong_vectors_are_refused():
    model, _ = MODELS["describe"]()
    for wrong in (np.ones(4), np.full(3, np.nan), np.ones((2, 3))):
        with pytest.raises(InputError):
            model.explain(wrong)


def test_longest_text_is_explained():
    model = text_model("character")
    trace = model.explain("the cat " * (MAX_TOKENS // 8))
    assert len(trace.outputs) == MAX_TOKENS + 1


@given(
    arrays(
        np.float32,
        array_shapes(max_dims=2),
        elements=st.floats(-(2.0**99), 2.0**99, allow_subnormal=False, width=32),
    ),
    st.integers(1, 6),
)
def test_rounding_is_to_the_digits_of_the_largest(numbers, digits):
    largest = np.abs(numbers.astype(float)).max()
    result = rounded(numbers, digits)
    assert np.abs(result - numbers).max() <= largest * 10 ** (1 - digits) * 0.501
    assert all(len(f"{abs(each):.15g}".strip("0.")) <= 15 for each in result.flat)


def test_nan_and_infinity():
    result = rounded(np.array([np.nan, np.inf, -np.inf]), 4)
    assert np.isnan(result[0])
    assert result[1] == -result[2] > 1e38
