"""A writer who knows what to write, and takes each word as soon as it is offered."""

from __future__ import annotations

from elman.decoding.suggester import WORDS
from elman.keyboard.keyboard import Keyboard
from elman.text.tokenizers.pretokenization import Kind, kind_of


def simulate_typing(keyboard: Keyboard, text: str) -> list[bool]:
    """Enter a text as `elman.metrics.keyboard` has it entered: a word that is offered is taken,
    unless typing on costs no more, or the space that comes with it would have to be deleted.

    Returns:
        Of each word, whether it was offered before a letter of it was typed.
    """
    offered = []
    at = 0
    for start, end in WORDS.words_in(text):
        keyboard.type(text[at:start])
        offered.append(text[start:end] in _words(keyboard))
        at = start + _enter(keyboard, text[start:end], text[end : end + 1])
    keyboard.type(text[at:])
    return offered


def _enter(keyboard: Keyboard, word: str, following: str) -> int:
    """Enter a word; how many characters of the text are written by that."""
    spaced = following == " "
    may_take = spaced or bool(following and kind_of(following) & Kind.CLOSE_BEFORE)
    for place, letter in enumerate(word):
        if may_take and len(word) + spaced - place > 1 and word in _words(keyboard):
            keyboard.accept(_words(keyboard).index(word))
            return len(word) + spaced
        keyboard.type(letter)
    return len(word)


def _words(keyboard: Keyboard) -> list[str]:
    return [each.word for each in keyboard.suggestions]
