"""The n-gram model as a keyboard, with the word tokenizer on a real text."""

import numpy as np
import pytest

from elman.counts.kneser_ney import KneserNey
from elman.decoding.word_index import WordIndex
from elman.metrics.keyboard import TypingCounts, keyboard_scores
from elman.text.tokenizers.words import Words

LINE = 'The cat sat on the mat, but "Zoe" (who knows why) did not.\n'


@pytest.fixture(scope="module")
def words():
    return Words.learn([LINE * 40])


def scores_on(text, words):
    ids = np.concatenate([[0], words.encode(text)])
    model = KneserNey.train(np.concatenate([[0], words.encode(LINE * 40)]), words.size, 5)
    positions = np.flatnonzero(words.is_word[ids])
    dictation = TypingCounts.of(text, words.words_in(text))
    assert dictation.words == [words.spellings[token] for token in ids[positions]]
    index = WordIndex(words.spellings, words.is_word)
    return keyboard_scores(index, dictation, model.distributions(ids, positions))


def test_memorised_text_is_selected_word_by_word(words):
    scores = scores_on(LINE * 3, words)
    assert scores.words == 13 * 3
    assert scores.top1 == 1
    assert scores.selections == scores.words
    # Typed: a comma and a space, two quotes and a space, two brackets and a space, a full stop.
    assert scores.typed == 9 * 3
    assert scores.keystrokes == (len(LINE) - 1) * 3


def test_shuffled_text_saves_fewer_keystrokes(words):
    by_heart = scores_on(LINE, words)
    shuffled = scores_on("not did why knows who Zoe but mat the on sat cat The\n", words)
    assert shuffled.words == by_heart.words
    assert shuffled.top1 < by_heart.top1
    assert 0 < shuffled.keystroke_savings < by_heart.keystroke_savings
