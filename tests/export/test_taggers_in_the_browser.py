"""A tagger in the browser: the same tags as here, legal in every scheme, and as sure of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

import elman
from elman.cells import CELLS
from elman.nn.tagger import LinearTagger
from elman.tasks.tagging.config import built, encoder_of
from elman.text.context_features import features_of
from elman.text.subword_hashing import HashedVocabulary, words_of
from elman.text.tag_vocabulary import TagVocabulary

from .conftest import livened
from .test_texts_in_the_browser import MANY

TAG = "return given.map((text) => model.tag(text));"
TAG_WORDS = "return given.map((words) => model.tagWords(words));"
TEXTS = [
    "Ann saw New York.",
    "",
    " \n ",
    "don't 3.14² İ 漢字 — 👩🏽 'tis \"so\"",
    "Zoë Zoë, new new York? " * 9,
    "x" * 80,
]
SCHEMES = ["plain", "iob1", "bio", "bioes", "bilou"]


def tagger(scheme="bio", labels=("P", "L"), *, seed=0, **sizes):
    """A tagger with weights that no training has touched, and livelier than at first."""
    model = elman.Tagger(**{"hidden_size": 8, "layers": 1, **sizes})
    model.lexicon_ = HashedVocabulary(["ann", "saw", "new", "york", ".", "don't"])
    model.vocabulary_ = TagVocabulary(scheme, sorted(labels))
    reading = encoder_of(model, model.lexicon_)
    torch.manual_seed(seed)
    model.network_ = livened(built(reading, model.vocabulary_, 0.0))
    with torch.no_grad():
        for name in ("start", "pairs", "end"):
            getattr(model.network_.crf, name).normal_()
    model.record_ = {}
    return model


def with_counts(model, buckets=64):
    """The model with a linear model beside its network, of random weights."""
    linear = LinearTagger(buckets, model.network_.crf.allowed)
    with torch.no_grad():
        for weight in linear.parameters():
            weight.normal_()
    model.network_.counts = linear
    return model


def agree(shown, model, texts=TEXTS):
    result = shown(model, TAG, texts)
    words = [words_of(text) for text in texts]
    assert [each["words"] for each in result] == words
    assert [each["tags"] for each in result] == model.predict(words)
    expected = [best[0][1] for best in model.predict_best(words, 1)]
    np.testing.assert_allclose([each["probability"] for each in result], expected, atol=1e-4)
    return result


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("int8", [False, True])
def test_each_cell(shown, cell, int8):
    model = tagger(cell=cell, hidden_size=16, layers=2)
    if int8:
        model.to_int8()
    result = agree(shown, model)
    assert len({tag for each in result for tag in each["tags"]}) > 2


@pytest.mark.parametrize("int8", [False, True])
def test_counts_beside_the_network(shown, int8):
    model = with_counts(tagger("plain", [f"T{number}" for number in range(17)]))
    if int8:
        model.to_int8()
    agree(shown, model)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(texts=MANY)
def test_features_of_odd_words(run, texts):
    words = [words_of(text) for text in texts]
    code = "return given.map((words) => words.map((_, place) => featuresOf(words, place)));"
    assert run("context_features.js", code, words) == list(map(features_of, words))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("labels", [("P", "L"), ("", "P", "x-y"), ("only",)])
def test_each_scheme(shown, scheme, labels):
    if scheme == "plain":
        labels = ("N", "V", *filter(None, labels))
    for seed in range(3):
        agree(shown, tagger(scheme, labels, seed=seed))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_legal_sequence_is_written_as_here(run, scheme):
    vocabulary = TagVocabulary(scheme, ["L", "P"])
    size, rows = len(vocabulary.inner), [[]]
    start, pairs, end = vocabulary.transitions
    for _ in range(4):
        rows += [
            [*row, tag]
            for row in rows
            for tag in range(size)
            if (pairs[row[-1], tag] if row else start[tag])
        ]
    rows = [row for row in map(list, dict.fromkeys(map(tuple, rows))) if row and end[row[-1]]]
    code = (
        "const tags = new TagVocabulary(given.tags); return given.rows.map((r) => tags.decode(r));"
    )
    result = run("tags.js", code, {"tags": vocabulary.to_json(), "rows": rows})
    assert len(rows) > 20
    assert result == [vocabulary.decode(row) for row in rows]


def test_among_tags_that_are_as_good_the_same_is_taken(shown):
    model = tagger("plain", ("A", "B", "C"))
    with torch.no_grad():
        for name, weight in model.network_.named_parameters():
            if name.startswith(("output", "crf")):
                weight.zero_()
    agree(shown, model)


def test_the_best_sequence_may_need_worse_tags(shown):
    """What pairs of tags say outweighs what words say, in both directions of time."""
    model = tagger()
    with torch.no_grad():
        model.network_.crf.pairs.mul_(2)
    agree(shown, model)


@pytest.fixture(scope="module")
def strange():
    return tagger("iob1", ("", "P", "L"))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(texts=MANY)
def test_odd_texts(shown, strange, texts):
    agree(shown, strange, texts)


@pytest.mark.parametrize("words", [["two words", "", " "], ["the"] * 1500])
def test_words_as_they_are_given(shown, strange, words):
    [result] = shown(strange, TAG_WORDS, [words])
    assert [result["tags"]] == strange.predict([words])
