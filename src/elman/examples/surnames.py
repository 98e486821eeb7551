"""Surnames and the language they come from, out of Faker's name lists."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from importlib import import_module
from typing import TYPE_CHECKING

from elman.errors import InputError
from elman.examples.split import Split, divide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


LANGUAGES = {
    "Azerbaijani": ("az_AZ",),
    "Chinese": ("zh_CN", "zh_TW"),  # as written in Latin letters
    "Croatian": ("hr_HR",),
    "Czech": ("cs_CZ",),
    "Dutch": ("nl_NL",),
    "English": ("en_GB", "en_NZ", "en_US"),
    "Estonian": ("et_EE",),
    "Finnish": ("fi_FI",),
    "French": ("fr_CA", "fr_CH", "fr_FR"),
    "German": ("de_AT", "de_CH", "de_DE", "de_LI"),
    "Indonesian": ("id_ID",),
    "Irish": ("ga_IE",),
    "Italian": ("it_IT",),
    "Latvian": ("lv_LV",),
    "Polish": ("pl_PL",),
    "Slovak": ("sk_SK",),
    "Slovene": ("sl_SI",),
    "Spanish": ("es_AR", "es_CL", "es_CO", "es_ES", "es_MX"),
    "Swedish": ("sv_SE",),
    "Twi": ("tw_GH",),
    "Uzbek": ("uz_UZ",),
    "Zulu": ("zu_ZA",),
}
"""The locales of each language that leaves about a hundred names or more.

Left out are countries whose list holds several languages (Belgium, Luxembourg, India, Kenya), and
Iceland, whose surnames Faker puts together as it goes.
"""

_BESIDE_LETTERS = frozenset(" -'’‘ʻ")


def surnames() -> Split[tuple[str, str]]:
    """(surname, language), divided by the name; two that differ only in capitals are one.

    A name that stands in the lists of several languages is left out: it has no one right answer,
    and it would be the same text with two labels. That also takes out most of the names that came
    to a country with their bearers (Wang to Sweden).

    Raises:
        InputError: Faker is not installed, or has no such list.
    """
    spellings: dict[str, str] = {}
    languages: defaultdict[str, set[str]] = defaultdict(set)
    for language, locales in LANGUAGES.items():
        for name in _names(locales):
            spellings.setdefault(name.casefold(), name)
            languages[name.casefold()].add(language)
    rows = (
        (spellings[name], min(found))
        for name, found in sorted(languages.items())
        if len(found) == 1
    )
    return divide(rows, key=lambda row: row[0])


def _names(locales: Iterable[str]) -> Iterator[str]:
    for locale in locales:
        for listed in _lists(locale):
            for name in listed:
                if _is_latin(name):
                    # Taiwan's list is in capitals, which would give it away.
                    yield name.capitalize() if name.isupper() else name


def _lists(locale: str) -> Iterator[Iterable[str]]:
    """What a locale says of surnames itself: for men, for women, for all, in Latin letters.

    Some are tuples or lists, some weights by name; what it inherits would be English.
    """
    try:
        provider = import_module(f"faker.providers.person.{locale}").Provider
    except ImportError as error:
        raise InputError(
            f"there is no Faker with surnames of {locale}",
            hint="Try: pip install 'elman[examples]'",
        ) from error
    for attribute, value in vars(provider).items():
        if "last_names" in attribute or attribute == "last_romanized_names":
            yield value


def _is_latin(name: str) -> bool:
    return all(
        letter in _BESIDE_LETTERS or unicodedata.name(letter, "").startswith("LATIN ")
        for letter in name
    )
