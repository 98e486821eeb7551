"""Features of words in context: their number, their reach, and hashes that repeat nothing twice."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.text.context_features import FEATURES, REACH, ContextHasher, features_of

SENTENCES = st.lists(st.lists(st.text(max_size=6), max_size=9), max_size=4)


@given(SENTENCES)
def test_rows_are_the_hashes_of_the_features(sentences):
    hasher = ContextHasher()
    for words in sentences:
        expected = [
            [zlib.crc32(each.encode("utf-8", "replace")) for each in row]
            for row in features_of(words)
        ]
        rows = hasher.rows(words)
        assert rows.shape == (len(words), FEATURES)
        assert rows.tolist() == expected


def test_features_say_what_they_are_of():
    [_, row, _] = features_of(["In", "Paris", "42"])
    assert len(set(row)) == FEATURES
    for each in (
        "word[0]=paris",
        "shape[0]= Xx",
        "prefix2=pa",
        "suffix3=ris",
        "word[-1]=in",
        "shape[1]= d",
        "word[-2]=",
        "words[-1]=in paris",
        "shapes[1]= Xx  d",
    ):
        assert each in row


@pytest.mark.parametrize("changed", range(9))
def test_a_word_reaches_only_its_neighbours(changed):
    words = [f"w{number}" for number in range(9)]
    before = np.array(features_of(words))
    words[changed] = "other"
    differs = (before != np.array(features_of(words))).any(1)
    assert differs.tolist() == [abs(place - changed) <= REACH for place in range(9)]
