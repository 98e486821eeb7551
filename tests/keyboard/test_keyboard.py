"""The keyboard without a terminal: suggestions, keystrokes, learning and forgetting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.decoding import suggestions
from elman.decoding.word_index import WordIndex
from elman.errors import SettingError
from elman.keyboard import Keyboard, UserModel, keyboard, simulate_typing
from elman.metrics.keyboard import TypingCounts, keyboard_scores
from elman.text.tokenizers.tokenizer import BOUNDARY
from language_models import predictor_of


class EmptyModel(UserModel):
    """Learns nothing."""

    def learn(self, observation): ...


def words_of(keyboard):
    return [word for word, _ in keyboard.suggestions]


def accept_first(keyboard, word):
    """Accept the first suggestion, which must be this word."""
    assert words_of(keyboard)[0] == word
    keyboard.accept(0)


# Suggesting


def test_suggestions_after_every_letter_equal_those_of_the_model(model, tale):
    """Cached states give the same as reading the whole text again."""
    keyboard = Keyboard(model, EmptyModel())
    text = "".join(tale.splitlines(keepends=True)[:3])
    for length, letter in enumerate(text, start=1):
        keyboard.type(letter)
        expected = model.suggest(text[:length])
        assert words_of(keyboard) == [word for word, _ in expected], text[:length]
        probabilities = [p for _, p in keyboard.suggestions]
        assert probabilities == pytest.approx([p for _, p in expected], rel=1e-3)


def test_deleting_undoes_typing(model):
    once, twice = Keyboard(model), Keyboard(model)
    once.type("The dog sat on\nthe ")
    twice.type("The dog sat on\nthe old tree (zyzzy) ")
    for _ in "old tree (zyzzy) ":
        twice.delete()
    assert twice.text == once.text
    assert words_of(twice) == words_of(once)
    assert twice.memory.learned() == once.memory.learned()
    for _ in range(100):
        twice.delete()
    assert twice.text == ""
    assert len(twice.memory) == 0
    assert words_of(twice) == words_of(Keyboard(model))


def test_end_of_a_long_line_is_enough_to_find_its_last_word(words, monkeypatch):
    line = "the dog sat on the mat, " * 40
    whole = Keyboard(words)
    whole.type(line)
    monkeypatch.setattr(keyboard, "MAX_TAIL", 10_000)
    tail = Keyboard(words)
    tail.type(line)
    assert whole.suggestions == tail.suggestions
    assert whole.memory.learned() == tail.memory.learned()


# Accepting


def test_accepting_completes_the_word_and_adds_a_space(model):
    board = Keyboard(model)
    board.type("The dog walked to the ri")
    accept_first(board, "river")
    assert board.text == "The dog walked to the river "
    board.type(".")
    assert board.text == "The dog walked to the river."
    board.type("\n")
    assert board.text.endswith("river.\n")


def test_accepting_after_a_comma_adds_the_space_before_too(model):
    board = Keyboard(model)
    board.type("A bird sat on the mat,")
    accept_first(board, "so")
    assert board.text == "A bird sat on the mat, so "


def test_accepting_replaces_letters_that_were_typed_otherwise(model):
    """As many keystrokes as the letters and one more; deleting the word costs its length."""
    board = Keyboard(model)
    board.type("The dog didnt")
    number = words_of(board).index("didn't")
    board.accept(number)
    assert board.text == "The dog didn't "
    assert (board.keystrokes, board.saved) == (14, 1)
    board.delete(len("didn't "))
    assert (board.text, board.keystrokes) == ("The dog ", 21)


def test_typing_a_space_after_the_added_space_changes_nothing(words):
    board = Keyboard(words)
    board.type("The dog walked to the ri")
    board.accept(0)
    board.type(" ")
    assert board.text.endswith("river ")
    board.type(" ")
    assert board.text.endswith("river  ")


@pytest.mark.parametrize("number", [-1, 3, 7])
def test_accepting_a_missing_suggestion_is_refused(words, number):
    board = Keyboard(words)
    with pytest.raises(SettingError, match=f"no suggestion {number}"):
        board.accept(number)
    assert board.keystrokes == 0


# Counting


def test_keystrokes_equal_those_of_the_metric(words, tale):
    """For a typist who accepts what is suggested."""
    lines = [line for line in tale.splitlines() if line.endswith((".", "?")) and "(" not in line]
    lines = lines[:12]
    text = "\n".join(lines) + "\n"
    board = Keyboard(words, EmptyModel())
    suggested = simulate_typing(board, text)
    tokenizer = words.tokenizer_
    ids = np.concatenate([[BOUNDARY], tokenizer.encode(text)])
    scores = keyboard_scores(
        WordIndex(tokenizer.spellings, tokenizer.is_word),
        TypingCounts.of(text, tokenizer.words_in(text)),
        predictor_of(words.network_).distributions(ids, tokenizer.word_positions(ids)),
    )
    assert board.text == text
    assert board.saved == scores.saved.sum() > 50
    assert suggested == scores.hit3.tolist()
    assert board.keystrokes == scores.typed + scores.selections


def test_typing_errors_save_nothing(words):
    board = Keyboard(words)
    board.type("The dgo")
    board.delete()
    board.delete()
    board.type("og")
    assert (board.keystrokes, board.saved) == (11, 0)


def test_word_accepted_by_mistake_costs_its_keystrokes(words):
    board = Keyboard(words)
    board.type("The dog walked to the ri")
    board.accept(0)
    assert board.saved == len("ver ") - 1
    for _ in "ver ":
        board.delete()
    assert board.saved == -5  # one to accept it, four to delete it
    board.type("\n\n")
    board.delete()
    assert board.keystrokes == 24 + 5


KEYS = st.lists(
    st.one_of(
        st.sampled_from(["the ", "dog", " ", ",", "\n", "Zyz", "'", '"', "漢", "-", ". "]),
        st.sampled_from([0, 1, 2, None]),
    ),
    max_size=25,
)


@given(KEYS)
@settings(deadline=None, max_examples=40)
def test_memory_and_keystrokes_depend_on_the_text_only(words, pressed):
    board = Keyboard(words)
    for key in pressed:
        if key is None:
            board.delete()
        elif isinstance(key, int):
            if key < len(board.suggestions):
                board.accept(key)
        else:
            board.type(key)
    board.finish()
    again = Keyboard(words)
    again.type(board.text)
    again.finish()
    assert again.text == board.text
    # Order may differ: a word that was unlearned and learned again moves to the end.
    assert sorted(board.memory.learned()) == sorted(again.memory.learned())
    assert again.saved == 0


# Learning


def test_word_written_once_is_suggested_after_its_first_letters(model):
    board = Keyboard(model)
    board.type("dear Zyzzy")
    assert "Zyzzy" not in board.memory  # it may be unfinished
    board.type(", Zy")
    accept_first(board, "Zyzzy")
    assert board.text == "dear Zyzzy, Zyzzy "


def test_frequent_next_word_is_suggested_before_its_first_letter(model):
    board = Keyboard(model)
    for _ in range(40):
        board.type("dear Zyzzy\n")
    board.type("dear ")
    assert words_of(board)[0] == "Zyzzy"


def test_keyboard_continues_with_a_given_memory(words):
    first = Keyboard(words)
    first.type("Zyzzy")
    first.finish()
    second = Keyboard(words, first.memory)
    second.type("Zy")
    assert words_of(second)[0] == "Zyzzy"


def test_model_stays_unchanged(words):
    before = words.suggest("The dog sat on Zy"), dict(words.learned_)
    board = Keyboard(words)
    board.type("Zyzzy " * 5)
    assert (words.suggest("The dog sat on Zy"), dict(words.learned_)) == before


def test_forgotten_word_is_neither_suggested_nor_learned_as_context(model):
    board = Keyboard(model)
    board.type("dear Zyzzy and Zyzzy and Qwxq Zyz")
    assert "Zyzzy" in words_of(board)
    board.forget("Zyzzy")
    assert "Zyzzy" not in words_of(board)
    for _ in " Zyz":
        board.delete()
    board.type(" ")
    assert "Zyzzy" not in board.memory
    board.type("Qwx")
    assert words_of(board)[0] == "Qwxq"
    board.forget_all()
    assert "Qwxq" not in words_of(board)
    assert len(board.memory) == 0


def test_candidate_limit_does_not_change_suggestions(words, monkeypatch):
    """With thousands of learned words."""
    board = Keyboard(words)
    tokens = [words.tokenizer_.spellings[i] for i in words.tokenizer_.is_word.nonzero()[0]]
    for number, word in enumerate(tokens * 2):
        board.type(f"{word} new{number} ")
    for text in ("\n", "the ", "n", "ew1", "\nThe ki"):
        board.type(text)
        limited = board.suggestions
        monkeypatch.setattr(suggestions, "CANDIDATES", 10_000)
        del board.suggestions
        assert board.suggestions == limited
        monkeypatch.undo()
