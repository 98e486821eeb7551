"""The hashed vocabulary: ids of frequent words and n-grams of all words."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import ModelFileError
from elman.text import subword_hashing as hashing_module
from elman.text.subword_hashing import (
    BUCKETS,
    MAX_WORD_LENGTH,
    NO_WORD,
    HashedVocabulary,
    WordForms,
    ngrams,
    shape,
    words_of,
)

words = st.text(st.sampled_from("abAB1.é漢\ud800"), max_size=8)
rows = st.lists(st.lists(words, min_size=1, max_size=6), min_size=1, max_size=5)


# Lexicon


def test_frequent_words_have_numbers_by_their_rank():
    vocabulary = HashedVocabulary.learn([["b", "A", "c"], ["a", "B", "a"]])
    assert vocabulary.words == ["a", "b"]
    assert vocabulary.size == 3
    assert [vocabulary.id_of(word) for word in ("a", "A", "B", "c", "")] == [1, 1, 2, 0, 0]


def test_the_number_of_steps():
    texts = [["x", "y"], ["x"], ["x"]]
    assert HashedVocabulary.learn(texts, min_count=1).words == ["x", "y"]
    assert HashedVocabulary.learn(texts, min_count=3).words == ["x"]
    assert HashedVocabulary.learn(texts, min_count=4).words == []
    assert HashedVocabulary.learn([]).size == 1


def test_there_is_a_largest(monkeypatch):
    monkeypatch.setattr(hashing_module, "MAX_WORDS", 2)
    assert HashedVocabulary.learn([["c", "b", "a", "b"] * 2]).words == ["b", "a"]


@given(texts=rows)
def test_it_is_plain_data_and_back(texts):
    vocabulary = HashedVocabulary.learn(texts, min_count=1)
    if "" in vocabulary.words:
        return
    back = HashedVocabulary.from_json(vocabulary.to_json())
    assert back.words == vocabulary.words
    assert all(back.id_of(word) == vocabulary.id_of(word) for text in texts for word in text)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"name": "word"},
        {"name": "words", "words": [], "buckets": 256},
        {"name": "word", "words": ["a", "a"], "buckets": 256},
        {"name": "word", "words": ["a", ""], "buckets": 256},
        {"name": "word", "words": ["a", 3], "buckets": 256},
        {"name": "word", "words": ["a"], "buckets": 256, "more": 1},
        {"name": "word", "words": [str(number) for number in range(50_001)], "buckets": 256},
    ],
)
def test_anything_else_is_damage(value):
    with pytest.raises(ModelFileError):
        HashedVocabulary.from_json(value)


# Words and their n-grams


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat.", ["The", "cat", "sat", "."]),
        ("  don't\n stop!", ["don't", "stop", "!"]),
        ("", []),
        (" \n\t", []),
        ("a\ud800b", ["a", "\ufffd", "b"]),
    ],
)
def test_a_text_is_its_words_and_marks(text, expected):
    assert words_of(text) == expected


@given(text=st.text(max_size=40))
def test_no_word_holds_or_is_white_space(text):
    result = words_of(text)
    assert all(word.strip() == word and word for word in result)
    expected = "".join(text.split()).encode("utf-8", "replace").decode()
    assert len("".join("".join(result).split())) == len(expected)


@pytest.mark.parametrize(
    ("word", "kinds"),
    [
        ("Paris", "Xx"),
        ("NASA", "X"),
        ("3.14", "d.d"),
        ("iPhone7s", "xXxdx"),
        ("...", "."),
        ("漢字", "x"),
        ("--a--", "-x-"),
        ("", ""),
    ],
)
def test_the_shape_of_a_word(word, kinds):
    assert shape(word) == " " + kinds


def bucket_of(gram):
    return zlib.crc32(gram.encode()) % BUCKETS


def test_the_ngrams_of_a_word():
    grams = ["<a", "ab", "b>", "<ab", "ab>", "<ab>", " Xx"]
    assert sorted(ngrams("Ab", BUCKETS)) == sorted(map(bucket_of, grams))
    assert ngrams("", BUCKETS) == [bucket_of("<>"), bucket_of(" ")]


@given(word=words)
def test_case_is_the_shapes_affair(word):
    result, lower = ngrams(word, BUCKETS), ngrams(word.lower(), BUCKETS)
    assert result[:-1] == lower[:-1]
    assert all(0 <= index < BUCKETS for index in result)
    assert (result[-1] == lower[-1]) == (shape(word) == shape(word.lower()))


def test_of_a_long_word_its_ends_are_read():
    word = "a" * 15 + "b" * 1000 + "c" * 15
    assert ngrams(word, BUCKETS) == ngrams("a" * 15 + "c" * 15, BUCKETS)
    assert len(ngrams("ab" * 500_000, 256)) == len(ngrams("a" * MAX_WORD_LENGTH, 256))


@pytest.mark.parametrize(("count", "least", "most"), [(0, 256, 256), (50, 256, 2048)])
def test_few_words_have_few_buckets(count, least, most):
    learned = HashedVocabulary.learn([[f"word{number}" for number in range(count)]])
    assert least <= learned.buckets <= most
    assert HashedVocabulary.from_json(learned.to_json()).buckets == learned.buckets


def test_many_words_share_the_most_buckets():
    learned = HashedVocabulary.learn([[f"word{number}" for number in range(6_000)]])
    assert learned.buckets == BUCKETS


@pytest.mark.parametrize("buckets", [0, 128, 300, 2 * BUCKETS])
def test_other_buckets_are_refused(buckets):
    with pytest.raises(ModelFileError, match="power of two"):
        HashedVocabulary.from_json({"name": "word", "words": ["a"], "buckets": buckets})


# Forms


@given(texts=rows)
def test_each_word_is_found_where_it_was_put(texts):
    vocabulary = HashedVocabulary.learn(texts)
    forms = WordForms(vocabulary)
    placed = [forms.indices(text) for text in texts]
    distinct = {word for text in texts for word in text}
    assert len(forms) == len(distinct)
    assert all(
        (forms.indices(text) == indices).all() for text, indices in zip(texts, placed, strict=True)
    )
    assert len(forms) == len(distinct)

    several = np.concatenate(placed)
    among, result = forms.look_up(several)
    assert len(result.ids) == len(result.starts) == len(np.unique(several))
    ends = [*result.starts[1:].tolist(), len(result.ngrams)]
    for word, index in zip([word for text in texts for word in text], among, strict=True):
        assert result.ids[index] == vocabulary.id_of(word)
        its = slice(result.starts[index], ends[index])
        assert result.ngrams[its].tolist() == ngrams(word, vocabulary.buckets)
        *grams, shape_weight = result.weights[its].tolist()
        assert np.square(grams).sum() == pytest.approx(1)
        assert len(set(grams)) == shape_weight == 1
    assert (result.indices[among] == several).all()


def test_indices_of_any_shape_are_looked_up():
    forms = WordForms(HashedVocabulary(["b"]))
    indices = forms.indices(["a", "b", "a", "c"])
    assert indices.tolist() == [0, 1, 0, 2]
    among, result = forms.look_up(indices[2:].reshape(1, 2))
    assert among.tolist() == [[0, 1]]
    assert result.indices.tolist() == [0, 2]
    assert result.ids.tolist() == [NO_WORD, NO_WORD]
