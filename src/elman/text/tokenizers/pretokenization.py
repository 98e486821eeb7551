"""How text falls into words, punctuation and white space, each perhaps after one space.

A word is a run of letters, digits and combining marks, with apostrophes, hyphens, the Catalan dot
and the Persian and Indic joiners inside it: don't, well-known, l'eau. In the scripts that leave no
space between words, Chinese and Japanese, each character is a word. Any other character is a
token by itself, with the marks that follow it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

INNER = "'’\\-‐‑·\u200c\u200d"
IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")


class Kind:
    """What a token's first character says about the spaces around it, unless written otherwise.

    The default between two tokens is one space. These are the exceptions, as bits to combine;
    plain integers, since every token of a text passes here and `IntFlag` is ten times slower.
    """

    CLOSE_BEFORE = 1  # no space before it: , . ) ?
    CLOSE_AFTER = 2  # no space after it: ( [ { and every white space
    TOKEN = 4  # no space between two of the same: -- ... !!
    QUOTE = 8  # opening and closing in turn, anew in each line
    LINE = 16  # the newline, after which quotes start anew
    IDEOGRAPH = 32  # no space between two of these
    WORD = 64
    APOSTROPHE = 128  # closes after a word (o' the), opens after a space ('tis)


CLOSE = Kind.CLOSE_BEFORE | Kind.CLOSE_AFTER

_PUNCTUATION = {
    Kind.CLOSE_BEFORE: ",.!?;:)]}’”»…%‰°′″،؛؟।॥።",
    Kind.CLOSE_AFTER: "([{“‘„‚«¿¡#$£@",
    Kind.APOSTROPHE: "'",
    CLOSE: "—/\\_|~、。，．！？；：「」『』（）《》〈〉【】・",
}
_KIND = {mark: kind for kind, marks in _PUNCTUATION.items() for mark in marks}


def kind_of(token: str) -> int:
    """The bits of Kind of a token, which its first character tells."""
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
    # Format characters (a joiner within an emoji) and skin tones belong to what they change.
    if category == "Cf":
        return Kind.TOKEN | CLOSE
    return Kind.TOKEN | (Kind.CLOSE_BEFORE if category == "Sk" and first > "\uffff" else 0)


@cache
def pieces() -> re.Pattern[str]:
    """A pattern that covers any text without a gap: tokens, each with one space before it if
    there is one; white space stands alone."""
    # All marks lie beyond U+0300. To say so first spares most characters a search of the ranges.
    mark = rf"(?![\0-\u02ff])[{_combining_marks()}]"
    run = rf"(?:[^\W_{IDEOGRAPHS}]++|{mark})++"
    # What most words are, and the same as the next branch makes of them, at half its time.
    plain = r"[A-Za-z]++(?=[\s,.!?;:])"
    return re.compile(rf" ?(?:{plain}|{run}(?:[{INNER}]{run})*+|\S(?:{mark})*+)|\s")


def _combining_marks() -> str:
    """The combining marks as ranges for a character class; `re` has no name for them."""
    codes = [*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)]
    marks = [code for code in codes if unicodedata.category(chr(code))[0] == "M"]
    starts = [code for code in marks if unicodedata.category(chr(code - 1))[0] != "M"]
    ends = [code for code in marks if unicodedata.category(chr(code + 1))[0] != "M"]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))
