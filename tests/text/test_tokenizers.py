"""The invariant of every tokenizer: decoding inverts encoding, for any cuts and any script."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from elman.errors import SettingError
from elman.text.files import TextSource
from elman.text.tokenizers.characters import Characters
from elman.text.tokenizers.subwords import Subwords
from elman.text.tokenizers.table import TOKENIZERS, tokenizer_from_json
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.text.tokenizers.words import Words

SAMPLE = (
    "He message, \"I don't know (yet); it's a well-known 'fact'.\"\n\n"
    "In 1990, 3.5 % of it -- 'tis so... — was $5!\tTab, and  two spaces.\n"
    "L'été à Zürich; ¿qué? «ça» 漢字かな交じり文。 Привет, мир! हिन्दी में 😀👩‍💻 e\u0301\n"
) * 3

TOKENIZERS_LEARNED: list[Tokenizer] = [
    *(tokenizer.learn([SAMPLE]) for tokenizer in TOKENIZERS.values()),
    # Vocabularies of the least size, in which nearly everything is spelled.
    Characters.learn([SAMPLE], size=257),
    Words.learn([SAMPLE], size=262),
    Subwords.learn([SAMPLE], size=270),
]

tokenizers = pytest.mark.parametrize(
    "tokenizer", TOKENIZERS_LEARNED, ids=lambda tokenizer: f"{tokenizer.name}-{tokenizer.size}"
)

_PIECES = [
    *"ab1 '\"-.,;()[]\n\t$#—…«»“”‘’。漢é\u0301\u00a0\u200d😀🏽_*/\\",
    "don't",
    "ab",
    "  ",
    "-- ",
]
texts = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=20).map("".join),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=30),
)


@tokenizers
@given(text=texts)
@example("")
@example(SAMPLE)
@example("a" * 300)
@example("\ufeff\0\x7f\u2028\U0010ffff")
@example("\x7f\x80\u07ff\u0800\uffff\U00010000")  # where UTF-8 grows by a byte
@example('an "open quote\n"a" new line "ends"')
@example("a,' b '' c ''d .'' e ' 'f")
@settings(max_examples=80, deadline=None)
def test_decoding_inverts_encoding(tokenizer: Tokenizer, text: str) -> None:
    tokens = tokenizer.encode(text)
    assert tokens.dtype == np.int32
    assert tokens.ndim == 1
    assert BOUNDARY not in tokens
    assert tokenizer.decode(tokens) == text


@tokenizers
@given(text=texts)
@settings(max_examples=40, deadline=None)
def test_one_token_at_a_time_is_the_same(tokenizer: Tokenizer, text: str) -> None:
    decoder = tokenizer.decoder()
    for _ in range(2):  # after finish, a decoder is as new
        pieces = [decoder.feed(token) for token in tokenizer.encode(text).tolist()]
        assert "".join(pieces) + decoder.finish() == text


@tokenizers
@given(left=texts, right=texts)
@example('"a', '"b')
@example("o'", "'tis")
@settings(max_examples=60, deadline=None)
def test_texts_cut_anywhere_meet_at_a_seam(tokenizer: Tokenizer, left: str, right: str) -> None:
    tokens = [*tokenizer.encode(left), *tokenizer.seam, *tokenizer.encode(right)]
    assert tokenizer.decode(tokens) == left + right


@tokenizers
@given(lines=st.lists(texts.map(lambda text: text + "\n"), max_size=5))
@settings(max_examples=30, deadline=None)
def test_texts_cut_after_lines_need_no_seam(tokenizer: Tokenizer, lines: list[str]) -> None:
    tokens = [token for line in lines for token in tokenizer.encode(line)]
    assert tokenizer.decode(tokens) == "".join(lines)


@tokenizers
@given(text=texts, size=st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_the_chunks_of_a_source_give_the_whole_text(
    tokenizer: Tokenizer, text: str, size: int
) -> None:
    text = text.replace("\r", "\n").removeprefix("\ufeff") + "\nlast"
    (document,) = TextSource.from_texts([text], chunk_size=size).documents()
    tokens: list[int] = []
    after_line = True
    for chunk in document.chunks():
        tokens += [*(() if after_line else tokenizer.seam), *tokenizer.encode(chunk)]
        after_line = chunk.endswith("\n")
    assert tokenizer.decode(tokens) == text


@tokenizers
@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_any_tokens_decode_without_an_exception(tokenizer: Tokenizer, data: st.DataObject) -> None:
    # Bytes are picked often enough to make runs that are no UTF-8.
    token = st.one_of(st.integers(0, tokenizer.size - 1), st.integers(120, 262))
    tokens = data.draw(st.lists(token.filter(lambda each: each < tokenizer.size), max_size=20))
    decoder = tokenizer.decoder()
    text = tokenizer.decode(tokens)
    assert "".join(map(decoder.feed, tokens)) + decoder.finish() == text
    text.encode()  # no lone surrogates


@tokenizers
def test_invalid_utf8_is_replaced(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode([1 + 0xE9, 1 + ord("a")]).replace(" ", "") == "\ufffda"
    assert tokenizer.decode([1 + 0xE2, 1 + 0x82]) == "\ufffd"


@tokenizers
def test_lone_surrogates_become_replacement_characters(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode("a \ud800 b\udfff")) == "a \ufffd b\ufffd"


@tokenizers
@pytest.mark.parametrize("wrong", [-1, 10**6])
def test_a_token_that_does_not_exist_is_refused(tokenizer: Tokenizer, wrong: int) -> None:
    with pytest.raises(
        ValueError, match=f"token {wrong} is not in a vocabulary of {tokenizer.size}"
    ):
        tokenizer.decode([1, wrong])


@tokenizers
def test_a_tokenizer_survives_json(tokenizer: Tokenizer) -> None:
    again = tokenizer_from_json(json.loads(json.dumps(tokenizer.to_json())))
    assert type(again) is type(tokenizer)
    assert again.size == tokenizer.size
    assert again.fingerprint == tokenizer.fingerprint
    assert again.encode(SAMPLE).tolist() == tokenizer.encode(SAMPLE).tolist()


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
@pytest.mark.parametrize("size", [257 + 5, 300])
def test_size_is_a_limit(tokenizer: type[Tokenizer], size: int) -> None:
    assert tokenizer.learn([SAMPLE], size=size).size <= size


@pytest.mark.parametrize(("name", "least"), [("character", 257), ("word", 261), ("subword", 257)])
def test_a_size_without_room_is_refused(name: str, least: int) -> None:
    with pytest.raises(SettingError) as caught:
        TOKENIZERS[name].learn(["text"], size=least - 1)
    message = f"size: {least - 1} tokens are too few. The {name} tokenizer needs {least}"
    assert str(caught.value) == message
    assert TOKENIZERS[name].learn(["text"], size=least).size == least


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
def test_learning_does_not_depend_on_the_chunks(tokenizer: type[Tokenizer]) -> None:
    lines = SAMPLE.splitlines(keepends=True)
    assert tokenizer.learn(lines).fingerprint == tokenizer.learn([SAMPLE]).fingerprint


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
def test_an_empty_text_gives_the_smallest_vocabulary(tokenizer: type[Tokenizer]) -> None:
    learned = tokenizer.learn([])
    assert learned.decode(learned.encode("still exact\n")) == "still exact\n"


def spelled_in_plain_python(text: str, characters: str) -> list[int]:
    tokens = []
    for character in text:
        if character in characters:
            tokens.append(257 + characters.index(character))
        else:
            tokens += [1 + byte for byte in character.encode()]
    return tokens


@given(text=texts, known=st.text(st.characters(exclude_categories=("Cs",)), max_size=10))
@settings(max_examples=80, deadline=None)
def test_characters_agree_with_plain_python(text: str, known: str) -> None:
    tokenizer = Characters("".join(sorted(set(known))))
    assert tokenizer.encode(text).tolist() == spelled_in_plain_python(text, tokenizer.characters)


def test_the_commonest_characters_are_kept_and_the_rest_spelled() -> None:
    tokenizer = Characters.learn(["aaabbc", "d"], size=257 + 2)
    assert tokenizer.characters == "ab"
    assert tokenizer.encode("cab").tolist() == [1 + ord("c"), 257, 258]


def test_a_long_text_drops_characters_that_occur_once() -> None:
    assert Characters.learn(["ab" * 500_001, "z"]).characters == "ab"
    assert Characters.learn(["ab" * 10, "z"]).characters == "abz"
