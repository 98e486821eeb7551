"""The spaces between words: a default that both sides know, and marks where a text differs.

N the number of spellings of one text. `marks` finds the differences in a whole text at once;
`SpacingDecoder` follows the same rule one token at a time. They are tested against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from elman.text.tokenizers.pretokenization import CLOSE, Kind, kind_of
from elman.text.tokenizers.tokenizer import BOUNDARY, FIRST_BYTE, FIRST_OWN, utf8_decoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from elman.text.tokenizers.tokenizer import Tokens


END_OF_SPELLING = FIRST_OWN
JOIN = FIRST_OWN + 1
"""No space here, where there would be one by default."""
SPACE = FIRST_OWN + 2
"""A space here, where there would be none by default (or more than one)."""
FIRST_TOKEN = FIRST_OWN + 3


def marks(
    kinds: NDArray[np.uint8], firsts: NDArray[np.int64], after_space: NDArray[np.bool_]
) -> Tokens:
    """What to write before each spelling: JOIN, SPACE, or 0 where the default holds. All (N,).

    Args:
        kinds: each spelling's Kind.
        firsts: the code point of its first character.
        after_space: whether the text has a space before it.
    """
    kinds = _with_apostrophes_told_apart(_with_quotes_told_apart(kinds), after_space)
    before, here = kinds[:-1], kinds[1:]
    close = (before & Kind.CLOSE_AFTER > 0) | (here & Kind.CLOSE_BEFORE > 0)
    close |= (before & Kind.WORD > 0) & (here & Kind.APOSTROPHE > 0)
    close |= before & here & Kind.IDEOGRAPH > 0
    close |= (here & Kind.TOKEN > 0) & (firsts[1:] == firsts[:-1])
    by_default = np.zeros(len(kinds), dtype=np.bool_)
    by_default[1:] = ~close
    found = np.where(after_space, SPACE, JOIN).astype(np.int32)
    found[after_space == by_default] = 0
    return found


def _with_quotes_told_apart(kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each quote in a line opens or closes in turn: its kind then says on which side it is."""
    is_quote = kinds & Kind.QUOTE > 0
    quotes = np.cumsum(is_quote)
    before_line = np.maximum.accumulate(np.where(kinds & Kind.LINE > 0, quotes, 0))
    opens = (quotes - before_line) % 2 == 1
    side = np.where(opens, np.uint8(Kind.CLOSE_AFTER), np.uint8(Kind.CLOSE_BEFORE))
    return np.where(is_quote, kinds | side, kinds)


def _with_apostrophes_told_apart(
    kinds: NDArray[np.uint8], after_space: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """An apostrophe opens, so that no space comes after it, after any space, bracket or quote;
    what follows another apostrophe only after a space."""
    opens = after_space.copy()
    opens[:1] = True
    opens[1:] |= kinds[:-1] & Kind.CLOSE_AFTER > 0
    return np.where(
        opens & (kinds & Kind.APOSTROPHE > 0), kinds | np.uint8(Kind.CLOSE_AFTER), kinds
    )


class SpacingDecoder:
    """Tokens of words -> text, one token at a time."""

    def __init__(self, spellings: list[str], kinds: list[int]) -> None:
        self._spellings = spellings
        self._kinds = kinds
        self._utf8 = utf8_decoder()
        self._start()

    def _start(self) -> None:
        self._before = CLOSE  # the kind of the spelling before
        self._first = ""  # its first character
        self._quote_is_open = False
        self._is_spelling = False
        self._is_joined = False

    def feed(self, token: int) -> str:
        if FIRST_BYTE <= token < FIRST_OWN:
            return self._spell(self._utf8.decode(bytes((token - FIRST_BYTE,))))
        return self._end_spelling() + self._read(token)

    def finish(self) -> str:
        text = self._end_spelling()
        self._start()
        return text

    def word_brings_space(self) -> bool:
        """Whether a word that came next would have a space before it."""
        return not self._before & Kind.CLOSE_AFTER

    def _read(self, token: int) -> str:
        was_joined, self._is_joined = self._is_joined, token == JOIN
        if token == JOIN:
            # As after an apostrophe, another one does not open; after a seam, it does.
            self._before = CLOSE if was_joined else CLOSE | Kind.APOSTROPHE
            self._quote_is_open &= not was_joined
            return ""
        if token == SPACE:
            self._before = CLOSE
            return " "
        if token == BOUNDARY:
            self._start()
        spelling = self._spellings[token]
        return self._gap(spelling, self._kinds[token]) + spelling if spelling else ""

    def _spell(self, text: str) -> str:
        self._is_joined = False
        if not text:
            return ""
        gap = "" if self._is_spelling else self._gap(text, kind_of(text))
        self._is_spelling = True
        return gap + text

    def _end_spelling(self) -> str:
        rest = self._utf8.decode(b"", final=True)
        text = self._spell(rest) if rest else ""
        self._utf8.reset()
        self._is_spelling = False
        return text

    def _gap(self, spelling: str, kind: int) -> str:
        """The default space before a spelling, which then is the spelling before."""
        before, is_same = self._before, spelling[0] == self._first
        if kind & Kind.QUOTE:
            self._quote_is_open = not self._quote_is_open
            kind |= Kind.CLOSE_AFTER if self._quote_is_open else Kind.CLOSE_BEFORE
        elif kind & Kind.LINE:
            self._quote_is_open = False
        is_close = (
            before & Kind.CLOSE_AFTER
            or kind & Kind.CLOSE_BEFORE
            or (before & Kind.WORD and kind & Kind.APOSTROPHE)
            or before & kind & Kind.IDEOGRAPH
            or (kind & Kind.TOKEN and is_same)
        )
        if kind & Kind.APOSTROPHE:
            is_after_open = before & Kind.CLOSE_AFTER and not before & Kind.APOSTROPHE
            kind |= Kind.CLOSE_AFTER if is_after_open or not is_close else 0
        self._before, self._first = kind, spelling[0]
        return "" if is_close else " "
