"""Keyboards: how often the right word is offered, and what that saves the writer.

Next word: top1 and top3 are the shares of all words of a text that the model ranks first, or
among the three first, before a letter is typed. Words outside its vocabulary count as misses.

Keystroke savings (KSR; Trnka and McCoy 2008, 'Evaluating word prediction: framing keystroke
savings'): 1 - (typed + selections) / keystrokes without help. Without help each
character costs a keystroke, newlines excepted. With help three words are offered all the time,
and the writer takes the one meant as soon as it is there, unless typing on costs no more. Taking
it is one selection and also enters the space that follows; before punctuation the keyboard takes
the space back and nothing is saved or lost. All else is typed.

Any model will do that ranks tokens: numbers that order as its probabilities do are enough.

Shapes: V vocabulary, W words in it, N words of a text, B rows of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.errors import EmptyTextError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Scores = npt.NDArray[np.floating[Any]]
from elman.decoding.word_index import WordIndex

OFFERED = 3
"""Suggestions on show at a time."""


@dataclass(frozen=True, slots=True)
class TypingCounts:
    """What a writer means to enter.

    Attributes:
        words: the N words, as they are spelled.
        spaced: whether a space follows each of them.
        keystrokes: what the whole costs without help, one a character, newlines excepted.
    """

    words: Sequence[str]
    spaced: Sequence[bool]
    keystrokes: int

    @classmethod
    def of(cls, text: str, spans: Iterable[tuple[int, int]]) -> TypingCounts:
        """A text and where its words start and end in it, in characters."""
        bounds = list(spans)
        return cls(
            words=[text[start:end] for start, end in bounds],
            spaced=[text[end : end + 1] == " " for _, end in bounds],
            keystrokes=len(text) - text.count("\n") - text.count("\r"),
        )


@dataclass(frozen=True, eq=False, slots=True)
class KeyboardScores:
    """How a keyboard did on one text. `saved.sum() / keystrokes` is `keystroke_savings`.

    Attributes:
        hit1, hit3: (N,) bool, whether each word ranked first, or among the first three, before
            a letter was typed.
        saved: (N,) int64, keystrokes saved on each word.
        keystrokes: without help.
        typed, selections: with help.
    """

    hit1: npt.NDArray[np.bool_]
    hit3: npt.NDArray[np.bool_]
    saved: npt.NDArray[np.int64]
    keystrokes: int
    typed: int
    selections: int

    @property
    def words(self) -> int:
        return self.hit1.size

    @property
    def top1(self) -> float:
        """Share of the words, 0..1."""
        return float(self.hit1.mean())

    @property
    def top3(self) -> float:
        """Share of the words, 0..1."""
        return float(self.hit3.mean())

    @property
    def keystroke_savings(self) -> float:
        """KSR as a fraction, 0..1."""
        return 1 - (self.typed + self.selections) / self.keystrokes


def keyboard_scores(
    index: WordIndex, dictation: TypingCounts, distributions: Iterable[Scores]
) -> KeyboardScores:
    """Type a text with the help of a model's suggestions.

    Args:
        index: the model's words.
        dictation: the text.
        distributions: the model's distribution of the token that begins each word, given all
            that stands before it, in the order of the text: arrays (V,), or (B, V) for the next
            B words. Words outside the vocabulary have their row too, which is not looked at.

    Raises:
        EmptyTextError: no word to score.
        ValueError: another number of rows than of words, rows of another width, or not numbers.
    """
    places = [index.index_of(word) for word in dictation.words]
    if not places:
        raise EmptyTextError("no word to score suggestions on")
    ranks = np.full(len(places), len(index.words) + 1)
    saved = np.zeros(len(places), dtype=np.int64)
    done = 0
    for rows in distributions:
        for values in index._of_words(np.atleast_2d(rows)):
            if done == len(places):
                raise ValueError(f"{done} words, but more distributions")
            place, spaced = places[done], dictation.spaced[done]
            if place is not None:
                if np.isnan(values).any():
                    raise ValueError(f"word {done}: its distribution holds what is not a number")
                ranks[done], saved[done] = _type_word(index, values, place, spaced)
            done += 1
    if done < len(places):
        raise ValueError(f"{len(places)} words, but {done} distributions")
    selections = int(np.count_nonzero(saved))
    return KeyboardScores(
        hit1=ranks == 1,
        hit3=ranks <= OFFERED,
        saved=saved,
        keystrokes=dictation.keystrokes,
        typed=dictation.keystrokes - int(saved.sum()) - selections,
        selections=selections,
    )


def _type_word(index: WordIndex, values: Scores, place: int, spaced: bool) -> tuple[int, int]:
    """(W,) -> a word's rank before its first letter, and the keystrokes saved on it."""
    word = index.words[place]
    fitting = index.matching("")
    first_rank = rank = _rank(values, place, fitting)
    # After the last but one letter a selection costs as much as the last letter does, so it
    # saves anything only where it also enters a space.
    for letters in range(len(word) + spaced - 1):
        if letters > 0:
            fitting = index.matching(word[:letters], fitting)
            rank = _rank(values, place, fitting)
        if rank <= OFFERED:
            return first_rank, len(word) + spaced - letters - 1
    return first_rank, 0


def _rank(values: Scores, place: int, among: slice) -> int:
    """The rank, from 1, of values[place] in a slice; among equals the earlier is the better."""
    value = values[place]
    better = np.count_nonzero(values[among.start : place] >= value)
    better += np.count_nonzero(values[place + 1 : among.stop] > value)
    return 1 + int(better)
