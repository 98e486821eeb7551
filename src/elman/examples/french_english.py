"""French phrases and their English translations: names, amounts, dates and times from Unicode CLDR
(through Babel), and numbers in words from num2words.

The patterns of CLDR form each phrase, so this module needs no rules for genders and elisions. It
corrects only the first day of a month, which French writes 1er.
"""

from __future__ import annotations

import datetime
import random
import re
from collections import defaultdict
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from elman.examples.extra import extra
from elman.examples.split import Split, divide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pair = tuple[str, str]


DRAWN = 4_000
"""The number of random pairs of each kind that has no natural limit."""

UNITS = {
    "area": "acre hectare square-kilometer square-meter",
    "digital": "bit byte gigabyte kilobyte megabyte",
    "duration": "century day hour millisecond minute month second week year",
    "electric": "ampere ohm volt",
    "energy": "joule kilocalorie kilojoule kilowatt-hour",
    "frequency": "hertz kilohertz megahertz",
    "length": "centimeter foot inch kilometer light-year meter mile millimeter nautical-mile yard",
    "mass": "carat gram kilogram ounce pound",
    "power": "horsepower kilowatt megawatt watt",
    "pressure": "bar hectopascal pascal",
    "speed": "kilometer-per-hour knot meter-per-second mile-per-hour",
    "temperature": "celsius fahrenheit kelvin",
    "volume": "barrel cubic-meter gallon hectoliter liter milliliter tablespoon teaspoon",
}
"""The units of each quantity, by their names in CLDR."""

KINDS = ("territories", "languages", "currencies")
"""The kinds of names, by the attributes of Babel's Locale."""

_SPANS = {
    "minute": datetime.timedelta(minutes=1),
    "hour": datetime.timedelta(hours=1),
    "day": datetime.timedelta(days=1),
    "week": datetime.timedelta(weeks=1),
    "month": datetime.timedelta(days=30),  # the length that Babel assumes
    "year": datetime.timedelta(days=365),
}
_FIRST = re.compile(r"(^| )1 ")
_MARKS = re.compile(r"[(,&]")
_SPACES = re.compile("[\u00a0\u202f]")


def french_english() -> Split[tuple[str, str]]:
    """About 24,000 distinct pairs (French, English), split by the hash of the French text.

    A French text with several translations is left out. The narrow and no-break spaces of French
    become plain spaces.

    Raises:
        InputError: Babel or num2words is not installed.
    """
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for french, english in _pairs():
        meanings[_SPACES.sub(" ", french)].add(_SPACES.sub(" ", english))
    pairs = (
        (french, min(english)) for french, english in sorted(meanings.items()) if len(english) == 1
    )
    return divide(pairs, key=lambda pair: pair[0])


def _pairs() -> Iterator[Pair]:
    draw = random.Random(1)  # the same pairs on every machine
    names = {kind: _names(kind) for kind in KINDS}
    yield from chain(*names.values(), _languages_of_places(), _lists(names, draw))
    yield from chain(_numbers(draw), _money(draw), _measures(draw))
    yield from chain(_dates(draw), _times(), _from_now())


def _names(kind: str) -> list[Pair]:
    """Irlande; franc suisse."""
    locale = extra("babel").Locale
    french, english = (getattr(locale(language), kind) for language in ("fr", "en"))
    return [(french[code], english[code]) for code in sorted(french.keys() & english.keys())]


def _languages_of_places() -> Iterator[Pair]:
    """français (Canada): the names of the locales of CLDR."""
    locale = extra("babel").Locale
    for name in sorted(extra("babel.localedata").locale_identifiers()):
        pair = _in_both(locale.parse(name).get_display_name)
        if all(pair):
            yield pair


def _lists(names: dict[str, list[Pair]], draw: random.Random) -> Iterator[Pair]:
    """Irlande, Pérou et Japon: names of one kind, none of which is itself a list."""
    say = extra("babel.lists").format_list
    plain = [
        [pair for pair in pairs if not _MARKS.search("".join(pair))] for pairs in names.values()
    ]
    for _ in range(DRAWN):
        style = draw.choice(("standard", "or"))
        pairs = draw.sample(draw.choice(plain), draw.choice((2, 3)))
        french, english = zip(*pairs, strict=True)
        yield say(french, style, locale="fr"), say(english, style, locale="en")


def _numbers(draw: random.Random) -> Iterator[Pair]:
    """soixante et onze: all below 1,000, and random ones up to a million."""
    say = extra("num2words").num2words
    for number in chain(range(1000), (_number(draw) for _ in range(DRAWN - 1000))):
        yield _in_both(say, number, option="lang")


def _money(draw: random.Random) -> Iterator[Pair]:
    """1 200 livres égyptiennes."""
    say = partial(
        extra("babel.numbers").format_currency,
        format="#,##0",
        currency_digits=False,
        format_type="name",
    )
    codes = sorted(extra("babel").Locale("fr").currencies)
    for _ in range(DRAWN):
        pair = _in_both(say, _number(draw), draw.choice(codes))
        if "(" not in "".join(pair):  # the years of a historic currency
            yield pair


def _measures(draw: random.Random) -> Iterator[Pair]:
    """12,5 kilomètres."""
    say = partial(extra("babel.units").format_unit, length="long", format="#,##0.#")
    units = [f"{kind}-{unit}" for kind, several in UNITS.items() for unit in several.split()]
    for _ in range(DRAWN):
        number = draw.choice((_number(draw), draw.randrange(1, 1000) / 10))
        yield _in_both(say, number, draw.choice(units))


def _dates(draw: random.Random) -> Iterator[Pair]:
    """samedi 1er juillet 2017, with or without the day of the week."""
    say = extra("babel.dates").format_date
    first = datetime.date(1900, 1, 1).toordinal()
    last = datetime.date(2099, 12, 31).toordinal()
    for _ in range(DRAWN):
        day = datetime.date.fromordinal(draw.randint(first, last))
        french, english = _in_both(say, day, draw.choice(("full", "long")))
        yield _FIRST.sub(r"\g<1>1er ", french), english


def _times() -> Iterator[Pair]:
    """15:05."""
    say = extra("babel.dates").format_time
    for minute in range(24 * 60):
        time = datetime.time(*divmod(minute, 60))
        yield _in_both(say, time, "short")


def _from_now() -> Iterator[Pair]:
    """il y a 3 jours, dans 2 semaines."""
    say = partial(extra("babel.dates").format_timedelta, threshold=1e9, add_direction=True)
    for unit, span in _SPANS.items():
        for count in chain(range(-99, 0), range(1, 100)):
            yield _in_both(say, count * span, unit)


def _in_both(say: Callable[..., str], *what: object, option: str = "locale") -> Pair:
    """The phrase of Babel or num2words in both languages; `option` is the keyword argument of
    the language."""
    french, english = (say(*what, **{option: language}) for language in ("fr", "en"))
    return french, english


def _number(draw: random.Random) -> int:
    """A random number with 1 to 6 digits, each length equally likely."""
    return draw.randrange(1, 10 ** draw.randint(1, 6))
