"""Metrics of a keyboard with suggestions: accuracy and keystroke savings.

Next word: top1 and top3 are the fractions of the words of a text that the model ranks first, or
among the first three, before a letter is typed. Words outside its vocabulary are misses.

Keystroke savings (KSR; Trnka and McCoy 2008, 'Evaluating word prediction: framing keystroke
savings'): 1 - (typed + selections) / keystrokes without suggestions. Without suggestions each
character is a keystroke, except newlines. With suggestions the keyboard always offers three words,
and the user selects the intended one as soon as it is offered, unless typing costs no more. A
selection also enters the space after the word; before punctuation the keyboard removes it again at
no cost. All other characters are typed.

A model needs to rank tokens only: any scores in the order of its probabilities work.

Shapes: V vocabulary, W words in it, N words of a text, B rows of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.decoding.word_index import WordIndex
from elman.errors import EmptyTextError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Scores = npt.NDArray[np.floating[Any]]

OFFERED = 3
"""The number of suggestions."""


@dataclass(frozen=True, slots=True)
class TypingCounts:
    """The text that a simulated user types.

    Attributes:
        words: the N words.
        spaced: whether a space follows each word.
        keystrokes: without suggestions, one for each character except newlines.
    """

    words: Sequence[str]
    spaced: Sequence[bool]
    keystrokes: int

    @classmethod
    def of(cls, text: str, spans: Iterable[tuple[int, int]]) -> TypingCounts:
        """From a text and the character offsets (start, end) of its words."""
        bounds = list(spans)
        return cls(
            words=[text[start:end] for start, end in bounds],
            spaced=[text[end : end + 1] == " " for _, end in bounds],
            keystrokes=len(text) - text.count("\n") - text.count("\r"),
        )


@dataclass(frozen=True, eq=False, slots=True)
class KeyboardScores:
    """The scores of one text; `saved.sum() / keystrokes` is `keystroke_savings`.

    Attributes:
        hit1, hit3: (N,) bool, whether each word ranks first, or among the first three, before a
            letter is typed.
        saved: (N,) int64, the keystrokes saved on each word.
        keystrokes: without suggestions.
        typed, selections: with suggestions.
    """

    hit1: npt.NDArray[np.bool_]
    hit3: npt.NDArray[np.bool_]
    saved: npt.NDArray[np.int64]
    keystrokes: int
    typed: int
    selections: int

    @property
    def words(self) -> int:
        """The number of words."""
        return self.hit1.size

    @property
    def top1(self) -> float:
        """As a fraction of the words, 0 to 1."""
        return float(self.hit1.mean())

    @property
    def top3(self) -> float:
        """As a fraction of the words, 0 to 1."""
        return float(self.hit3.mean())

    @property
    def keystroke_savings(self) -> float:
        """KSR as a fraction, at most 1."""
        return 1 - (self.typed + self.selections) / self.keystrokes


def keyboard_scores(
    index: WordIndex, typing: TypingCounts, distributions: Iterable[Scores]
) -> KeyboardScores:
    """Score the suggestions of a model on a text, by simulated typing.

    Args:
        index: the words of the model.
        typing: the text.
        distributions: scores of the token that starts each word given the text before it, in the
            order of the text: arrays (V,), or (B, V) for the next B words. Words outside the
            vocabulary have a row too, which is ignored.

    Raises:
        EmptyTextError: there is no word.
        ValueError: the numbers of rows and words differ, a row has not V elements or a NaN.
    """
    indices = [index.index_of(word) for word in typing.words]
    if not indices:
        raise EmptyTextError("no word to score suggestions on")
    ranks = np.full(len(indices), len(index.words) + 1)
    saved = np.zeros(len(indices), dtype=np.int64)
    prefixes: dict[int, list[slice]] = {}  # of each word that is typed, most of them often
    done = 0
    for rows in distributions:
        for values in index.take_words(np.atleast_2d(rows)):
            if done == len(indices):
                raise ValueError(f"{done} words, but more distributions")
            position, spaced = indices[done], typing.spaced[done]
            if position is not None:
                if np.isnan(values).any():
                    raise ValueError(f"word {done}: its distribution holds a NaN")
                if position not in prefixes:
                    prefixes[position] = index.matching_prefixes(position)
                typed = _type_word(values, position, prefixes[position], spaced)
                ranks[done], saved[done] = typed
            done += 1
    if done < len(indices):
        raise ValueError(f"{len(indices)} words, but {done} distributions")
    selections = int(np.count_nonzero(saved))
    return KeyboardScores(
        hit1=ranks == 1,
        hit3=ranks <= OFFERED,
        saved=saved,
        keystrokes=typing.keystrokes,
        typed=typing.keystrokes - int(saved.sum()) - selections,
        selections=selections,
    )


def _type_word(
    values: Scores, position: int, prefixes: Sequence[slice], spaced: bool
) -> tuple[int, int]:
    """The rank of a word before its first letter, and the keystrokes saved.

    Args:
        values: (W,) the scores of the words.
        position: of the word.
        prefixes: the words that begin as it does, for 0 letters and more.
        spaced: whether a space follows.
    """
    first_rank = rank = _rank(values, position, prefixes[0])
    # Before the last letter a selection costs as much as that letter, so it saves a keystroke only
    # where it also enters a space.
    length = len(prefixes)
    for letters in range(length + spaced - 1):
        if letters > 0:
            rank = _rank(values, position, prefixes[letters])
        if rank <= OFFERED:
            return first_rank, length + spaced - letters - 1
    return first_rank, 0


def _rank(values: Scores, position: int, among: slice) -> int:
    """The rank, from 1, of values[position] in a slice; ties rank by position."""
    value = values[position]
    better = np.count_nonzero(values[among.start : position] >= value)
    better += np.count_nonzero(values[position + 1 : among.stop] > value)
    return 1 + int(better)
