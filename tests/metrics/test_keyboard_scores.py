"""Keyboard metrics against a user simulated key by key."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.decoding.word_index import WordIndex
from elman.errors import EmptyTextError
from elman.metrics.keyboard import TypingCounts, keyboard_scores

TOKENS = ["", ",", "the", "then", "The", "a", "an", "and", "thé", " ", "t", "zebra", "theory"]
IS_WORD = np.array([len(spelling) > 0 and spelling[0].isalpha() for spelling in TOKENS])


def offered(words, typed):
    """The three suggestions, from a dictionary of words and their probabilities."""
    fitting = [word for word in words if word.startswith(typed)]
    return sorted(fitting, key=lambda word: (-words[word], word))[:3]


def simulate(text, rows):
    """Press the keys of a text in order: (hits at 1, hits at 3, typed, selections)."""
    rows = iter(rows)
    hit1 = hit3 = typed = selections = at = 0
    while at < len(text):
        match = re.compile(r"\w+").match(text, at)
        if match is None:
            typed += text[at] != "\n"
            at += 1
            continue
        word = match[0]
        row = next(rows)
        words = {TOKENS[s]: row[s] for s in range(len(TOKENS)) if IS_WORD[s]}
        hit1 += word in offered(words, "")[:1]
        hit3 += word in offered(words, "")
        at = match.end()
        space = text[at : at + 1] == " "
        for letters in range(len(word) + 1):
            keys_to_go = len(word) - letters + space
            if word in offered(words, word[:letters]) and keys_to_go > 1:
                selections += 1
                at += space
                break
            if letters < len(word):
                typed += 1
    return hit1, hit3, typed, selections


def spans(text):
    return [match.span() for match in re.finditer(r"\w+", text)]


words_and_breaks = st.lists(
    st.tuples(
        st.sampled_from([*TOKENS[2:9], *TOKENS[10:], "unknown", "th", "x"]),
        st.sampled_from([" ", " ", ", ", "\n", ".", "  ", ""]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(words_and_breaks, st.integers(0, 10**6), st.sampled_from([2, 1000]))
def test_equals_a_user_simulated_key_by_key(pieces, seed, levels):
    text = "".join(word + after for word, after in pieces)
    dictation = TypingCounts.of(text, spans(text))
    # Two levels give many ties.
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, levels, size=(len(dictation.words), len(TOKENS))) / 1000
    scores = keyboard_scores(WordIndex(TOKENS, IS_WORD), dictation, [rows])
    hit1, hit3, typed, selections = simulate(text, rows)
    assert (scores.hit1.sum(), scores.hit3.sum()) == (hit1, hit3)
    assert (scores.typed, scores.selections) == (typed, selections)
    assert scores.keystrokes == len(text.replace("\n", ""))
    assert scores.keystroke_savings == pytest.approx(1 - (typed + selections) / scores.keystrokes)
    assert scores.saved.sum() / scores.keystrokes == pytest.approx(scores.keystroke_savings)
    assert scores.top1 == pytest.approx(hit1 / scores.words)
    assert scores.top3 == pytest.approx(hit3 / scores.words)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([2, 1000]), st.sampled_from(["", "t", "the", "zz"]))
def test_complete_agrees_with_sorting(seed, levels, typed):
    probabilities = np.random.default_rng(seed).integers(0, levels, size=len(TOKENS)) / 1000
    index = WordIndex(TOKENS, IS_WORD)
    words = {TOKENS[s]: probabilities[s] for s in range(len(TOKENS)) if IS_WORD[s]}
    fitting = sorted((w for w in words if w.startswith(typed)), key=lambda w: (-words[w], w))
    for count in (0, 1, 3, 100):
        expected = [(word, words[word]) for word in fitting[:count]]
        assert index.complete(probabilities, typed, count) == expected


def test_words_with_a_prefix_are_one_case_sensitive_range():
    index = WordIndex(TOKENS, IS_WORD)
    assert index.words == sorted(word for word in TOKENS if word[:1].isalpha())
    for typed in ["", "t", "th", "the", "T", "z", "zz", "thé", "\U0010ffff"]:
        assert index.words[index.matching(typed)] == [w for w in index.words if w.startswith(typed)]
    assert index.words[index.matching("the", index.matching("t"))] == ["the", "then", "theory"]
    assert index.index_of("then") == index.words.index("then")
    assert index.index_of("unknown") is None


def test_word_is_selected_before_its_first_letter():
    scores = one_word("zebra", after=" ", likely=["zebra"])
    assert (scores.top1, scores.top3) == (1, 1)
    assert (scores.keystrokes, scores.typed, scores.selections) == (6, 0, 1)
    assert scores.saved.tolist() == [5]


def test_punctuation_removes_the_space_at_no_cost():
    scores = one_word("zebra", after=",", likely=["zebra"])
    assert (scores.keystrokes, scores.typed, scores.selections) == (6, 1, 1)


def test_selection_that_saves_nothing_is_not_made():
    assert one_word("a", after="\n", likely=["a"]).selections == 0
    assert one_word("a", after="", likely=["a"]).hit1.all()
    assert one_word("a", after=" ", likely=["a"]).selections == 1
    # Offered after its two letters, where the space bar costs the same.
    assert one_word("an", after=" ", likely=["and", "a", "an"]).selections == 1
    everything_else = [word for word in TOKENS if word[:1].isalpha() and word != "t"]
    assert one_word("t", after=" ", likely=everything_else).selections == 0


def test_words_outside_the_vocabulary_are_typed_and_are_misses():
    dictation = TypingCounts.of("the xylem", [(0, 3), (4, 9)])
    rows = np.zeros((2, len(TOKENS)))
    rows[:, TOKENS.index("the")] = 1
    scores = keyboard_scores(WordIndex(TOKENS, IS_WORD), dictation, [rows])
    assert scores.top1 == scores.top3 == 0.5
    assert (scores.typed, scores.selections) == (5, 1)


def test_tokens_that_are_not_words_are_not_offered():
    dictation = TypingCounts.of("the", [(0, 3)])
    row = np.where(IS_WORD, 0.0, 1.0)
    row[TOKENS.index("the")] = 0.1
    assert keyboard_scores(WordIndex(TOKENS, IS_WORD), dictation, [row]).top1 == 1


def test_batches_and_single_rows_score_equally():
    text = "the theory, then a zebra and the end\n"
    dictation = TypingCounts.of(text, spans(text))
    rows = np.random.default_rng(0).random((len(dictation.words), len(TOKENS)), dtype=np.float32)
    index = WordIndex(TOKENS, IS_WORD)
    together = keyboard_scores(index, dictation, [rows])
    for parts in (iter(rows), [rows[:3], rows[3:]]):
        apart = keyboard_scores(index, dictation, parts)
        np.testing.assert_array_equal(apart.hit3, together.hit3)
        np.testing.assert_array_equal(apart.saved, together.saved)
    log_rows = keyboard_scores(index, dictation, [np.log(rows)])
    np.testing.assert_array_equal(log_rows.saved, together.saved)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_number_of_rows_must_equal_the_words(rows):
    dictation = TypingCounts.of("the the", [(0, 3), (4, 7)])
    with pytest.raises(ValueError, match="2 words, but"):
        keyboard_scores(WordIndex(TOKENS, IS_WORD), dictation, [np.ones((rows, len(TOKENS)))])


def test_malformed_scores_are_refused():
    index = WordIndex(TOKENS, IS_WORD)
    dictation = TypingCounts.of("the", [(0, 3)])
    with pytest.raises(EmptyTextError):
        keyboard_scores(index, TypingCounts.of("...", []), [])
    with pytest.raises(ValueError, match="holds a NaN"):
        keyboard_scores(index, dictation, [np.full(len(TOKENS), np.nan)])
    with pytest.raises(ValueError, match="13 tokens"):
        keyboard_scores(index, dictation, [np.ones((1, 4))])
    with pytest.raises(ValueError, match="same word"):
        WordIndex(["a", "a"], np.array([True, True]))
    with pytest.raises(ValueError, match="shape"):
        WordIndex(["a", "b"], np.array([True]))


def one_word(word, *, after, likely):
    """The scores of one word; the likely words rank first, in their order."""
    row = np.zeros(len(TOKENS))
    for rank, each in enumerate(likely):
        row[TOKENS.index(each)] = 1 - rank / 100
    dictation = TypingCounts.of(word + after, [(0, len(word))])
    return keyboard_scores(WordIndex(TOKENS, IS_WORD), dictation, [row])
