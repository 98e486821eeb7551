"""Surnames and their languages, from the name lists of Faker."""

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
"""The locales of each language with about a hundred names or more.

Excluded are countries whose list mixes languages (Belgium, Luxembourg, India, Kenya), and Iceland,
whose surnames Faker generates.
"""

_OTHER_CHARACTERS = frozenset(" -'’‘ʻ")


def surnames() -> Split[tuple[str, str]]:
    """Pairs (surname, language), split by the hash of the name; case does not distinguish names.

    A name in the lists of several languages is left out: it would be one text with two labels.
    This also removes most names that migrated to another country (Wang to Sweden).

    Raises:
        InputError: Faker is not installed, or lacks a list.
    """
    spellings: dict[str, str] = {}
    languages: defaultdict[str, set[str]] = defaultdict(set)
    for language, locales in LANGUAGES.items():
        for name in _names(locales):
            spellings.setdefault(name.casefold(), name)
            languages[name.casefold()].add(language)
    rows = (
        (spellings[name], min(its_languages))
        for name, its_languages in sorted(languages.items())
        if len(its_languages) == 1
    )
    return divide(rows, key=lambda row: row[0])


def _names(locales: Iterable[str]) -> Iterator[str]:
    for locale in locales:
        for listed in _lists(locale):
            for name in listed:
                if _is_latin(name):
                    # The list of Taiwan is in capitals, which would reveal the label.
                    yield name.capitalize() if name.isupper() else name


def _lists(locale: str) -> Iterator[Iterable[str]]:
    """The lists of surnames that a locale defines: for men, for women, for all, in Latin letters.

    Some are tuples or lists, some map names to weights. Inherited lists are English: ignore them.
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
        letter in _OTHER_CHARACTERS or unicodedata.name(letter, "").startswith("LATIN ")
        for letter in name
    )
