"""The word tokenizer: pre-tokenization, default spacing, typed prefixes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.text.tokenizers import words as words_module
from elman.text.tokenizers.pretokenization import pieces
from elman.text.tokenizers.spacing import END_OF_SPELLING, FIRST_TOKEN, JOIN, SPACE
from elman.text.tokenizers.words import Words

PROSE = [
    "See you tomorrow, at ten.",
    'He said, "I know," and left; "so long!"',
    "It's 5 o'clock (or later): well-known, isn't it?",
    "“Quoted” and ‘quoted’ text — both… 50% of $20.",
    "'Tis so, 'tis true, the dogs' tails",
    "Wait -- what?! No...",
    "One line.\nAnother line.\n\nA paragraph.",
    "我喜欢读书。他也喜欢！",
]


def spellings_of(text: str) -> list[str]:
    return [piece.removeprefix(" ") or " " for piece in pieces().findall(text)]


def marks_in(tokenizer: Words, text: str) -> int:
    tokens = tokenizer.encode(text)
    return int(((tokens == JOIN) | (tokens == SPACE)).sum())


@pytest.mark.parametrize(
    ("text", "spellings"),
    [
        ("don't well-known l'eau", ["don't", "well-known", "l'eau"]),
        ("dogs' -x- rock-'n'", ["dogs", "'", "-", "x", "-", "rock", "-", "'", "n", "'"]),
        ("3.14 snake_case", ["3", ".", "14", "snake", "_", "case"]),
        ("e\u0301te\u0301 हिन्दी", ["e\u0301te\u0301", "हिन्दी"]),
        ("可愛い!", ["可", "愛", "い", "!"]),
        ("a  b\t\n", ["a", " ", "b", "\t", "\n"]),
        ("❤\ufe0f", ["❤\ufe0f"]),
    ],
)
def test_pretokenization(text: str, spellings: list[str]) -> None:
    assert spellings_of(text) == spellings


@given(st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_tokens_cover_any_text(text: str) -> None:
    assert "".join(pieces().findall(text)) == text


@pytest.mark.parametrize("text", PROSE[:3] + PROSE[5:])
def test_ordinary_text_needs_no_marks(text: str) -> None:
    assert marks_in(Words.learn([text]), text) == 0


@pytest.mark.parametrize(
    ("text", "marks"),
    [("a  b", 2), ("a ,b", 2), ("f(x)", 1), ("x = f (x)", 0), ("a\tb", 0), (" a", 1), ("a ", 1)],
)
def test_only_deviations_from_the_default_are_marked(text: str, marks: int) -> None:
    assert marks_in(Words.learn([text]), text) == marks


def test_an_unseen_word_is_spelled() -> None:
    tokenizer = Words.learn(["the cat\n"])
    tokens = tokenizer.encode("the dog").tolist()
    assert tokens == [tokenizer.spellings.index("the"), *(1 + b for b in b"dog"), END_OF_SPELLING]
    assert tokenizer.decode(tokens) == "the dog"


def test_the_vocabulary_is_by_falling_frequency_then_alphabet() -> None:
    tokenizer = Words.learn(["b a a c b a\n"])
    assert tokenizer.spellings[FIRST_TOKEN:] == ["a", "\n", "b", "c"]
    assert tokenizer.spellings[:FIRST_TOKEN] == [""] * FIRST_TOKEN
    assert tokenizer.is_word.tolist() == [False] * FIRST_TOKEN + [True, False, True, True]


def test_in_a_text_that_is_not_tiny_a_word_that_occurs_once_is_spelled() -> None:
    assert "once" in Words.learn(["and so on " * 10 + "once"]).spellings
    assert "once" not in Words.learn(["and so on " * 1000 + "once"]).spellings


def test_the_newline_is_in_the_smallest_vocabulary() -> None:
    tokenizer = Words.learn(["a a a b b b\n"], size=FIRST_TOKEN + 2)
    assert tokenizer.spellings[FIRST_TOKEN:] == ["a", "\n"]


def test_counting_forgets_the_rarest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_module, "MAX_COUNTED", 50)
    rare = [" ".join(f"{letter}{number}" for number in range(30)) for letter in "abcdef"]
    tokenizer = Words.learn([f"the the of of {chunk}\n" for chunk in rare])
    assert {"the", "of", "\n"} <= set(tokenizer.spellings)
    assert tokenizer.size < FIRST_TOKEN + 60


@pytest.mark.parametrize(
    ("text", "context", "typed"),
    [
        ("see you t", "see you", "t"),
        ("see you ", "see you", ""),
        ("see you", "see", "you"),
        ("see  t", "see  ", "t"),
        ("Yes, I do", "Yes, I", "do"),
        ("Yes,", "Yes,", ""),
        ("I don'", "I", "don'"),
        ("I don't", "I", "don't"),
        ("(see", "(", "see"),
        ("first\nsec", "first\n", "sec"),
        ('he said "wh', 'he said "', "wh"),
        ("", "", ""),
        (" ", " ", ""),
        ("dogs' t", "dogs'", "t"),
        ("我喜", "我", "喜"),
    ],
)
def test_the_typed_prefix(text: str, context: str, typed: str) -> None:
    assert Words.learn(["see you"]).split_typed(text) == (context, typed)


@given(st.lists(st.sampled_from([*"ab '\"-.,(\n", "don't", "  "]), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_a_suggested_word_replaces_the_typed_prefix(text: str) -> None:
    tokenizer = Words.learn(["ab don't a b"])
    context, typed = tokenizer.split_typed(text)
    completed = tokenizer.decode([*tokenizer.encode(context), tokenizer.spellings.index("don't")])
    if typed:
        assert text.endswith(typed)
        gap = text.removeprefix(context).removesuffix(typed)
        assert gap in ("", " ")
        if gap:
            assert completed == f"{context} don't"
    elif text.endswith(" "):
        assert completed == f"{text}don't"


def test_where_the_words_are() -> None:
    text = "  I don't, (not) know 漢字."
    spans = Words.learn(["a"]).words_in(text)
    assert [text[start:end] for start, end in spans] == ["I", "don't", "not", "know", "漢", "字"]
