"""Describer: vectors in, their descriptions out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reviews import same_weights
from sklearn.base import clone

import elman
from elman.data.cache import Cache
from elman.errors import InputError, NotFittedError, SettingError
from elman.tasks.description.inputs import DescribedVectors, split
from elman.tasks.seq2seq.config import RECIPES

WIDTH = 4
NAMES = ["nought", "one", "two", "three"]


def numbers(count: int, seed: int = 0):
    """Vectors of which one number stands out; the description names it."""
    generator = np.random.default_rng(seed)
    indices = generator.integers(0, WIDTH, count)
    vectors = generator.normal(0, 0.2, (count, WIDTH)).astype(np.float32)
    vectors[np.arange(count), indices] += 2
    return 50 * vectors + 1000, [NAMES[index] for index in indices.tolist()]


VECTORS, SAID = numbers(400)

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


def small(**changes) -> elman.Describer:
    return elman.Describer(**{"hidden_size": 8, "layers": 1, "steps": 6, **changes})


@pytest.fixture(scope="module")
def toy():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "vector", dataclasses.replace(RECIPES["vector"], learning_rate=1e-2))
        return small(hidden_size=24, steps=120, dropout=0.0).fit(VECTORS, SAID)


@pytest.fixture(scope="module")
def quick():
    return small().fit(VECTORS, SAID)


def test_it_learns_the_toy(toy):
    vectors, descriptions = numbers(100, seed=1)
    for beam in (1, 5):
        result = toy.predict(vectors, beam=beam)
        assert np.mean([a == b for a, b in zip(result, descriptions, strict=True)]) > 0.9
    assert 0.9 < toy.score(vectors, descriptions) <= 1
    assert toy.score(vectors, descriptions[::-1]) < 0.8


def test_vectors_side_by_side_are_described_as_each_alone(toy):
    together = toy.predict_best(VECTORS[:5], count=2)
    for row, best in enumerate(together):
        (alone,) = toy.predict_best(VECTORS[row : row + 1], count=2)
        assert [each.text for each in best] == [each.text for each in alone]


def test_the_same_seed_and_steps_make_the_same_weights(quick):
    assert same_weights(quick, clone(quick).fit(VECTORS.tolist(), np.array(SAID)))
    assert not same_weights(quick, small(seed=1).fit(VECTORS, SAID))


def test_others_can_be_held_out_by_hand(quick):
    learned, held = split(DescribedVectors(VECTORS, SAID), 0)
    assert (len(learned[1]), len(held[1])) == (360, 40)
    assert same_weights(quick, small().fit(*learned, valid=held))


def test_habits(quick):
    again = clone(quick)
    assert again.get_params() == quick.get_params()
    with pytest.raises(NotFittedError):
        again.predict(VECTORS)
    assert quick.n_features_in_ == WIDTH
    assert quick.describe()["vector"] == WIDTH
    assert quick.describe()["task"] == "describe"
    assert repr(quick) == "Describer(hidden_size=8, layers=1, steps=6)"


@pytest.mark.parametrize(
    "change", [{"tokenizer": "word"}, {"cell": "x"}, {"dropout": 1.0}], ids=str
)
def test_a_setting_out_of_range_is_named(change):
    with pytest.raises(SettingError) as caught:
        small(**change).fit(VECTORS, SAID)
    assert caught.value.location == next(iter(change))


def test_what_it_learned_from_is_known_again(tmp_path, quick):
    cache = Cache(tmp_path / "cache")
    assert quick.keep_training(VECTORS, SAID, cache=cache)
    assert not quick.keep_training(VECTORS + 1, SAID, cache=cache)
    contents = [DescribedVectors(VECTORS[:1], [text]).content for text in "ab"]
    assert contents[0] != contents[1]


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(
        st.lists(finite, min_size=WIDTH, max_size=WIDTH),
        min_size=1,
        max_size=2,
    )
)
def test_any_finite_numbers_have_a_description(quick, rows):
    for best in quick.predict_best(rows, count=1, beam=2):
        assert np.isfinite(best[0].score)
        assert "\ufffd" not in best[0].text


def test_columns_that_never_vary_are_of_no_weight():
    vectors = np.hstack([VECTORS, np.full((len(VECTORS), 2), [0.1, 0.0], dtype=np.float32)])
    model = small().fit(vectors, SAID)
    assert np.isfinite(model.record_["valid_loss"])
    moved = vectors.copy()
    moved[:, WIDTH:] = [-5, 1e30]
    assert [best[0] for best in model.predict_best(moved[:9], 1)] == [
        best[0] for best in model.predict_best(vectors[:9], 1)
    ]


def with_value(value):
    vectors = VECTORS[:3].copy()
    vectors[1, 2] = value
    return vectors


@pytest.mark.parametrize(
    ("vectors", "named"),
    [
        (with_value(np.nan), "row 2, column 3 (from 1) is NaN"),
        (with_value(np.inf), "row 2, column 3 (from 1) is infinite"),
        (np.full((3, WIDTH), 1e39), "infinite, or too large"),
        (VECTORS[:3, :3], "vectors have 3 dimensions; the model was trained on 4"),
        (VECTORS[0], "not one of rows and columns"),
        ([[1.0] * 4, [1.0] * 3], "rows of different lengths"),
        ([["a"] * 4] * 3, "not of floating-point numbers or integers"),
        (np.zeros((0, WIDTH)), "no vectors"),
        (VECTORS[:3] * 1j, "not of floating-point numbers or integers"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_what_are_no_such_vectors_is_refused(quick, vectors, named):
    for ask in (quick.predict, lambda its: quick.score(its, SAID[:3])):
        with pytest.raises(InputError) as caught:
            ask(vectors)
        assert named in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.hint
    if "dimensions" not in named:
        with pytest.raises(InputError):
            small().fit(vectors, SAID[:3])


@pytest.mark.parametrize(
    ("descriptions", "named"),
    [
        (SAID[:2], "3 vectors, but 2 descriptions"),
        (["a", " ", "b"], "number 2 is empty"),
        (["a", 2, "b"], "number 2 is not text but int"),
        ("one text", "expected several texts, found one"),
    ],
)
def test_descriptions_that_do_not_go_with_them_are_refused(descriptions, named):
    with pytest.raises(InputError, match=named) as caught:
        small().fit(VECTORS[:3], descriptions)
    assert caught.value.location == "descriptions"


def test_one_vector_is_too_few():
    with pytest.raises(InputError):
        small().fit(VECTORS[:1], SAID[:1])


def test_held_out_vectors_are_as_wide():
    with pytest.raises(InputError, match="have 3 dimensions"):
        small().fit(VECTORS, SAID, valid=(VECTORS[:2, :3], SAID[:2]))
