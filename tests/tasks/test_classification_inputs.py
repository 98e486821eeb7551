"""What a classifier is given: everything that holds texts and labels, or one line of refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.tasks.classification.inputs import (
    LabelledTexts,
    as_labels,
    index_labels,
    index_labels_as,
    split,
)
from elman.tasks.inputs import as_texts


class Column:
    """Holds values and can be gone through, as a table's column can."""

    def __init__(self, values) -> None:
        self.values = values

    def __iter__(self):
        return iter(self.values)


class AnArray(Column):
    """Can be made an array of, and not be gone through."""

    __iter__ = None

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def refused(ask, *arguments):
    with pytest.raises(InputError) as caught:
        ask(*arguments)
    assert isinstance(caught.value, ValueError)
    assert caught.value.location
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "hold",
    [list, tuple, iter, Column, AnArray, np.array, lambda texts: np.array(texts, dtype=object)],
    ids=["list", "tuple", "iterator", "column", "array", "strings", "objects"],
)
def test_texts_and_labels_in_every_form(hold):
    texts = as_texts(hold(["a", "bc", ""]))
    assert texts == ["a", "bc", ""]
    assert all(type(text) is str for text in texts)
    for values in (["x", "y"], [1, 2], [1.5, 2.5], [True, False]):
        result = as_labels(hold(values), 2)
        assert result == values
        assert {type(each) for each in result} == {type(values[0])}


@pytest.mark.parametrize(
    "texts", ["one", b"one", None, 3, np.array("one"), [1], ["a", None], [b"a"], np.array([["a"]])]
)
def test_what_is_no_list_of_texts_is_refused(texts):
    refused(as_texts, texts)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, "the target y is None"),
        ("ab", "no labels"),
        (3, "no labels"),
        (np.array(3), "no labels"),
        (["a"], "2 texts have 1 labels"),
        (["a", "b", "c"], "2 texts have 3 labels"),
        ([["a"], ["b"]], "of text 1"),
        ([["a"], ["b", "c"]], "of text 1"),
        (np.array([[1], [2]]), "of text 1"),
        (["a", ""], "of text 2"),
        (["a", None], "of text 2"),
        (["a", float("nan")], "of text 2"),
        ([1.0, float("inf")], "of text 2"),
        (["a", b"b"], "of text 2"),
        (["a", "\ud800"], "of text 2"),
        ([1, 1j], "of text 2"),
    ],
    ids=str,
)
def test_what_can_be_no_labels_is_refused(labels, expected):
    assert expected in refused(as_labels, labels, 2)


def test_labels_are_numbered_in_order():
    rows = index_labels(["t", "u", "v"], ["b", "c", "b"])
    assert rows.labels == ["b", "c"]
    assert rows.texts == ["t", "u", "v"]
    assert rows.classes.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("texts", "labels", "expected"),
    [
        ([], [], "no text"),
        (["t", "u"], ["a", "a"], "all 2 texts are of one class, 'a'"),
        (["t", "u"], ["a", 1], "words"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(texts, labels, expected):
    assert expected in refused(index_labels, texts, labels)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ((["t", "u"], ["y", "z"]), "no text has a label that occurs in training, such as 'a'"),
        ((["t"], ["a", "b"]), "1 texts have 2 labels"),
        (("t", ["a"]), "expected several texts"),
        ((["t"],), "expected two lists"),
        (["t", "u", "v"], "expected two lists"),
        (3, "expected two lists"),
    ],
)
def test_what_cannot_be_scored_by_is_refused(pair, expected):
    message = refused(index_labels_as, pair, ["a", "b"], "valid")
    assert expected in message
    assert message.startswith("valid: ")


@given(
    sizes=st.lists(st.integers(1, 60), min_size=2, max_size=5),
    seed=st.integers(0, 99),
    draw=st.randoms(use_true_random=False),
)
def test_a_tenth_of_each_class_is_held_out(sizes, seed, draw):
    classes = [index for index, size in enumerate(sizes) for _ in range(size)]
    draw.shuffle(classes)
    texts = [str(number) for number in range(len(classes))]
    rows = LabelledTexts(texts, np.array(classes), list(range(len(sizes))))
    learned, held = split(rows, seed)
    count = np.bincount(learned.classes, minlength=len(sizes))
    if max(sizes) < 10:
        assert held.texts == learned.texts == rows.texts
        return
    assert sorted(learned.texts + held.texts) == sorted(rows.texts)
    assert count.tolist() == [size - size // 10 for size in sizes]
    for part in (learned, held):
        of_text = {text: classes[int(text)] for text in part.texts}
        assert [of_text[text] for text in part.texts] == part.classes.tolist()
        assert list(map(int, part.texts)) == sorted(map(int, part.texts))
    assert split(rows, seed)[1].texts == held.texts


def test_what_is_held_out_of_many_is_no_more_than_enough():
    rows = LabelledTexts([""] * 50_000, np.arange(50_000) % 2, [0, 1])
    assert len(split(rows, 0)[1].texts) == 2_000


def test_the_seed_draws_what_is_held_out():
    rows = LabelledTexts([str(number) for number in range(100)], np.arange(100) % 2, [0, 1])
    assert split(rows, 0)[1].texts != split(rows, 1)[1].texts


def test_the_content_is_that_of_texts_labels_and_order():
    def content(texts, labels):
        return index_labels(texts, labels).content

    contents = [
        content(["t", "u"], ["a", "b"]),
        content(["t", "v"], ["a", "b"]),
        content(["t", "u"], ["b", "a"]),
        content(["u", "t"], ["b", "a"]),
        content(["t", "u"], ["a", "c"]),
        content(["t", "u"], [0, 1]),
        content(["t", "u"], ["0", "1"]),
    ]
    assert len(set(contents)) == len(contents)
    assert content(("t", "u"), np.array(["a", "b"])) == contents[0]
