"""Fold words for matching: as a person types them who leaves out capitals, accents, apostrophes.

Keyboards match their word lists so: Keyman's `searchTermToKey` decomposes, removes the diacritics,
lowers the case and unifies quotation marks.
"""

from __future__ import annotations

import unicodedata

APOSTROPHES = "'’‘‛ʼ＇`´′"

# Marks of the Latin, Greek and Cyrillic scripts only: in others, as in Hindi, a mark is a vowel.
_REMOVED = dict.fromkeys(map(ord, APOSTROPHES)) | dict.fromkeys(range(0x300, 0x370))
_REPLACED = {ord("ß"): "ss", ord("ς"): "σ"}


def fold(text: str) -> str:
    """A text in lower case, without accents and apostrophes, composed or not: don't -> dont.

    The folded parts of a text, joined, are the folded text.
    """
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    return unicodedata.normalize("NFD", text).lower().translate(_REPLACED | _REMOVED)
