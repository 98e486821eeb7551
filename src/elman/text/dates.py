"""Dates beside numbers: how they are written, how far apart they stand, and which come next."""

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
"""What columns of dates are called, in small letters."""

_ISO_DAY, _ISO_TIME, _QUARTER = "ISO", "ISO time", "quarter"
_FORMATS = (
    *("%Y-%m", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m", "%m/%Y", "%Y.%m.%d"),
    *("%b %Y", "%B %Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%m/%d/%y", "%d/%m/%y", "%Y"),
    *("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M"),
    *("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S"),
)
_QUARTERS = re.compile(r"(\d{4})[ -]?Q([1-4])", re.IGNORECASE)
_MOST = 0.5  # of all differences between neighbours must be the same, to be called the step
_SECONDS = {7 * 86400: "weekly", 86400: "daily", 3600: "hourly", 1800: "half-hourly"}
_MONTHS = {1: "monthly", 3: "quarterly", 12: "yearly"}
WEEKDAYS = "weekdays"


class DateStep(NamedTuple):
    """From one date to the next: so many months, or else so many seconds.

    Attributes:
        name: 'monthly', 'quarterly', 'yearly', 'weekly', 'daily', 'weekdays', 'hourly' or
            'half-hourly'; 'unknown' for any other.
        at_end: of months, whether each date is its month's last day.
    """

    name: str
    months: int
    seconds: float
    at_end: bool = False

    def after(self, date: datetime, count: int) -> datetime:
        """The date that many steps later.

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
    """The dates of a series, of which the first, the last and the step are enough to go on.

    Attributes:
        form: how they are written, as `written` wants it.
    """

    first: datetime
    last: datetime
    step: DateStep
    form: str

    def next(self) -> datetime | None:
        """The date after the last; None where the years run out."""
        try:
            return self.step.after(self.last, 1)
        except (OverflowError, ValueError):
            return None

    def ahead(self, count: int) -> list[str]:
        """The next dates, written as those before were; empty where the years run out."""
        try:
            dates = [self.step.after(self.last, number + 1) for number in range(count)]
        except (OverflowError, ValueError):
            return []
        return [written(date, self.form) for date in dates]

    def until_now(self, count: int) -> list[str]:
        """The last `count` dates, as the step has them; empty where the years run out."""
        try:
            dates = [self.step.after(self.last, number) for number in range(1 - count, 1)]
        except (OverflowError, ValueError):
            return []
        return [written(date, self.form) for date in dates]

    def to_json(self) -> dict[str, object]:
        first, last = self.first.isoformat(), self.last.isoformat()
        return {"first": first, "last": last, "step": list(self.step), "form": self.form}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The calendar that `to_json` made.

        Raises:
            ModelFileError: where it is none.
        """
        try:
            if not isinstance(value, dict) or value.keys() != {"first", "last", "step", "form"}:
                raise TypeError
            first, last = (datetime.fromisoformat(value[end]) for end in ("first", "last"))
            name, months, seconds, at_end = value["step"]
            step = DateStep(str(name), int(months), float(seconds), bool(at_end))
            written(last, value["form"])
            step.after(first, 1)
            return cls(first, last, step, value["form"])
        except (TypeError, ValueError, OverflowError) as error:
            raise ModelFileError("its dates are malformed") from error


def parse_dates(texts: Sequence[str]) -> tuple[list[datetime], str] | None:
    """All dates and how they are written, or None where no single way fits them all."""
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


def written(date: datetime, form: str) -> str:
    """A date in the way that `parse_dates` found."""
    if form == _ISO_DAY:
        return date.date().isoformat()
    if form == _ISO_TIME:
        return date.isoformat(sep=" ")
    if form == _QUARTER:
        return f"{date.year}Q{(date.month + 2) // 3}"
    return date.strftime(form)


def step_of(dates: Sequence[datetime]) -> DateStep:
    """The step between neighbours (two dates at least, rising) that is the most frequent."""
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
    found, count = Counter(differences).most_common(1)[0]
    return found if count >= _MOST * len(differences) else None


def _parse(text: str, form: str) -> datetime:
    if form == _ISO_TIME:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    if form == _QUARTER:
        found = _QUARTERS.fullmatch(text)
        if found is None:
            raise ValueError
        return datetime(int(found[1]), 3 * int(found[2]) - 2, 1)
    return datetime.strptime(text, form)


def _months_later(date: datetime, months: int, *, at_end: bool) -> datetime:
    """The same day of a later month, or its last where it has no such day."""
    year, month = divmod(12 * date.year + date.month - 1 + months, 12)
    first = date.replace(year=year, month=month + 1, day=1)
    last = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=last if at_end else min(date.day, last))
