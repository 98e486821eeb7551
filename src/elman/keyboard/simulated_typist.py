"""A simulated typist, who accepts each word as soon as it is suggested."""

from __future__ import annotations

from elman.decoding.suggester import WORDS
from elman.keyboard.keyboard import Keyboard
from elman.text.tokenizers.pretokenization import Kind, kind_of


def simulate_typing(keyboard: Keyboard, text: str) -> list[bool]:
    """Enter a text as `elman.metrics.keyboard` counts it. The typist accepts a suggested word
    unless typing it costs no more, or the space that comes with it would have to be deleted.

    Args:
        keyboard: receives the text.
        text: what to enter.

    Returns:
        For each word, whether it was suggested before its first letter.
    """
    suggested = []
    entered = 0
    for start, end in WORDS.words_in(text):
        keyboard.type(text[entered:start])
        suggested.append(text[start:end] in _words(keyboard))
        entered = start + _enter(keyboard, text[start:end], text[end : end + 1])
    keyboard.type(text[entered:])
    return suggested


def _enter(keyboard: Keyboard, word: str, following: str) -> int:
    """Enter a word, given the character that follows it. Returns the characters written."""
    spaced = following == " "
    may_accept = spaced or bool(following and kind_of(following) & Kind.CLOSE_BEFORE)
    for index, letter in enumerate(word):
        if may_accept and len(word) + spaced - index > 1 and word in _words(keyboard):
            keyboard.accept(_words(keyboard).index(word))
            return len(word) + spaced
        keyboard.type(letter)
    return len(word)


def _words(keyboard: Keyboard) -> list[str]:
    return [each.word for each in keyboard.suggestions]
