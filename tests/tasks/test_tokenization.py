"""Texts as rows of tokens: nothing lost of what is short, both ends of what is long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.tasks.tokenization import ENCODER_TOKENIZERS, LONGEST, encoded, learned_tokenizer
from elman.text.subword_hashing import WordForms, words_of
from elman.text.tokenizers.tokenizer import BOUNDARY

TEXTS = ["the cat sat", "The dog, the cat!", "漢字 für 😀", ""]
TOKENIZERS = {name: learned_tokenizer(name, TEXTS) for name in ENCODER_TOKENIZERS}


@pytest.mark.parametrize("name", ENCODER_TOKENIZERS)
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=4))
def test_every_text_is_a_row_with_something_in_it(name, texts):
    rows = encoded(texts, TOKENIZERS[name]).rows
    assert len(rows) == len(texts)
    assert all(len(row) for row in rows)


@pytest.mark.parametrize("name", ["character", "subword"])
def test_tokens_stand_between_boundaries(name):
    tokenizer = TOKENIZERS[name]
    for text, row in zip(TEXTS, encoded(TEXTS, tokenizer).rows, strict=True):
        assert (row[0], row[-1]) == (BOUNDARY, BOUNDARY)
        assert row[1:-1].tolist() == tokenizer.encode(text).tolist()


def test_words_are_indices_into_forms_that_may_be_shared():
    forms = WordForms(TOKENIZERS["word"])
    first, again = (encoded(TEXTS, TOKENIZERS["word"], forms) for _ in range(2))
    assert first.forms is again.forms is forms
    for text, one, other in zip(TEXTS, first.rows, again.rows, strict=True):
        assert forms.indices(words_of(text) or [""]).tolist() == list(one)
        assert np.array_equal(one, other)


@pytest.mark.parametrize("name", ENCODER_TOKENIZERS)
def test_of_a_long_text_the_first_and_the_last_half_are_read(name):
    tokenizer, longest = TOKENIZERS[name], LONGEST[name]
    text = " ".join(f"{number:x}" for number in range(2 * longest))
    (row,) = encoded([text], tokenizer).rows
    if name == "word":
        whole = WordForms(tokenizer).indices(words_of(text)).tolist()
    else:
        whole = [BOUNDARY, *tokenizer.encode(text).tolist(), BOUNDARY]
    assert len(whole) > longest
    assert row.tolist() == whole[: longest // 2] + whole[-(longest // 2) :]


def test_a_text_of_just_the_longest_is_whole():
    longest = LONGEST["character"]
    (row,) = encoded(["a" * (longest - 2)], TOKENIZERS["character"]).rows
    assert row.tolist() == [
        BOUNDARY,
        *TOKENIZERS["character"].encode("a" * (longest - 2)),
        BOUNDARY,
    ]
