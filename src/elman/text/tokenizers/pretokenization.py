"""Split text into words, punctuation and white space.

A word is a run of letters, digits and combining marks, with apostrophes, hyphens, the Catalan dot
and the Persian and Indic joiners inside it: don't, well-known, l'eau. In Chinese and Japanese,
which have no spaces between words, each character is a word. Any other character is a token,
together with the combining marks that follow it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

INNER = "'’\\-‐‑·\u200c\u200d"
IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")


class Kind:
    """Bits for the default spacing of a token, determined by its first character.

    The default between two tokens is one space; these bits are the exceptions. They are plain
    integers, because `IntFlag` is ten times slower and every token of a text is classified.
    """

    CLOSE_BEFORE = 1  # no space before it: , . ) ?
    CLOSE_AFTER = 2  # no space after it: ( [ { and every white space
    TOKEN = 4  # no space between two of the same: -- ... !!
    QUOTE = 8  # opens and closes in turn, starting with opening in each line
    LINE = 16  # the newline, which resets the quotes
    IDEOGRAPH = 32  # no space between two of these
    WORD = 64
    APOSTROPHE = 128  # closing after a word (o' the), opening after a space ('tis)


CLOSE = Kind.CLOSE_BEFORE | Kind.CLOSE_AFTER

_PUNCTUATION = {
    Kind.CLOSE_BEFORE: ",.!?;:)]}’”»…%‰°′″،؛؟।॥።",
    Kind.CLOSE_AFTER: "([{“‘„‚«¿¡#$£@",
    Kind.APOSTROPHE: "'",
    CLOSE: "—/\\_|~、。，．！？；：「」『』（）《》〈〉【】・",
}
_KIND = {mark: kind for kind, marks in _PUNCTUATION.items() for mark in marks}


def kind_of(token: str) -> int:
    """The bits of `Kind` of a token."""
    first = token[0]
    if first == "\n":
        return CLOSE | Kind.LINE
    if first == '"':
        return Kind.QUOTE
    if first in _KIND:
        return Kind.TOKEN | _KIND[first]
    if first.isspace():
        return CLOSE
    if _IDEOGRAPH.match(first):
        return Kind.WORD | Kind.IDEOGRAPH
    category = unicodedata.category(first)
    if first.isalnum() or category[0] == "M":
        return Kind.WORD
    # Format characters (a joiner within an emoji) and skin tones attach to the character before.
    if category == "Cf":
        return Kind.TOKEN | CLOSE
    return Kind.TOKEN | (Kind.CLOSE_BEFORE if category == "Sk" and first > "\uffff" else 0)


@cache
def pieces() -> re.Pattern[str]:
    """A pattern that covers any text without a gap. Each match is a token with the one space
    before it, if there is one, or one white-space character."""
    # All marks are above U+0300: the lookahead avoids a search of the ranges for most characters.
    mark = rf"(?![\0-\u02ff])[{_combining_marks()}]"
    run = rf"(?:[^\W_{IDEOGRAPHS}]++|{mark})++"
    # A fast path: most words match it, with the same result as the next branch in half the time.
    plain = r"[A-Za-z]++(?=[\s,.!?;:])"
    return re.compile(rf" ?(?:{plain}|{run}(?:[{INNER}]{run})*+|\S(?:{mark})*+)|\s")


def _combining_marks() -> str:
    """The combining marks as ranges for a character class; `re` has no class for them."""
    codes = [*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)]
    marks = [code for code in codes if unicodedata.category(chr(code))[0] == "M"]
    starts = [code for code in marks if unicodedata.category(chr(code - 1))[0] != "M"]
    ends = [code for code in marks if unicodedata.category(chr(code + 1))[0] != "M"]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))
