"""Formats of dates in people's files: recognise them, read dates, and write dates in them.

A format is a string with directives as in `strftime`: %Y %y %m %d %H %I %M %S %f %p, %b and %B (an
English month; %B@de is a German one), and with a hyphen (%-d) without padding. %q is a quarter,
%G-%V an ISO week, %s seconds since 1970, %Q milliseconds, %N the year after %Y and %n its last two
digits. Anything else is literal text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from elman.text.month_names import FULL, SHORT, languages_of, month_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_MONTHS = "January February March April May June July August September October November December"
_FULL = _MONTHS.split()
_ABBREVIATIONS = [name[:3] for name in _FULL]
_NUMBERS = {name.lower(): number for number, name in enumerate(_FULL, start=1)}
_SHORT_NUMBERS = {name.lower(): number for number, name in enumerate(_ABBREVIATIONS, start=1)}
_SHORT_NUMBERS["sept"] = 9
_EPOCH = datetime(1970, 1, 1)
_PIVOT = 69  # of two-digit years, as in POSIX: 69 is 1969, 68 is 2068
_YEARS_WITHOUT_SEPARATOR = range(1500, 2500)  # others are rather numbers than dates
_EPOCH_YEARS = range(1971, 2100)

# Hours from UTC: of North America as in RFC 2822, and of Europe.
_ZONES = {
    **{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{
        "WEST": 1,
        "WET": 0,
        "BST": 1,
        "CEST": 2,
        "CET": 1,
        "MESZ": 2,
        "MEZ": 1,
        "EEST": 3,
        "EET": 2,
    },
}

_REGEXES = {
    "Y": r"(\d{4})",
    "y": r"(\d{2})",
    "m": r"(\d{1,2})",
    "d": r"(\d{1,2})",
    "H": r"(\d{1,2})",
    "I": r"(\d{1,2})",
    "M": r"(\d{2})",
    "S": r"(\d{2})",
    "f": r"(\d{1,9})",
    "p": r"([AaPp]\.?[Mm]\.?)",
    "b": r"([A-Za-z]{3,4})\.?",
    "B": r"([A-Za-z]{3,9})",
    "q": r"([1-4])",
    **{f"{letter}@{language}": r"([^\W\d_]{3,})\.?" for letter in "bB" for language in FULL},
    "N": r"(\d{4})",
    "n": r"(\d{2})",
    "G": r"(\d{4})",
    "V": r"(\d{2})",
    "s": r"(\d{9,10})",
    "Q": r"(\d{12,13})",
    "z": rf"( ?(?:Z|UTC|GMT|{'|'.join(_ZONES)}|[+-]\d{{2}}(?::?\d{{2}})?)(?:\[[A-Za-z_/+-]+\])?)",
}
_PADDED = frozenset("mdHI")
_DIRECTIVE = re.compile(r"%-?([A-Za-z](?:@[a-z]{2})?)|(.)", re.DOTALL)
_FISCAL = ("%Y/%n", "%Y-%n", "%Y/%N", "%Y-%N", "%Y–%n", "%Y–%N")
"""A year that begins in one calendar year and ends in the next: 2019/20."""
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +", re.IGNORECASE)
_RANGE = re.compile(
    r" (?:-|–|—|to|bis|until) |(?<=\d{2})/(?=\d{4}-\d{2}-)"
)  # 2001-01-01/2001-01-07


def _templates() -> Iterator[str]:
    for s in "-/. ":
        yield f"%Y{s}%m{s}%d"
        yield f"%d{s}%m{s}%Y"
        if s != ".":  # no country writes the month first, then a dot
            yield f"%m{s}%d{s}%Y"
    for s in "-/.":
        yield f"%d{s}%m{s}%y"
        if s != ".":
            yield f"%m{s}%d{s}%y"
        yield f"%y{s}%m{s}%d"
    for s in "-/. ":
        yield f"%Y{s}%m"
        yield f"%m{s}%Y"
    for month in ("%b", "%B"):
        for s in (" ", "-", "/", ".", ""):
            yield f"%d{s}{month}{s}%Y"
            yield f"%Y{s}{month}{s}%d"
            yield f"%d{s}{month}{s}%y"
            yield f"{month}{s}%Y"
            yield f"%Y{s}{month}"
            yield f"{month}{s}%y"
            yield f"%y{s}{month}"
        yield f"%d. {month} %Y"
        yield f"%d de {month} de %Y"
        yield f"{month} de %Y"
        yield f"{month} %d, %Y"
        yield f"{month} %d %Y"
        yield f"{month}, %Y"
        yield f"{month} '%y"
    for year in ("%Y", "%y"):
        for s in ("", "-", " ", "/", ".", " - "):
            yield f"{year}{s}Q%q"
            yield f"Q%q{s}{year}"
            yield f"%qQ{s}{year}"
    yield from ("%G-W%V", "%GW%V", "%G W%V", "%YM%m", "%Y%m%d", "%Y%m", "%Y%m%d%H%M")
    yield from ("%Y%m%d%H%M%S", "%Y", "%s", "%Q", *_FISCAL)
    for year in ("%Y", "%y", "%Y/%n"):
        yield from (f"FY{year}", f"FY {year}", f"FY-{year}")


_DATES = tuple(_templates())
_CLOCKS = (
    *("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S,%f", "%H-%M-%S", "%H.%M", "%H.%M.%S"),
    *("%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p", "%I %p", "%H%M", "%H%M%S"),
)
_TIMES = (
    *("%z",),
    *(
        f"{s}{clock}{zone}"
        for s in ("T", " ", ", ", "  ")
        for clock in _CLOCKS
        for zone in ("", "%z")
    ),
    *("T%H", " %H"),
)


class DateReading(NamedTuple):
    """Dates read in one format.

    Attributes:
        form: the format.
        dates: without time zones: instants where `is_utc`, else as on the writer's clock.
        is_utc: whether `dates` are in UTC because the offsets in the texts differ.
        of_ranges: whether the texts are ranges; the dates are their starts.
    """

    form: str
    dates: list[datetime]
    is_utc: bool = False
    of_ranges: bool = False


def date_readings(texts: Sequence[str]) -> list[DateReading]:
    """All readings of texts as dates, each in one format that fits all texts.

    More than one where the order of day and month is not determined, or where offsets from UTC
    differ: then the first has the instants and the second the times of the writer's clock.

    Args:
        texts: one or more dates, times, or ranges of them such as '01:00 - 02:00'.
    """
    texts = [normalize("NFC", _WEEKDAY.sub("", text.strip(), count=1)) for text in texts]
    found = [reading for form in _forms_of(texts[0]) for reading in _read(texts, form)]
    fiscal = [reading for reading in found if reading.form in _FISCAL]
    if fiscal and len(texts) > 1:  # 2009-10 alone is a month too, but of 2008-09 both are years
        return fiscal
    if found or not all(map(_RANGE.search, texts)):
        return found or _mixed_iso(texts)
    starts = [_RANGE.split(text)[0] for text in texts]
    return [reading._replace(of_ranges=True) for reading in date_readings(starts)]


def is_date(text: str) -> bool:
    """Whether a text is a date in any format."""
    return bool(text.strip()) and bool(date_readings([text]))


def order_of(form: str) -> str:
    """The order of year, month and day in a format, such as 'dmy'; without a day 'my' or 'ym'."""
    letters = [match[1] for match in _DIRECTIVE.finditer(form) if match[1]]
    known = [each[0] for each in letters if each[0] in "YymdbB"]
    return "".join("m" if each in "bB" else each.lower() for each in known)


def format_date(date: datetime, form: str) -> str:
    """A date as text.

    Raises:
        TypeError: the format is not a string.
        ValueError: it has an unknown directive.
    """
    if not isinstance(form, str):
        raise TypeError
    return "".join(
        match[2] if match[1] is None else _written(date, match[1], padded=match[0][1] != "-")
        for match in _DIRECTIVE.finditer(form)
    )


def _written(date: datetime, letter: str, *, padded: bool) -> str:
    name, _, language = letter.partition("@")
    if language:
        names = (SHORT if name == "b" else FULL).get(language)
        if names is None or name not in "bB":
            raise ValueError
        return names.split()[date.month - 1]
    if letter in "bB":
        return (_ABBREVIATIONS if letter == "b" else _FULL)[date.month - 1]
    if letter in "nN":
        return f"{date.year + 1:04}" if letter == "N" else f"{(date.year + 1) % 100:02}"
    if letter in "sQ":
        seconds = (date - _EPOCH).total_seconds()
        return str(round(seconds if letter == "s" else 1000 * seconds))
    if letter == "q":
        return str((date.month + 2) // 3)
    if letter == "G":
        return f"{date.isocalendar().year:04}"
    if letter == "V":
        return f"{date.isocalendar().week:02}"
    if letter == "p":
        return "AM" if date.hour < 12 else "PM"
    numbers = {
        **{"Y": date.year, "y": date.year % 100, "m": date.month, "d": date.day},
        **{"H": date.hour, "I": (date.hour - 1) % 12 + 1, "M": date.minute, "S": date.second},
    }
    if letter == "f":
        return f"{date.microsecond:06}"
    if letter not in numbers:
        raise ValueError
    return f"{numbers[letter]:0{4 if letter == 'Y' else 2 if padded else 1}}"


def _forms_of(text: str) -> Iterator[str]:
    """The formats that fit one text."""
    languages = languages_of(text)
    named = [f"%{letter}@{language}" for language in languages for letter in "Bb"]
    others = [
        form.replace(f"%{month[1]}", month)
        for month in named
        for form in _DATES
        if f"%{month[1]}" in form
    ]
    for date in (*_DATES, *others):
        match = _pattern(date).match(text)
        if match is None:
            continue
        rest = text[match.end() :]
        if not rest:
            yield date
        elif "%d" in date and (not rest[0].isalnum() or rest[0] in "TZ"):
            yield from (date + time for time in _TIMES if _pattern(time).fullmatch(rest))


@lru_cache(maxsize=1024)
def _pattern(form: str) -> re.Pattern[str]:
    """The regular expression of a format, with one group for each directive."""
    parts = _DIRECTIVE.finditer(form)
    return re.compile("".join(_REGEXES.get(each[1], re.escape(each[0])) for each in parts))


def _read(texts: Sequence[str], form: str) -> list[DateReading]:
    """The readings in one format: one, two where offsets differ, or none."""
    letters = [match[1] for match in _DIRECTIVE.finditer(form) if match[1]]
    pattern = _pattern(form)
    dates: list[datetime] = []
    zones: list[str] = []
    unpadded: set[str] = set()
    try:
        for text in texts:
            match = pattern.fullmatch(text)
            if match is None:
                return []
            fields = dict(zip(letters, match.groups(), strict=True))
            unpadded.update(each for each in _PADDED & fields.keys() if len(fields[each]) == 1)
            zones.append(fields.pop("z", ""))
            dates.append(_date(fields))
    except (ValueError, OverflowError):
        return []
    if not _are_plausible(form, dates):
        return []
    written = "".join(
        f"%-{each[1]}" if each[1] in unpadded else each[0] for each in _DIRECTIVE.finditer(form)
    )
    if len(set(zones)) == 1:
        return [DateReading(written.replace("%z", zones[0]), dates)]
    try:
        instants = [date - _offset(zone) for date, zone in zip(dates, zones, strict=True)]
    except OverflowError:
        return []
    return [
        DateReading(written.replace("%z", "+00:00"), instants, is_utc=True),
        DateReading(written.replace("%z", ""), dates),
    ]


def _date(fields: dict[str, str]) -> datetime:
    """The date in the fields of a text, by directive.

    Raises:
        ValueError, OverflowError: there is no such date.
    """
    if "s" in fields or "Q" in fields:
        seconds = int(fields["s"]) if "s" in fields else int(fields["Q"]) / 1000
        return _EPOCH + timedelta(seconds=seconds)
    if "G" in fields:
        return datetime.fromisocalendar(int(fields["G"]), int(fields["V"]), 1)
    if "Y" in fields:
        year = int(fields["Y"])
    else:
        year = int(fields["y"])
        year += 1900 if year >= _PIVOT else 2000
    month = int(fields.get("m", 1))
    if "b" in fields or "B" in fields:
        names, name = (_SHORT_NUMBERS, fields["b"]) if "b" in fields else (_NUMBERS, fields["B"])
        month = names.get(name.lower(), 0)
    month = next((_foreign_month(*each) for each in fields.items() if "@" in each[0]), month)
    if "n" in fields or "N" in fields:
        following = int(fields["N"]) if "N" in fields else int(fields["n"])
        if following != (year + 1 if "N" in fields else (year + 1) % 100):
            raise ValueError
    if "q" in fields:
        month = 3 * int(fields["q"]) - 2
    hour = int(fields.get("H", 0))
    if "I" in fields:
        hour = int(fields["I"])
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + 12 * (fields["p"][0] in "Pp")
    minute, second = int(fields.get("M", 0)), int(fields.get("S", 0))
    fraction = int(fields.get("f", "0").ljust(6, "0")[:6])
    # 24:00 is the end of the day (ISO 8601).
    is_end = hour == 24 and minute == second == fraction == 0
    hour = 0 if is_end else hour
    date = datetime(year, month, int(fields.get("d", 1)), hour, minute, second, fraction)
    return date + timedelta(days=is_end)


def _foreign_month(letter: str, name: str) -> int:
    """The number of a month; 0, which is none, where a full name is asked for and this is none."""
    kind, _, language = letter.partition("@")
    number = month_number(name, language)
    is_full = number > 0 and len(name) == len(FULL[language].split()[number - 1])
    return number if is_full or kind == "b" else 0


def _offset(zone: str) -> timedelta:
    zone = zone.partition("[")[0].strip()
    if zone in _ZONES:
        return timedelta(hours=_ZONES[zone])
    digits = re.sub("[^0-9]", "", zone)
    if not digits:
        return timedelta(0)
    minutes = 60 * int(digits[:2]) + int(digits[2:] or 0)
    return timedelta(minutes=-minutes if "-" in zone else minutes)


def _are_plausible(form: str, dates: Sequence[datetime]) -> bool:
    """Whether dates that are written as mere numbers are of plausible years."""
    if form in ("%s", "%Q"):
        return all(date.year in _EPOCH_YEARS for date in dates)
    if form.startswith("%Y%m"):
        return all(date.year in _YEARS_WITHOUT_SEPARATOR for date in dates)
    return True


def _mixed_iso(texts: Sequence[str]) -> list[DateReading]:
    """ISO times of different precision, such as with seconds in some rows only."""
    try:
        dates = [datetime.fromisoformat(text) for text in texts]
    except ValueError:
        return []
    if any(date.tzinfo for date in dates):
        if not all(date.tzinfo for date in dates):
            return []
        instants = [date.astimezone(UTC).replace(tzinfo=None) for date in dates]
        return [DateReading("%Y-%m-%d %H:%M:%S+00:00", instants, is_utc=True)]
    return [DateReading("%Y-%m-%d %H:%M:%S", dates)]
