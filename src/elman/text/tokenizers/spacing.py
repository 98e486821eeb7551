"""The spaces between words: a default rule, and marker tokens where a text deviates from it.

`marks` finds the deviations in a whole text at once; `SpacingDecoder` applies the same rule one
token at a time. The tests compare them. Shapes: N spellings of one text.
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
"""No space here, although the default is one."""
SPACE = FIRST_OWN + 2
"""A space here, although the default is none (or another space)."""
FIRST_TOKEN = FIRST_OWN + 3


def marks(
    kinds: NDArray[np.uint8], firsts: NDArray[np.int64], after_space: NDArray[np.bool_]
) -> Tokens:
    """The marker before each spelling: JOIN, SPACE, or 0 for the default.

    Args:
        kinds: (N,) the `Kind` of each spelling.
        firsts: (N,) the code point of its first character.
        after_space: (N,) whether the text has a space before it.

    Returns:
        (N,) markers.
    """
    kinds = _with_apostrophe_sides(_with_quote_sides(kinds), after_space)
    before, here = kinds[:-1], kinds[1:]
    close = (before & Kind.CLOSE_AFTER > 0) | (here & Kind.CLOSE_BEFORE > 0)
    close |= (before & Kind.WORD > 0) & (here & Kind.APOSTROPHE > 0)
    close |= before & here & Kind.IDEOGRAPH > 0
    close |= (here & Kind.TOKEN > 0) & (firsts[1:] == firsts[:-1])
    by_default = np.zeros(len(kinds), dtype=np.bool_)
    by_default[1:] = ~close
    markers = np.where(after_space, SPACE, JOIN).astype(np.int32)
    markers[after_space == by_default] = 0
    return markers


def _with_quote_sides(kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The kinds with CLOSE_AFTER for opening quotes and CLOSE_BEFORE for closing ones; the quotes
    of a line open and close in turn."""
    is_quote = kinds & Kind.QUOTE > 0
    quotes = np.cumsum(is_quote)
    before_line = np.maximum.accumulate(np.where(kinds & Kind.LINE > 0, quotes, 0))
    opens = (quotes - before_line) % 2 == 1
    side = np.where(opens, np.uint8(Kind.CLOSE_AFTER), np.uint8(Kind.CLOSE_BEFORE))
    return np.where(is_quote, kinds | side, kinds)


def _with_apostrophe_sides(
    kinds: NDArray[np.uint8], after_space: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """The kinds with CLOSE_AFTER for opening apostrophes: those at the beginning, and after a
    space, an opening bracket or an opening quote. After another apostrophe one opens only after a
    space."""
    opens = after_space.copy()
    opens[:1] = True
    opens[1:] |= kinds[:-1] & Kind.CLOSE_AFTER > 0
    return np.where(
        opens & (kinds & Kind.APOSTROPHE > 0), kinds | np.uint8(Kind.CLOSE_AFTER), kinds
    )


class SpacingDecoder:
    """Decodes word tokens to text one at a time; see `StreamDecoder`.

    Args:
        spellings: (V,) of the tokens; empty for special tokens and bytes.
        kinds: (V,) the `Kind` of each spelling.
    """

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
        """Whether a word as the next token would have a space before it."""
        return not self._before & Kind.CLOSE_AFTER

    def _read(self, token: int) -> str:
        was_joined, self._is_joined = self._is_joined, token == JOIN
        if token == JOIN:
            # After one JOIN an apostrophe does not open; after a seam of two, it does.
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
        remainder = self._utf8.decode(b"", final=True)
        text = self._spell(remainder) if remainder else ""
        self._utf8.reset()
        self._is_spelling = False
        return text

    def _gap(self, spelling: str, kind: int) -> str:
        """The default space before a spelling; makes it the previous spelling."""
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
