"""Names of months in German, French and Spanish; those in English are in `date_formats`."""

from __future__ import annotations

import re
import unicodedata

FULL = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
}
"""By ISO 639-1 code, from January to December."""

SHORT = {
    "de": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "fr": "janv févr mars avr mai juin juil août sept oct nov déc",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
}
"""The same, abbreviated, without their points."""

_OTHERS = {
    "de": {"jänner": 1, "feber": 2, "maerz": 3, "mrz": 3, "sept": 9},
    "fr": {"jan": 1, "fév": 2, "fev": 2, "jul": 7, "sep": 9},
    "es": {"setiembre": 9, "sep": 9, "set": 9},
}
_WORD = re.compile(r"[^\W\d_]{3,}")


def _folded(name: str) -> str:
    """Without case and accents, which people leave out."""
    parts = unicodedata.normalize("NFD", name.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


_NUMBERS = {
    language: {
        **{_folded(name): number for name, number in _OTHERS[language].items()},
        **{
            _folded(name): number
            for names in (SHORT[language], FULL[language])
            for number, name in enumerate(names.split(), start=1)
        },
    }
    for language in FULL
}


def month_number(name: str, language: str) -> int:
    """The number of a month, from 1; 0 where the language has no such name.

    Args:
        name: full or abbreviated, without a point; accents may be missing.
        language: a key of FULL.
    """
    return _NUMBERS[language].get(_folded(name), 0)


def languages_of(text: str) -> list[str]:
    """The languages in which a word of a text is the name of a month."""
    words = [_folded(word) for word in _WORD.findall(text)]
    return [each for each, names in _NUMBERS.items() if not names.keys().isdisjoint(words)]
