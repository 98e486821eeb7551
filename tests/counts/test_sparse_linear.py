"""A sparse linear model of texts: its features, its sums, its bounds."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.counts.sparse_linear import MAX_FEATURES, SparseLinear
from elman.text.subword_hashing import ngram_hashes, words_of

TEXTS = ["a warm film", "a cold film", "warm, warm and funny", "cold and dull", "Warm!", "dull"] * 5
TARGET = np.array([1, 0, 1, 0, 1, 0] * 5)
THREE = np.array([1, 0, 1, 0, 2, 0] * 5)
WORDS = st.sampled_from(["warm", "cold", "a", "film", "Film", ",", "dull", "unseen", "漢字", "é"])


def fitted(target=TARGET, **bounds):
    bounds = {"max_bytes": 10**6, "max_products": 10**9, **bounds}
    return SparseLinear.fit(TEXTS, target, int(target.max()) + 1, **bounds)


@pytest.fixture(scope="module")
def model():
    return fitted(THREE)


def by_hand(model, text):
    """The formula of the module, feature by feature."""
    words = [b"\n" + word.lower().encode() for word in words_of(text)]
    pairs = [one + other for one, other in zip([b"\n", *words], words, strict=False)]
    of_words = {zlib.crc32(key) & ~1 for key in words + pairs}
    of_characters = {hashed | 1 for word in words_of(text) for hashed in ngram_hashes(word)}
    rows = {key & 0xFFFFFFFF: row for row, key in enumerate(model.keys.tolist())}
    total = model.bias.astype(float)
    for features in (of_words, of_characters if model.characters else set()):
        known = [rows[feature] for feature in features if feature in rows]
        if known:
            total = total + model.weights[known].sum(0) / np.sqrt(len(known))
    return total


@settings(deadline=None, max_examples=50)
@given(words=st.lists(WORDS, max_size=8))
def test_the_score_is_the_formula(model, words):
    text = " ".join(words)
    assert model.scores([text])[0] == pytest.approx(by_hand(model, text), abs=1e-5)


@settings(deadline=None, max_examples=50)
@given(texts=st.lists(st.lists(WORDS, min_size=1, max_size=6), min_size=1, max_size=3))
def test_word_by_word_the_scores_are_those_of_the_whole(model, texts):
    state = model.start(len(texts))
    for step in range(max(map(len, texts))):
        state = model.advance([" ".join(words[step : step + 1]) for words in texts], state)
    whole = model.scores([" ".join(words) for words in texts])
    np.testing.assert_allclose(model.running(state), whole, atol=1e-5)


def test_what_the_words_add_sums_to_the_scores(model):
    words = words_of("a warm film, warm and cold")
    added = model.contributions(model.states(words))
    assert added.shape == (len(words), 3)
    expected = model.scores(["a warm film, warm and cold"])[0] - model.bias
    np.testing.assert_allclose(added.sum(0), expected, atol=1e-5)
    assert added.any()


@pytest.mark.parametrize("target", [TARGET, THREE], ids=["two classes", "three"])
def test_it_learns_which_words_matter(target):
    model = fitted(target)
    assert (model.scores(TEXTS).argmax(1) == target).all()
    assert model.scores(["what a warm evening"])[0].argmax() == 1


def test_its_size_is_bounded():
    whole, small = fitted(), fitted(max_bytes=60)
    assert len(small.keys) <= 60 // 6 < len(whole.keys) <= MAX_FEATURES
    kept = np.isin(whole.keys, small.keys)
    assert kept.sum() == len(small.keys)
    strength = np.abs(whole.weights).sum(1)
    assert strength[kept].mean() > strength[~kept].mean()


def test_with_little_work_allowed_fewer_texts_are_counted():
    total = sum(map(len, TEXTS))
    assert fitted(max_products=5 * total).characters
    words = fitted(max_products=total)
    assert not words.characters
    few = fitted(max_products=1)
    assert 0 <= len(few.keys) < len(words.keys)


def test_of_texts_without_a_shared_word_nothing_is_known():
    model = SparseLinear.fit(["xyz", "..."], np.array([0, 1]), 2, max_bytes=99, max_products=10**9)
    assert model.scores(["anything", ""]).tolist() == [[0, 0], [0, 0]]
    assert model.running(model.advance(["word"], model.start(1))).tolist() == [[0, 0]]


def test_the_same_texts_give_the_same_weights():
    one, other = fitted(THREE), fitted(THREE)
    assert (one.keys == other.keys).all()
    assert (one.steps == other.steps).all()


def test_a_class_can_weigh_more():
    rare = np.array([1, 0, 0, 0, 0, 0] * 5)  # "a warm film", against "warm, warm and funny"
    plain = fitted(rare).scores(["warm"])
    heavier = fitted(rare, class_weights=np.array([1, 20], dtype=np.float32)).scores(["warm"])
    assert heavier[0, 1] > plain[0, 1]


def test_a_text_of_double_weight_counts_as_the_margins_of_two():
    """The objective of the solver is a sum over texts: a class weighs as its texts."""
    of_class = np.array([1, 3], dtype=np.float32)
    target = np.array([1, 0, 0, 0, 0, 0] * 5)
    by_class = fitted(target, class_weights=of_class)
    by_text = fitted(target, sample_weights=of_class[target])
    np.testing.assert_array_equal(by_class.steps, by_text.steps)
    np.testing.assert_allclose(by_class.scale, by_text.scale)
