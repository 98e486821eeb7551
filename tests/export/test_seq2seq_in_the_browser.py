"""What rewrites does so in the browser as here: the same targets, in the same order, as sure of
them, looking at the same tokens."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

import elman
from elman.cells import CELLS
from elman.decoding import beam as beams
from elman.nn.config import COMPONENTS, Seq2SeqConfig
from elman.nn.seq2seq import EncoderDecoder
from elman.tasks.description import counts
from elman.tasks.description.inputs import DescribedVectors
from elman.tasks.description.mixing import NearestDescriptions
from elman.tasks.seq2seq.config import RECIPES
from elman.tasks.seq2seq.generation import LengthLimit
from elman.tasks.seq2seq.text_codec import TextCodec

from .conftest import livened, rounded_in_place
from .test_texts_in_the_browser import TEXTS as ODD

REWRITE = """
    const all = (work) => {
      for (;;) { const { done, value } = work.next(); if (done) return value; }
    };
    return given.texts.map((text) => all(model.targets(text, given.count, given.beam)));
"""
LEARNED = ["le chat est là", "the cat is there", "la reine dit «non»", "the queen says no"] * 9
TEXTS = ["le chat", "", " \n", "  la reine, où ? ", "Ω漢🙂 x é\x1c", "chat " * 30]


def translator(units=("character", "character"), *, seed=0, lively=1.0, **sizes):
    """A translator with weights that no training has touched, and livelier than at first."""
    parts = sizes.pop("components", COMPONENTS)
    model = elman.Translator(**{"hidden_size": 8, "layers": 1, **sizes})
    model.target_ = TextCodec.learn(units[1], LEARNED)
    model.source_ = model.target_ if len(set(units)) == 1 else TextCodec.learn(units[0], LEARNED)
    size, own = model.target_.tokenizer.size, model.source_ is not model.target_
    blocks = elman.StackConfig(
        size, model.cell, model.hidden_size, model.layers, components=parts, tied=True
    )
    source = model.source_.tokenizer.size if own else 0
    torch.manual_seed(seed)
    network = livened(
        EncoderDecoder(Seq2SeqConfig(blocks, source, model.attention, model.order), 0.0)
    )
    with torch.no_grad():  # what is written depends on what was
        network.output.bias.mul_(3 * lively)
        network.output.bias[0] = -lively  # not at once its end
        network.embedding.weight.mul_(2 * lively)
    model.network_, model.limit_, model.record_ = network, LengthLimit(0.5, 8.3), {}
    return model


def describer(*, seed=0, numbers=5, **sizes):
    """The same of vectors."""
    model = elman.Describer(**{"hidden_size": 8, "layers": 1, **sizes})
    model.target_ = TextCodec.learn("character", LEARNED)
    blocks = RECIPES["vector"].stack_of(model, model.target_.tokenizer.size, tied=True)
    rewriting = Seq2SeqConfig(blocks, source=numbers, attention="none", order="vector")
    torch.manual_seed(seed)
    network = EncoderDecoder(rewriting, 0.0)
    network.fit_input_scaling(torch.randn(30, numbers) * 3 + 1)
    slope = network.encoder.slope.clone()
    model.network_ = livened(network)
    with torch.no_grad():
        network.encoder.slope.copy_(slope)
        network.encoder.slope[1] = 0.0  # a number that never varied
        network.output.bias.mul_(3)
        network.output.bias[0] = -1.0
        network.embedding.weight.mul_(2)
    model.limit_, model.record_ = LengthLimit(0.0, 9.2), {}
    return model


VECTORS = [
    [0.1, -2, 3.5, 0, 1e-3],
    [0.0] * 5,
    [3e38, 3e38, -3e38, 1e9, -7.0],
    [-3.0, 1.0, 7.25, 2.0, 2.0],
]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("int8", [False, True])
def test_describers(shown, cell, int8):
    model = describer(cell=cell, hidden_size=16, layers=2)
    exact = rounded_in_place(model) if int8 else None
    scores = agree(shown, model, VECTORS, expected_of=exact)
    assert len({round(score, 4) for score in scores}) > 3


def with_counts(model):
    """Beside it 40 vectors, four of each description; two begin alike."""
    draw = np.random.default_rng(1)
    said = ["le chat", "le chat est", "the cat", "é", "la reine", "a", "ab", "abc", "b", "the"] * 4
    vectors = draw.normal(size=(40, 5)).astype(np.float32) * 3 + 1
    memory = counts.remember(DescribedVectors(vectors, said), model.target_, 10**6, 0)
    assert memory is not None
    model.nearest_ = NearestDescriptions(*memory, 0.6)
    return model


@pytest.mark.parametrize("int8", [False, True])
def test_describers_with_counts(shown, int8):
    model = with_counts(describer(hidden_size=16, layers=2))
    exact = rounded_in_place(model) if int8 else None
    for count, beam in ((3, 5), (9, 2)):
        agree(shown, model, VECTORS, count, beam, expected_of=exact)
    alone = copy.copy(exact or model)
    alone.nearest_ = None
    assert alone.predict(VECTORS) != model.predict(VECTORS)


@pytest.mark.parametrize("vector", [[1.0], [1.0] * 6, [1.0, 2.0, 3.0, 4.0, 1e39]])
def test_a_vector_that_cannot_be_read_is_an_error(shown, vector):
    code = """
        try { model.targets(given, 1).next(); return "read"; } catch (error) { return error.name; }
    """
    assert shown(describer(), code, vector) == "RangeError"


def agree(shown, model, texts=TEXTS, count=3, beam=5, expected_of=None):
    result = shown(model, REWRITE, {"texts": texts, "count": count, "beam": beam})
    looked = getattr(model, "attention", "none") != "none"
    asked = {"attention": True} if looked else {}
    expected = (expected_of or model).predict_best(texts, count, beam=beam, **asked)
    for text, ours, theirs in zip(texts, result, expected, strict=True):
        assert [each["text"] for each in ours] == [each.text for each in theirs], text
        for one, other in zip(ours, theirs, strict=True):
            assert one["pieces"] == other.pieces
            for name in ("score", "probability", "probabilities"):
                np.testing.assert_allclose(one[name], getattr(other, name), atol=1e-4)
            if looked:
                np.testing.assert_allclose(one["attention"], other.attention, atol=1e-4)
    return [each["score"] for best in result for each in best]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("int8", [False, True])
def test_each_cell(shown, cell, int8):
    model = translator(cell=cell, hidden_size=16, layers=2)
    exact = rounded_in_place(model) if int8 else None
    scores = agree(shown, model, expected_of=exact)
    assert len({round(score, 4) for score in scores}) > 3


@pytest.mark.parametrize("attention", ["dot", "additive", "none"])
@pytest.mark.parametrize("order", ["both", "forward", "reversed"])
def test_each_attention_and_order(shown, attention, order):
    agree(shown, translator(attention=attention, order=order, layers=2))


@pytest.mark.parametrize("parts", [(), *((part,) for part in COMPONENTS)])
def test_parts(shown, parts):
    agree(shown, translator(cell="gru", components=parts))


def test_several_heads(shown):
    agree(shown, translator(hidden_size=192, layers=1, lively=0.3), texts=TEXTS[:2])


@pytest.mark.parametrize(
    "units", [("subword", "subword"), ("subword", "character"), ("character", "subword")]
)
def test_units(shown, units):
    agree(shown, translator(units))


@pytest.mark.parametrize(("beam", "count"), [(1, 1), (1, 4), (2, 1), (9, 9)])
def test_beams(shown, beam, count):
    for seed in range(3):
        agree(shown, translator(seed=seed), count=count, beam=beam)


@pytest.mark.parametrize("unit", ["character", "subword"])
def test_loops_are_shut_and_what_becomes_too_long_is_cut(shown, unit):
    """A network that would say one thing for ever."""
    model = translator((unit, unit))
    model.limit_ = LengthLimit(1.0, 20.0)
    with torch.no_grad():
        model.network_.output.bias[[0, 260, 261]] = torch.tensor([-60.0, 30.0, 29.0])
    for count in (1, 3):
        agree(shown, model, texts=["le chat"], count=count, beam=count)
    (best,) = model.predict(["le chat"], beam=1)
    assert len(best) > 8


def test_a_search_goes_on_while_what_is_open_may_be_better(shown):
    """A model that is sure, of which the first to end are no good."""
    words = ["".join(pair) for pair in itertools.product("abcd", repeat=3)] * 4
    model = elman.Translator(
        tokenizer="character", hidden_size=24, layers=1, order="forward", steps=80
    )
    model.fit(words, [word.upper() for word in words])
    agree(shown, model, texts=[*words[:6], "dcba", "a", "aaa bbb"], count=3)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(text=ODD)
def test_odd_texts(shown, odd, text):
    agree(shown, odd, texts=[text], count=2, beam=2)


@pytest.fixture(scope="module", params=["character", "subword"])
def odd(request):
    return translator((request.param, request.param))


def test_searches_of_many_beams_are_the_same(shown):
    """A search is one of its own for each text here, and of all together in Python."""
    assert beams.MAX_PHRASE == 8
    agree(shown, translator(lively=0.2), texts=["a", "le chat", "la reine dit"], count=5)
