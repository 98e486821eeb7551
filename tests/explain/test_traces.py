"""Traces of trained models of every application: plain data, to the schema, and nothing is left."""

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
from elman.explain.summary import LONGEST
from elman.explain.trace import rounded

SCHEMA = json.loads((files("elman") / "explain" / "schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)
TEXTS, LABELS = ["warm and funny", "cold and dull", "so warm", "so dull"] * 8, [1, 2, 1, 2] * 8
SENTENCE = ["Ada", "is", "in", "New", "York"]
PLACES = ["I-x", "O", "O", "I-y", "I-y"]  # IOB1
SMALL = {"hidden_size": 8, "steps": 4}
VECTORS = np.tile(np.eye(3), (8, 1))
SOLD = np.tile([3.0, 5, 9, 4], 20) + np.arange(80)


def classifier(**settings):
    return elman.Classifier(**{"tokenizer": "word", **SMALL, **settings}).fit(TEXTS, LABELS)


def text_model(tokenizer, **settings):
    said = "the cat sat.\nein Hund für 😀.\n" * 60
    return elman.LanguageModel(tokenizer=tokenizer, **{**SMALL, **settings}).fit(said)


TEXT = "a warm für 😀"
MADE = {
    "classify words": lambda: (classifier(), TEXT),
    "classify from both ends": lambda: (classifier(directions=2), TEXT),
    "classify characters": lambda: (classifier(tokenizer="character"), TEXT),
    "tag": lambda: (elman.Tagger(**SMALL).fit([SENTENCE] * 20, [PLACES] * 20), SENTENCE),
    "language characters": lambda: (text_model("character"), TEXT),
    "language words": lambda: (text_model("word", cell="clockwork"), TEXT),
    "language subwords": lambda: (text_model("subword", cell="plain", components=()), TEXT),
    "translate": lambda: (
        elman.Translator(tokenizer="character", **SMALL).fit(
            TEXTS, [each.upper() for each in TEXTS]
        ),
        "so warm",
    ),
    "describe": lambda: (elman.Describer(**SMALL).fit(VECTORS, ["a b", "c", "d"] * 8), VECTORS[0]),
    "forecast": lambda: (elman.Forecaster(hidden_size=4, steps=2, horizon=3).fit(SOLD), None),
}


@pytest.fixture(params=MADE, scope="module")
def made(request):
    return MADE[request.param]()


def test_it_is_to_the_schema(made):
    model, given_ = made
    trace = model.explain(given_)
    plain = json.loads(trace.to_json(), parse_constant=pytest.fail)
    VALID.validate(plain)
    assert plain == trace.as_dict()
    assert plain["task"] == model.task
    assert plain["network"]["parameters"] == model.describe()["parameters"]
    assert len(plain["network"]["tokenizers"]) == len(plain["readings"])
    for reading in plain["readings"]:
        for layer in reading["layers"]:
            for strips in (layer["states"], layer["gates"], layer["output"]):
                assert all(len(strip) == len(reading["tokens"]) for strip in strips.values())
    for output in plain["outputs"]:
        assert output["after"] < len(plain["readings"][output["reading"]]["tokens"])
        for rest in output["rests"]:
            assert len(rest["gradient"]) == len(rest["left_out"])
            assert len(rest["gradient"]) <= len(plain["readings"][rest["reading"]]["tokens"])


def test_it_leaves_the_network_as_it_was(made):
    model, given_ = made
    network = model.network_
    weights = [weight.clone() for weight in network.parameters()]
    for weight in network.parameters():
        weight.grad = None
    network.train()
    first = model.explain(given_).to_json()
    assert network.training
    assert all(module.training for module in network.modules())
    network.eval()
    assert model.explain(given_).to_json() == first
    assert not network.training
    assert all(weight.grad is None for weight in network.parameters())
    assert all(map(torch.equal, weights, network.parameters()))
    assert not any(module._forward_pre_hooks for module in network.modules())


def probability(output, text):
    return next(each.probability for each in output.answers if each.text == str(text))


@pytest.mark.parametrize("tokenizer", ["word", "character"])
def test_the_answer_as_it_grows_is_that_of_steps(tokenizer):
    model = classifier(tokenizer=tokenizer)
    trace = model.explain("so warm, and dull")
    pieces = trace.readings[0].tokens
    outputs = trace.outputs if tokenizer == "word" else trace.outputs[1:-1]
    state = model.start()
    for piece, output in zip(filter(None, pieces), outputs, strict=True):
        spread, state = model.step(piece, state)
        for label, share in spread.items():
            np.testing.assert_allclose(probability(output, label), share, rtol=1e-5)
    assert trace.network.labels == ("1", "2")
    # The machine's fast products, which predict_proba may use, have fewer digits.
    whole = model.predict_proba(["so warm, and dull"])[0]
    for label, share in zip(model.classes_, whole, strict=True):
        np.testing.assert_allclose(probability(trace.outputs[-1], label), share, atol=0.02)


@pytest.mark.parametrize("tokenizer", ["word", "character", "subword"])
def test_what_comes_next_is_that_of_steps(tokenizer):
    model = text_model(tokenizer)
    text = "the cat"
    trace = model.explain(text)
    assert "".join(trace.readings[0].tokens) == text
    state = model.start()
    ids = model.tokenizer_.encode(text)
    for token, before, after in zip(ids, trace.outputs[:-1], trace.outputs[1:], strict=True):
        assert before.taken.text == model.tokenizer_.decode([token])
        outlook, state = model.step(model.tokenizer_.decode([token]), state)
        found = [(each.text, each.probability) for each in after.answers]
        assert [name for name, _ in found] == [name for name, _ in outlook.top(5)]
        np.testing.assert_allclose(
            [share for _, share in found], [share for _, share in outlook.top(5)], rtol=1e-4
        )
    assert trace.outputs[-1].taken is None


def test_tags_are_those_of_predict():
    model, words = MADE["tag"]()
    trace = model.explain(words)
    assert [output.taken.text for output in trace.outputs] == model.predict([words])[0]
    (shares,) = model.marginals([words])
    for output, row in zip(trace.outputs, shares, strict=True):
        for answer in output.answers:
            wanted = row[model.tags_.index(answer.text)]
            np.testing.assert_allclose(answer.probability, wanted, atol=0.02)
    assert model.explain("Ada is in New York").to_json() == trace.to_json()


def test_a_rewriting_is_that_of_predict():
    model, source = MADE["translate"]()
    trace = model.explain(source)
    assert "".join(each.taken.text for each in trace.outputs).strip() == model.predict([source])[0]
    assert "".join(trace.readings[0].tokens) == source
    (best,) = model.predict_best([source], 1, attention=True)[0]
    np.testing.assert_allclose(trace.attention.weights, best.attention, atol=1e-2)


def test_a_description_is_that_of_predict():
    model, vector = MADE["describe"]()
    trace = model.explain(vector)
    written = "".join(each.taken.text for each in trace.outputs).strip()
    assert written.replace("\ufffd", "").strip() == model.predict(vector[None])[0]


def test_quantiles_are_those_of_predict():
    model = elman.Forecaster(hidden_size=4, steps=2, horizon=3).fit(np.stack([SOLD, SOLD[::-1]], 1))
    for column, name in enumerate(model.names_):
        forecast = model.predict()
        outputs = model.explain(series=name).outputs
        named = ("low_95", "low_80", "median", "high_80", "high_95")
        for place, wanted in enumerate(named):
            found = [output.quantiles[place].value for output in outputs]
            np.testing.assert_allclose(found, getattr(forecast, wanted)[:, column])
    with pytest.raises(SettingError, match="'tea' is none of those"):
        model.explain(series="tea")


def test_the_plain_network_alone_and_within_a_model():
    torch.manual_seed(0)
    rnn = elman.PlainRNN(5, 8, 4)
    trace = explain_cell(rnn, torch.eye(5), tokens="abcde", labels="wxyz")
    VALID.validate(trace.as_dict())
    (layer,) = trace.readings[0].layers
    hidden = rnn.init_hidden()
    for place, letter in enumerate(torch.eye(5)):
        output, hidden = rnn(letter[None], hidden)
        np.testing.assert_allclose(layer.states["hidden"][place], hidden.hidden[0].detach())
        np.testing.assert_allclose(layer.output["log_softmax"][place], output[0].detach())
        best = trace.outputs[place]
        assert best.taken.text == "wxyz"[output.argmax()]
        np.testing.assert_allclose(best.taken.probability, output.exp().max().item(), rtol=1e-5)
    within = text_model("character", cell="plain").explain("the")
    assert set(within.readings[0].layers[0].output) == {"i2o", "log_softmax"}
    assert explain_cell(elman.LSTM(2, 3), torch.ones(2, 2)).outputs == ()


def test_members_answer_together_and_the_first_is_watched():
    model = classifier()
    network = model.network_
    assert len(network.members) == model.explain(TEXT).network.members == 3
    before = model.explain(TEXT).as_dict()
    with torch.no_grad():
        network.outputs[1].bias += torch.tensor([5.0, 0])
    after = model.explain(TEXT).as_dict()
    assert after["readings"] == before["readings"]
    assert after["outputs"] != before["outputs"]


@pytest.mark.parametrize("name", [name for name in MADE if name not in ("describe", "forecast")])
def test_too_much_and_nothing(name):
    model, _ = MADE[name]()
    long = ["so"] * (LONGEST + 1)
    with pytest.raises(InputError, match=f"a trace holds {LONGEST} at most"):
        model.explain(" ".join(long) if name != "tag" else long)
    with pytest.raises(InputError, match="nothing to read"):
        model.explain("")
    with pytest.raises(NotFittedError):
        type(model)().explain(TEXT)


def test_wrong_vectors():
    model, _ = MADE["describe"]()
    for wrong in (np.ones(4), np.full(3, np.nan), np.ones((2, 3))):
        with pytest.raises(InputError):
            model.explain(wrong)


def test_a_long_text_is_explained():
    model = text_model("character")
    trace = model.explain("the cat " * (LONGEST // 8))
    assert len(trace.outputs) == LONGEST + 1


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
    found = rounded(numbers, digits)
    assert np.abs(found - numbers).max() <= largest * 10 ** (1 - digits) * 0.501
    assert all(len(f"{abs(each):.15g}".strip("0.")) <= 15 for each in found.flat)


def test_what_is_no_number():
    found = rounded(np.array([np.nan, np.inf, -np.inf]), 4)
    assert np.isnan(found[0])
    assert found[1] == -found[2] > 1e38
