"""The nearest source and the nearest vector, against scikit-learn's plain ways."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from elman.errors import EmptyTextError
from elman.tasks.seq2seq import baseline
from elman.tasks.seq2seq.baseline import NearestSource, NearestVector


def sentences(count, seed):
    generator = np.random.default_rng(seed)
    words = ["le", "la", "chat", "chien", "petit", "grand", "mange", "dort", "une", "pomme"]
    return [" ".join(generator.choice(words, generator.integers(2, 7))) for _ in range(count)]


def test_it_is_the_highest_cosine():
    known, asked = sentences(300, 0), sentences(280, 1)  # more than are answered at once
    targets = [f"target {row}" for row in range(300)]
    memory = NearestSource().fit(known, targets)
    assert memory.name == "nearest source"
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    there = vectors.fit_transform(known)
    cosines = cosine_similarity(vectors.transform(asked), there)
    answered = [int(answer.split()[1]) for answer in memory.answers(asked)]
    rows = np.arange(len(asked))
    assert cosines[rows, answered] == pytest.approx(cosines.max(axis=1), abs=1e-5)
    twice = NearestSource().fit(known * 2, targets + ["later"] * 300)
    assert "later" not in twice.answers(asked), "of sources equally near the first is taken"


def test_what_shares_nothing_has_the_commonest_target():
    memory = NearestSource().fit(["chat", "chien", "oiseau"], ["cat", "pet", "pet"])
    assert memory.answers(["日本語", "", "chatte"]) == ["pet", "pet", "cat"]
    assert NearestSource().fit(["", ""], ["a", "b"]).answers(["x"]) == ["a"]
    assert memory.answers([]) == []


def test_of_very_many_sources_the_last_are_kept(monkeypatch):
    monkeypatch.setattr(baseline, "MAX_SOURCES", 3)
    memory = NearestSource().fit(["chat", "chien", "oiseau", "poisson"], list("abcd"))
    assert memory.name == "nearest source, of the last 3"
    assert memory.answers(["chien", "poisson", "chat"]) == ["b", "d", "b"]


def test_an_ngram_of_very_many_sources_is_ignored(monkeypatch):
    monkeypatch.setattr(baseline, "MAX_HOLDERS", 2)
    known = ["le chat", "le chien", "le loup", "le chat-huant"]
    memory = NearestSource().fit(known, list("abcc"))
    assert memory.answers(["le", "le chien"]) == ["c", "b"]
    assert NearestSource().fit(["le"] * 3, list("abb")).answers(["le"]) == ["b"]


def test_the_nearest_vector():
    images, names = load_digits(return_X_y=True)
    known, asked = images[:1500].astype(np.float32), images[1500:].astype(np.float32)
    targets = [str(name) for name in names[:1500]]
    result = NearestVector().fit(known, targets).answers(asked)
    distances = ((asked[:, None].astype(float) - known[None].astype(float)) ** 2).sum(axis=2)
    assert result == [targets[row] for row in distances.argmin(axis=1)]
    assert NearestVector.name == "nearest vector"


@pytest.mark.parametrize("baseline", [NearestSource, NearestVector])
def test_another_number_of_targets_or_none(baseline):
    with pytest.raises(ValueError, match="targets or references"):
        baseline().fit(np.ones((2, 1)) if baseline is NearestVector else ["a", "b"], ["a"])
    with pytest.raises(EmptyTextError):
        baseline().fit([], [])
