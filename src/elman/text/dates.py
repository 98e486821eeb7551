"""Dates of a series: their format, the step between them, and the next dates."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self

from elman.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Sequence


DATE_NAMES = frozenset(
    {"date", "datetime", "time", "timestamp", "ds", "day", "week", "month", "quarter", "year"}
    | {"period", "when", "hour"}
)
"""Usual names of date columns, in lower case."""

_ISO_DAY, _ISO_TIME, _QUARTER = "ISO", "ISO time", "quarter"
_FORMATS = (
    *("%Y-%m", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m", "%m/%Y", "%Y.%m.%d"),
    *("%b %Y", "%B %Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%m/%d/%y", "%d/%m/%y", "%Y"),
    *("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M"),
    *("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S"),
)
_QUARTERS = re.compile(r"(\d{4})[ -]?Q([1-4])", re.IGNORECASE)
_MIN_AGREEMENT = 0.5  # the fraction of differences that must equal the step
_SECONDS = {7 * 86400: "weekly", 86400: "daily", 3600: "hourly", 1800: "half-hourly"}
_MONTHS = {1: "monthly", 3: "quarterly", 12: "yearly"}
WEEKDAYS = "weekdays"


class DateStep(NamedTuple):
    """The step from one date to the next, in months or in seconds.

    Attributes:
        name: 'monthly', 'quarterly', 'yearly', 'weekly', 'daily', 'weekdays', 'hourly' or
            'half-hourly'; 'unknown' for any other.
        months: of the step; 0 where it is measured in seconds.
        seconds: of the step; 0 where it is measured in months.
        at_end: whether each date is the last day of its month.
    """

    name: str
    months: int
    seconds: float
    at_end: bool = False

    def after(self, date: datetime, count: int) -> datetime:
        """The date `count` steps later.

        Raises:
            OverflowError, ValueError: beyond the year 9999.
        """
        if self.months:
            return _months_later(date, self.months * count, at_end=self.at_end)
        if self.name == WEEKDAYS:
            weeks, days = divmod(count, 5)
            later = date + timedelta(weeks=weeks)
            for _ in range(days):
                later += timedelta(days=3 if later.weekday() == 4 else 1)
            return later
        return date + timedelta(seconds=self.seconds * count)


class Calendar(NamedTuple):
    """The dates of a series: the first, the last and the step between them.

    Attributes:
        form: their format, as `parse_dates` returns it.
    """

    first: datetime
    last: datetime
    step: DateStep
    form: str

    def next(self) -> datetime | None:
        """The date after the last; None beyond the year 9999."""
        try:
            return self.step.after(self.last, 1)
        except (OverflowError, ValueError):
            return None

    def next_dates(self, count: int) -> list[str]:
        """The `count` dates after the last, in the format of the series; empty beyond the year
        9999."""
        try:
            dates = [self.step.after(self.last, number + 1) for number in range(count)]
        except (OverflowError, ValueError):
            return []
        return [format_date(date, self.form) for date in dates]

    def last_dates(self, count: int) -> list[str]:
        """The last `count` dates, computed from the step; empty before the year 1."""
        try:
            dates = [self.step.after(self.last, number) for number in range(1 - count, 1)]
        except (OverflowError, ValueError):
            return []
        return [format_date(date, self.form) for date in dates]

    def to_json(self) -> dict[str, object]:
        """The calendar as plain data."""
        first, last = self.first.isoformat(), self.last.isoformat()
        return {"first": first, "last": last, "step": list(self.step), "form": self.form}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The calendar that `to_json` wrote.

        Raises:
            ModelFileError: the value is malformed.
        """
        try:
            if not isinstance(value, dict) or value.keys() != {"first", "last", "step", "form"}:
                raise TypeError
            first, last = (datetime.fromisoformat(value[end]) for end in ("first", "last"))
            name, months, seconds, at_end = value["step"]
            step = DateStep(str(name), int(months), float(seconds), bool(at_end))
            format_date(last, value["form"])
            step.after(first, 1)
            return cls(first, last, step, value["form"])
        except (TypeError, ValueError, OverflowError) as error:
            raise ModelFileError("its dates are malformed") from error


def parse_dates(texts: Sequence[str]) -> tuple[list[datetime], str] | None:
    """The dates and their format; None where no single format fits all texts."""
    texts = [text.strip() for text in texts]
    for form in (_ISO_TIME, _QUARTER, *_FORMATS):
        try:
            dates = [_parse(text, form) for text in texts]
        except ValueError:
            continue
        if form == _ISO_TIME and all(len(text) == 10 for text in texts):
            form = _ISO_DAY
        return dates, form
    return None


def format_date(date: datetime, form: str) -> str:
    """A date as text, in a format that `parse_dates` returned."""
    if form == _ISO_DAY:
        return date.date().isoformat()
    if form == _ISO_TIME:
        return date.isoformat(sep=" ")
    if form == _QUARTER:
        return f"{date.year}Q{(date.month + 2) // 3}"
    return date.strftime(form)


def step_of(dates: Sequence[datetime]) -> DateStep:
    """The most frequent step between adjacent dates.

    Args:
        dates: two or more, in rising order.
    """
    pairs = list(pairwise(dates))
    at_end = all((date + timedelta(days=1)).day == 1 for date in dates)
    if at_end or len({(date.day, date.hour, date.minute) for date in dates}) == 1:
        months = _commonest([12 * (b.year - a.year) + b.month - a.month for a, b in pairs])
        if months:
            return DateStep(_MONTHS.get(int(months), "unknown"), int(months), 0, at_end)
    seconds = _commonest([(b - a).total_seconds() for a, b in pairs])
    if seconds is None:
        return DateStep("unknown", 0, min((b - a).total_seconds() for a, b in pairs))
    is_daily = seconds == 86400 and len(dates) > 5
    if is_daily and all(date.weekday() < 5 for date in dates):
        return DateStep(WEEKDAYS, 0, seconds)
    return DateStep(_SECONDS.get(int(seconds), "unknown"), 0, seconds)


def _commonest(differences: Sequence[float]) -> float | None:
    difference, count = Counter(differences).most_common(1)[0]
    return difference if count >= _MIN_AGREEMENT * len(differences) else None


def _parse(text: str, form: str) -> datetime:
    if form == _ISO_TIME:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    if form == _QUARTER:
        match = _QUARTERS.fullmatch(text)
        if match is None:
            raise ValueError
        return datetime(int(match[1]), 3 * int(match[2]) - 2, 1)
    return datetime.strptime(text, form)


def _months_later(date: datetime, months: int, *, at_end: bool) -> datetime:
    """The same day of a later month, or its last day where the month is too short."""
    year, month = divmod(12 * date.year + date.month - 1 + months, 12)
    first = date.replace(year=year, month=month + 1, day=1)
    last = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=last if at_end else min(date.day, last))
