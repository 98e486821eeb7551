"""Dates: every format round-trips, and every step is detected in dates made with it."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import ModelFileError
from elman.text.date_formats import format_date
from elman.text.dates import WEEKDAYS, Calendar, DateStep, parse_dates, step_of

MONTHLY, QUARTERLY = DateStep("monthly", 1, 0), DateStep("quarterly", 3, 0)
STEPS = [
    MONTHLY,
    QUARTERLY,
    DateStep("yearly", 12, 0),
    DateStep("weekly", 0, 7 * 86400.0),
    DateStep("daily", 0, 86400.0),
    DateStep(WEEKDAYS, 0, 86400.0),
    DateStep("hourly", 0, 3600.0),
    DateStep("half-hourly", 0, 1800.0),
    DateStep("unknown", 0, 300.0),
]
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)


@pytest.mark.parametrize(
    "written",
    [
        "1949-01, 1949-02, 1949-03",
        "1956-01-01, 1956-04-01, 1956-07-01",
        "12/30/1981, 12/31/1981, 01/01/1982",
        "30/12/1981, 31/12/1981, 01/01/1982",
        "30.12.1981, 31.12.1981, 01.01.1982",
        "2000-01-31, 2000-02-29, 2000-03-31",
        "1990Q3, 1990Q4, 1991Q1",
        "2020-01-01T00:00:00, 2020-01-01T00:30:00, 2020-01-01T01:00:00",
        "2020-01-01 23:00, 2020-01-02 00:00, 2020-01-02 01:00",
        "Jan 2020, Feb 2020, Mar 2020",
        "1999, 2000, 2001",
    ],
)
def test_a_series_goes_on_as_it_was_written(written):
    first, second, following = written.split(", ")
    read = parse_dates([first, second])
    calendar = Calendar(*read.dates, step_of(read.dates), read.form)
    assert calendar.next_dates(1) == [following]
    assert [calendar.next()] == parse_dates([first, second, following]).dates[2:]


@each_step
@given(count=st.integers(8, 40), day=st.integers(1, 28))
def test_the_step_is_found_in_the_dates_that_it_makes(step, count, day):
    first = datetime(2019, 7, 1 if step.name == WEEKDAYS else day)
    dates = [step.after(first, number) for number in range(count)]
    assert step_of(dates) == step
    assert step.after(dates[-2], 1) == dates[-1]


@given(st.integers(0, 200), st.integers(0, 200))
def test_weekdays_pass_over_the_weekend(some, more):
    step, first = DateStep(WEEKDAYS, 0, 86400.0), datetime(2024, 1, 5)
    assert step.after(first, some).weekday() < 5
    assert step.after(step.after(first, some), more) == step.after(first, some + more)


def test_a_day_that_a_month_has_not_is_its_last():
    assert MONTHLY.after(datetime(2023, 1, 30), 1) == datetime(2023, 2, 28)
    assert step_of([datetime(2023, 1, 31), datetime(2023, 2, 28)]).at_end


def test_missing_days_do_not_change_the_step():
    days = [datetime(2023, 1, day) for day in range(1, 31) if day != 13]
    assert step_of(days).name == "daily"


def test_the_years_run_out():
    calendar = Calendar(datetime(9998, 1, 1), datetime(9999, 1, 1), STEPS[2], "%Y")
    assert calendar.next_dates(1) == []
    assert calendar.next() is None


@pytest.mark.parametrize("texts", [["x"], ["2020-01-01", "tomorrow"], ["2020-13"], [""]])
def test_texts_that_are_not_dates(texts):
    assert parse_dates(texts) is None


@each_step
def test_a_calendar_round_trips_through_json(step):
    calendar = Calendar(datetime(2020, 1, 1), datetime(2020, 1, 2), step, "%Y-%m-%d")
    assert Calendar.from_json(calendar.to_json()) == calendar


@pytest.mark.parametrize(
    "damage",
    [
        {"last": "soon"},
        {"last": 3},
        {"step": ["daily", 0]},
        {"step": None},
        {"step": ["daily", 0, float("inf"), False]},
        {"form": 3},
        {"more": 1},
    ],
)
def test_a_damaged_calendar_is_refused(damage):
    sound = Calendar(datetime(2020, 1, 1), datetime(2020, 1, 2), STEPS[4], "%Y-%m-%d").to_json()
    with pytest.raises(ModelFileError):
        Calendar.from_json(sound | damage)
    with pytest.raises(ModelFileError):
        Calendar.from_json(list(sound))


def test_until_now_ends_with_the_last():
    calendar = Calendar(datetime(2019, 1, 1), datetime(2020, 3, 1), MONTHLY, "%Y-%m")
    assert calendar.last_dates(3) == ["2020-01", "2020-02", "2020-03"]
    assert format_date(calendar.last, "%YQ%q") == "2020Q1"
