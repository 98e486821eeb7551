"""One side of a rewriting: texts as tokens, tokens as text again, whatever the tokens are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.tasks.seq2seq.text_codec import (
    CHARACTERS_A_SUBWORD,
    CODEC_TOKENIZERS,
    MAX_SUBWORDS,
    TextCodec,
    choose_tokenizer,
)
from elman.text.tokenizers.subwords import Subwords
from elman.text.tokenizers.table import TOKENIZERS
from elman.text.tokenizers.tokenizer import BOUNDARY, FIRST_OWN

TEXTS = ["the cat sat on the mat", "the dog sat too", "Ein großer Hund!", "漢字 😀"] * 100
SIDES = {name: TextCodec.learn(name, TEXTS) for name in CODEC_TOKENIZERS}

every_side = pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
any_text = st.text(st.characters(codec="utf-8", exclude_characters="\ufffd"), max_size=30)


@every_side
@given(text=any_text)
def test_a_text_comes_back_but_for_space_around_it(side, text):
    tokens = side.encode(text)
    assert tokens[-1] == BOUNDARY
    assert BOUNDARY not in tokens[:-1]
    assert side.decode(tokens) == side.decode(tokens[:-1]) == text.strip()


@every_side
@given(data=st.data())
def test_whatever_the_tokens_are_nothing_unknown_is_written(side, data):
    tokens = data.draw(st.lists(st.integers(0, side.tokenizer.size - 1), max_size=20))
    text, pieces = side.decode(tokens), side.pieces(tokens)
    assert "\ufffd" not in text
    assert len(pieces) == len(tokens)
    assert "".join(pieces).strip() == text


@every_side
def test_texts_are_rows(side):
    rows = side.examples(TEXTS[:4]).rows
    assert [row.tolist() for row in rows] == [side.encode(text).tolist() for text in TEXTS[:4]]


def test_a_first_word_is_the_same_subword_as_within_a_text():
    side = SIDES["subword"]
    assert side.encode("the")[0] == side.encode("on the")[-2]


def test_the_last_byte_of_a_character_writes_it():
    side = SIDES["character"]
    assert side.pieces(side.encode("é")) == ["", "é", ""], "no character of its own"
    assert side.pieces(side.encode("漢")) == ["漢", ""]


def test_more_text_has_more_subwords(monkeypatch):
    """How many are asked for; that many are not to be found in so few words."""
    asked = []

    class Asked(Subwords):
        @classmethod
        def learn(cls, _, *, size=None):
            asked.append(size - FIRST_OWN)
            return super().learn(["x"], size=FIRST_OWN)

    monkeypatch.setitem(TOKENIZERS, "subword", Asked)
    sizes = [10, 600, 7000, 1000 * CHARACTERS_A_SUBWORD, 2 * MAX_SUBWORDS * CHARACTERS_A_SUBWORD]
    for size in sizes:
        TextCodec.learn("subword", ["x" * size])
    assert asked == sorted(asked)
    assert asked[-2:] == [1000, MAX_SUBWORDS]


@pytest.mark.parametrize(
    ("texts", "tokenizer"),
    [
        (["corps", "but"], "character"),
        (["K AO R", "B AH T"], "subword"),
        (["こんにちは世界", "世界"], "character"),
        (["", "one", "two words", "three words here"], "subword"),
        (["one", "two", "three words here"], "character"),
    ],
)
def test_the_tokenizer_that_suits(texts, tokenizer):
    assert choose_tokenizer(texts) == tokenizer
