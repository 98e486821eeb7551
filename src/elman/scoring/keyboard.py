"""Keyboards: how often the right word is offered, and what that saves the writer.

Next word: top1 and top3 are the shares of all words of a text that the model ranks first, or
among the three first, before a letter is typed. Words outside its vocabulary count as misses.

Keystroke savings (KSR; Trnka and McCoy 2008, 'Evaluating word prediction: framing keystroke
savings'): 1 - (typed + selections) / keystrokes without help. Without help each
character costs a keystroke, newlines excepted. With help three words are offered all the time,
and the writer takes the one meant as soon as it is there, unless typing on costs no more. Taking
it is one selection and also enters the space that follows; before punctuation the keyboard takes
the space back and nothing is saved or lost. All else is typed.

Any model will do that ranks symbols: numbers that order as its probabilities do are enough.

Shapes: V vocabulary, W words in it, N words of a text, B rows of a batch.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.errors import EmptyTextError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Scores = npt.NDArray[np.floating[Any]]

OFFERED = 3
"""Suggestions on show at a time."""


class WordIndex:
    """The words of a vocabulary in the order of their code points.

    All words that share a prefix, exact in case, are neighbours in this order, so the words that
    fit what was typed are one slice. Among equals in probability the earlier in this order wins.

    Attributes:
        words: the W words, sorted.
        symbols: (W,) the symbol of each.

    Args:
        tokens: what each of the V symbols spells.
        is_word: (V,) bool, whether it is a word, rather than punctuation or a marker.

    Raises:
        ValueError: lengths that differ, or two symbols that spell the same word.
    """

    def __init__(self, tokens: Sequence[str], is_word: npt.NDArray[np.bool_]) -> None:
        if is_word.shape != (len(tokens),):
            raise ValueError(f"{len(tokens)} tokens, but is_word has shape {is_word.shape}")
        by_spelling = sorted((tokens[symbol], symbol) for symbol in is_word.nonzero()[0].tolist())
        self.words = [word for word, _ in by_spelling]
        self.symbols = np.array([symbol for _, symbol in by_spelling], dtype=np.int64)
        self._places = {word: place for place, word in enumerate(self.words)}
        if len(self._places) < len(self.words):
            raise ValueError("two symbols spell the same word")
        self._vocabulary = len(tokens)

    def place(self, word: str) -> int | None:
        """Where a word stands in this order; None outside the vocabulary."""
        return self._places.get(word)

    def matching(self, typed: str, within: slice | None = None) -> slice:
        """The words that begin with what was typed; `within` the matches of a part of it."""
        low, high = (0, len(self.words)) if within is None else (within.start, within.stop)
        letters = len(typed)
        low = bisect_left(self.words, typed, low, high, key=lambda word: word[:letters])
        return slice(low, bisect_right(self.words, typed, low, high, key=lambda w: w[:letters]))

    def complete(self, probabilities: Scores, typed: str, count: int) -> list[tuple[str, float]]:
        """The most probable words that begin with what was typed, best first.

        Args:
            probabilities: (V,) of the next symbol.
            typed: the word's first letters so far, possibly none.
            count: how many to offer; fewer come back where fewer fit.

        Raises:
            ValueError: probabilities of another shape.
        """
        fitting = self.matching(typed)
        values = self._of_words(probabilities)[fitting]
        count = min(count, values.size)
        if count < 1:
            return []
        least = np.partition(values, values.size - count)[values.size - count]
        candidates = np.flatnonzero(values >= least)
        best = candidates[np.argsort(-values[candidates], kind="stable")][:count]
        return [(self.words[fitting.start + each], float(values[each])) for each in best]

    def _of_words(self, probabilities: Scores) -> Scores:
        """(..., V) -> (..., W), in this order."""
        if probabilities.shape[-1:] != (self._vocabulary,):
            raise ValueError(f"{self._vocabulary} symbols, but shape {probabilities.shape}")
        return np.take(probabilities, self.symbols, axis=-1)


@dataclass(frozen=True, slots=True)
class Dictation:
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
    def of(cls, text: str, spans: Iterable[tuple[int, int]]) -> Dictation:
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
    index: WordIndex, dictation: Dictation, distributions: Iterable[Scores]
) -> KeyboardScores:
    """Type a text with the help of a model's suggestions.

    Args:
        index: the model's words.
        dictation: the text.
        distributions: the model's distribution of the symbol that begins each word, given all
            that stands before it, in the order of the text: arrays (V,), or (B, V) for the next
            B words. Words outside the vocabulary have their row too, which is not looked at.

    Raises:
        EmptyTextError: no word to score.
        ValueError: another number of rows than of words, rows of another width, or not numbers.
    """
    places = [index.place(word) for word in dictation.words]
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
                    raise ValueError(f"word {done}: its distribution holds what is no number")
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
