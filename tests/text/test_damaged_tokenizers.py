"""A vocabulary from a file is not trusted: malformed values raise ModelFileError."""

from __future__ import annotations

from typing import Any

import pytest

from elman.errors import ModelFileError
from elman.text.tokenizers.table import TOKENIZERS, tokenizer_from_json

ENDING = ". The file is damaged, or not a model of this version"


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (None, "tokenizer None is not one of character, word, subword"),
        ([], "tokenizer None is not one of character, word, subword"),
        ({"name": ["word"]}, "tokenizer ['word'] is not one of character, word, subword"),
        ({"name": "os.system"}, "tokenizer 'os.system' is not one of character, word, subword"),
        ({"name": "character"}, "a character vocabulary has the fields name, characters"),
        (
            {"name": "character", "characters": "ab", "more": 1},
            "a character vocabulary has the fields name, characters",
        ),
        ({"name": "character", "characters": ["a"]}, "characters should be a str, not a list"),
        (
            {"name": "character", "characters": "ba"},
            "its characters are not in rising order, each once",
        ),
        (
            {"name": "character", "characters": "aa"},
            "its characters are not in rising order, each once",
        ),
        ({"name": "character", "characters": "a\ud800"}, "it holds a lone surrogate"),
        ({"name": "word", "tokens": "abc"}, "tokens should be a list, not a str"),
        ({"name": "word", "tokens": ["a", 1]}, "a token is not a text of 1 to 100 characters"),
        ({"name": "word", "tokens": [""]}, "a token is not a text of 1 to 100 characters"),
        ({"name": "word", "tokens": [" "]}, "a token is not a text of 1 to 100 characters"),
        ({"name": "word", "tokens": ["a" * 101]}, "a token is not a text of 1 to 100 characters"),
        ({"name": "word", "tokens": ["a", "a"]}, "a token occurs twice"),
        ({"name": "word", "tokens": ["\udfff"]}, "a token holds a lone surrogate"),
        ({"name": "subword", "merges": {}}, "merges should be a list, not a dict"),
        ({"name": "subword", "merges": [[1, 2], "ab"]}, "merge 2 is not a pair"),
        ({"name": "subword", "merges": [[1, 2, 3]]}, "merge 1 is not a pair"),
        ({"name": "subword", "merges": [[1, True]]}, "merge 1 is not of two tokens"),
        ({"name": "subword", "merges": [[1, 2.0]]}, "merge 1 is not of two tokens"),
        ({"name": "subword", "merges": [[0, 1]]}, "merge 1 is of tokens that do not exist yet"),
        ({"name": "subword", "merges": [[-1, 1]]}, "merge 1 is of tokens that do not exist yet"),
        ({"name": "subword", "merges": [[257, 1]]}, "merge 1 is of tokens that do not exist yet"),
        ({"name": "subword", "merges": [[1, 2], [1, 2]]}, "merge 2 occurs twice"),
        (
            # Each doubles the one before: 60 of them would make a token of 10^18 bytes.
            {"name": "subword", "merges": [[1, 1], *([n, n] for n in range(257, 320))]},
            "merge 7 makes a token of more than 100 bytes",
        ),
    ],
)
def test_a_damaged_vocabulary_is_refused(value: Any, cause: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        tokenizer_from_json(value)
    assert str(caught.value) == f"vocabulary: {cause}{ENDING}"


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_tokenizer_is_not_read_as_another(name: str) -> None:
    other = next(each for each in TOKENIZERS if each != name)
    value = TOKENIZERS[name].learn(["some text"]).to_json() | {"name": other}
    with pytest.raises(ModelFileError):
        tokenizer_from_json(value)


def test_merges_that_make_the_same_bytes_are_one_token() -> None:
    a, b, c = (1 + byte for byte in b"abc")
    # a+b, b+c, then abc in two ways.
    tokenizer = tokenizer_from_json(
        {"name": "subword", "merges": [[a, b], [b, c], [257, c], [a, 258]]}
    )
    assert tokenizer.size == 260
    assert tokenizer.decode([259]) == "abc"
    assert tokenizer.decode(tokenizer.encode("abcab")) == "abcab"
