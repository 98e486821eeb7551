"""Dates of a series: their format, the step between them, and the next dates."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self

from elman.errors import ModelFileError
from elman.text.date_formats import DateReading, date_readings, format_date, order_of

if TYPE_CHECKING:
    from collections.abc import Sequence


DATE_NAMES = frozenset(
    {"date", "datetime", "time", "timestamp", "ds", "day", "week", "month", "quarter", "year"}
    | {"period", "when", "hour", "datum", "fecha", "zeit", "epoch", "unix", "unixtime", "ts", "dt"}
    | {"date_time", "unix_time", "time_stamp", "yearmonth", "year_month", "utc", "month_year"}
)
"""Usual names of date columns, in lower case."""

DATE_ORDERS = ("dmy", "mdy", "ymd")
"""The orders of day, month and year in a date."""

_MIN_AGREEMENT = 0.5  # the fraction of differences that must equal the step
_MIN_ADVANTAGE = 0.02  # in regularity, of one order of day and month over another
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
        form: their format, see `date_formats`.
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


class AmbiguousDatesError(ValueError):
    """Dates whose order of day and month is not determined.

    Args:
        text: the first of the dates.
        readings: of it, the likeliest first.
    """

    def __init__(self, text: str, readings: Sequence[DateReading]) -> None:
        super().__init__(text)
        self.text = text
        self.readings = readings


def parse_dates(texts: Sequence[str], order: str | None = None) -> DateReading | None:
    """Read dates in the one format that fits all texts; None where none does.

    Where day and month fit in either order, the dates have the order in which they rise in one
    regular step; likewise for offsets from UTC, which are obeyed unless the clock that ignores them
    is more regular (daily data).

    Args:
        texts: the dates.
        order: of day, month and year, one of DATE_ORDERS; None: determine it.

    Raises:
        AmbiguousDatesError: both orders are equally regular.
    """
    readings = date_readings(texts)
    if order is not None:
        other_orders = {*DATE_ORDERS} - {order}
        readings = [each for each in readings if order_of(each.form) not in other_orders]
    if len(readings) < 2:
        return readings[0] if readings else None
    ranked = sorted(readings, key=lambda each: -_regularity(each.dates))
    best, other = ranked[:2]
    if best.dates == other.dates:
        return best
    if order_of(best.form) == order_of(other.form):
        # A clock that changes is as regular as the instants only without any change.
        return best if _regularity(best.dates) > _regularity(other.dates) else readings[0]
    if _regularity(best.dates) < _regularity(other.dates) + _MIN_ADVANTAGE:
        raise AmbiguousDatesError(texts[0], ranked[:2])
    return best


def date_order(form: str) -> str | None:
    """The order of day, month and year in a format, one of DATE_ORDERS; None where one is not in
    it, or the month is a name."""
    order = order_of(form)
    return order if order in DATE_ORDERS and "%b" not in form and "%B" not in form else None


def _regularity(dates: Sequence[datetime]) -> float:
    """The fraction of differences between adjacent dates that equal the commonest, in months or
    seconds; of dates that neither rise nor fall, that of the sorted different dates, less 2."""
    if len(dates) > 1 and all(after < before for before, after in pairwise(dates)):
        dates = dates[::-1]
    if any(after <= before for before, after in pairwise(dates)):
        return _regularity(sorted(set(dates))) - 2
    if len(dates) < 2:
        return 0.0
    step = step_of(dates)
    return sum(step.after(a, 1) == b for a, b in pairwise(dates)) / (len(dates) - 1)


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


def _months_later(date: datetime, months: int, *, at_end: bool) -> datetime:
    """The same day of a later month, or its last day where the month is too short."""
    year, month = divmod(12 * date.year + date.month - 1 + months, 12)
    first = date.replace(year=year, month=month + 1, day=1)
    last = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=last if at_end else min(date.day, last))
