"""The keyboard: what it offers, counts, learns and forgets, without a terminal."""

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
from elman.nn.predictor import NetworkPredictor
from elman.text.tokenizers.tokenizer import BOUNDARY


class Forgetful(UserModel):
    """Learns nothing."""

    def learn(self, lesson): ...


def words_of(keyboard):
    return [word for word, _ in keyboard.suggestions]


# Offering


def test_it_offers_what_the_model_suggests_after_every_letter(model, tale):
    """With its state carried, and nothing read twice, as from the whole text anew."""
    keyboard = Keyboard(model, Forgetful())
    text = "".join(tale.splitlines(keepends=True)[:3])
    for place, letter in enumerate(text, start=1):
        keyboard.type(letter)
        expected = model.suggest(text[:place])
        assert words_of(keyboard) == [word for word, _ in expected], text[:place]
        shares = [share for _, share in keyboard.suggestions]
        assert shares == pytest.approx([share for _, share in expected], rel=1e-3)


def test_what_is_deleted_is_as_if_it_had_not_been_written(model):
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


def test_a_long_line_is_not_looked_through_for_its_last_word(words, monkeypatch):
    """Its end is enough."""
    line = "the dog sat on the mat, " * 40
    whole = Keyboard(words)
    whole.type(line)
    monkeypatch.setattr(keyboard, "TAIL", 10_000)
    tail = Keyboard(words)
    tail.type(line)
    assert whole.suggestions == tail.suggestions
    assert whole.memory.learned() == tail.memory.learned()


# Taking


def test_a_word_taken_is_written_to_its_end_with_the_space_after_it(model):
    board = Keyboard(model)
    board.type("The dog walked to the ri")
    assert words_of(board)[0] == "river"
    board.accept(0)
    assert board.text == "The dog walked to the river "
    board.type(".")
    assert board.text == "The dog walked to the river."
    board.type("\n")
    assert board.text.endswith("river.\n")


def test_after_a_comma_a_word_taken_brings_the_space_before_it_too(model):
    board = Keyboard(model)
    board.type("A bird sat on the mat,")
    assert words_of(board)[0] == "so"
    board.accept(0)
    assert board.text == "A bird sat on the mat, so "


def test_a_space_typed_after_the_space_that_came_is_not_written_again(words):
    board = Keyboard(words)
    board.type("The dog walked to the ri")
    board.accept(0)
    board.type(" ")
    assert board.text.endswith("river ")
    board.type(" ")
    assert board.text.endswith("river  ")


@pytest.mark.parametrize("number", [-1, 3, 7])
def test_there_is_no_other_suggestion(words, number):
    board = Keyboard(words)
    with pytest.raises(SettingError, match=f"no suggestion {number}"):
        board.accept(number)
    assert board.keystrokes == 0


# Counting


def test_keystrokes_are_counted_as_the_scores_count_them(words, tale):
    """The same text, the same model, and a writer who takes what is offered."""
    lines = [line for line in tale.splitlines() if line.endswith((".", "?")) and "(" not in line]
    lines = lines[:12]
    text = "\n".join(lines) + "\n"
    board = Keyboard(words, Forgetful())
    offered = simulate_typing(board, text)
    tokenizer = words.tokenizer_
    ids = np.concatenate([[BOUNDARY], tokenizer.encode(text)])
    scores = keyboard_scores(
        WordIndex(tokenizer.spellings, tokenizer.is_word),
        TypingCounts.of(text, tokenizer.words_in(text)),
        NetworkPredictor(words.network_).distributions(ids, tokenizer.word_positions(ids)),
    )
    assert board.text == text
    assert board.saved == scores.saved.sum() > 50
    assert offered == scores.hit3.tolist()
    assert board.keystrokes == scores.typed + scores.selections


def test_slips_cost_the_same_by_hand_and_with_help(words):
    board = Keyboard(words)
    board.type("The dgo")
    board.delete()
    board.delete()
    board.type("og")
    assert (board.keystrokes, board.saved) == (11, 0)


def test_a_word_taken_by_mistake_costs_what_was_pressed_for_it(words):
    board = Keyboard(words)
    board.type("The dog walked to the ri")
    board.accept(0)
    assert board.saved == len("ver ") - 1
    for _ in "ver ":
        board.delete()
    assert board.saved == -5  # one to take it, four to delete it
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
def test_whatever_is_pressed_memory_and_count_are_those_of_the_text(words, pressed):
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
    # A word that was learned, taken back and learned again stands as if it had been learned once.
    assert sorted(board.memory.learned()) == sorted(again.memory.learned())
    assert again.saved == 0


# Learning


def test_a_word_written_once_is_offered_after_its_first_letters(model):
    board = Keyboard(model)
    board.type("dear Zyzzy")
    assert "Zyzzy" not in board.memory  # it may still be going on
    board.type(", Zy")
    assert words_of(board)[0] == "Zyzzy"
    board.accept(0)
    assert board.text == "dear Zyzzy, Zyzzy "


def test_what_often_follows_is_offered_before_a_letter_is_typed(model):
    board = Keyboard(model)
    for _ in range(40):
        board.type("dear Zyzzy\n")
    board.type("dear ")
    assert words_of(board)[0] == "Zyzzy"


def test_it_goes_on_with_what_another_learned(words):
    first = Keyboard(words)
    first.type("Zyzzy")
    first.finish()
    second = Keyboard(words, first.memory)
    second.type("Zy")
    assert words_of(second)[0] == "Zyzzy"


def test_the_model_stays_as_it_is(words):
    before = words.suggest("The dog sat on Zy"), dict(words.learned_)
    board = Keyboard(words)
    board.type("Zyzzy " * 5)
    assert (words.suggest("The dog sat on Zy"), dict(words.learned_)) == before


def test_a_word_forgotten_is_offered_no_more_nor_learned_as_what_stands_before(model):
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


def test_thousands_of_words_are_weighed_as_all_of_them_are(words, monkeypatch):
    """Only those that may win are looked at, and nothing is lost by that."""
    board = Keyboard(words)
    tokens = [words.tokenizer_.spellings[i] for i in words.tokenizer_.is_word.nonzero()[0]]
    for number, word in enumerate(tokens * 2):
        board.type(f"{word} new{number} ")
    for text in ("\n", "the ", "n", "ew1", "\nThe ki"):
        board.type(text)
        usual = board.suggestions
        monkeypatch.setattr(suggestions, "CANDIDATES", 10_000)
        del board.suggestions
        assert board.suggestions == usual
        monkeypatch.undo()
