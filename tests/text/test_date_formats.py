"""Dates as people write them, held against Python's datetime."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.text.date_formats import date_readings, format_date, is_date
from elman.text.dates import AmbiguousDatesError, parse_dates, step_of

HOUR = timedelta(hours=1)


def written(form, count=96, months=1):
    """Monthly dates in a strftime format."""
    return [
        datetime(2015 + months * number // 12, months * number % 12 + 1, 1).strftime(form)
        for number in range(count)
    ]


@pytest.mark.parametrize(
    "form",
    [
        *("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y %H:%M"),
        *("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m/%d/%Y %I:%M %p", "%y/%m/%d", "%d %m %Y"),
        *("%-d/%-m/%Y", "%-m/%-d/%Y", "%-d/%-m/%Y %-H:%M", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
        *("%b-%y", "%B %Y", "%b %Y", "%y-%b", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y", "%Y-%b"),
        *("%Y%m", "%m/%Y", "%m.%Y", "%Y-%m", "%YM%m", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%d%H%M"),
        *("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S+02:00", "%d/%m/%Y, %H:%M"),
    ],
)
def test_monthly_dates_in_every_format(form):
    texts = written(form)
    read = parse_dates(texts)
    assert read.dates == [datetime(2015 + n // 12, n % 12 + 1, 1) for n in range(96)]
    assert step_of(read.dates).name == "monthly"
    assert [format_date(date, read.form) for date in read.dates] == texts


@pytest.mark.parametrize("language", ["de", "fr", "es"])
@pytest.mark.parametrize("width", ["wide", "abbreviated"])
@pytest.mark.parametrize("form", ["{} {}", "{}-{}", "1. {} {}", "1 de {} de {}"])
def test_months_of_other_languages(language, width, form):
    dates = pytest.importorskip("babel.dates", reason="the extra 'examples' is not installed")
    names = dates.get_month_names(width, locale=language)
    months = [(names[n % 12 + 1], 2015 + n // 12) for n in range(48)]
    texts = [form.format(*month) for month in months]
    for change in (str, str.upper, str.title):
        read = parse_dates([form.format(change(name), year) for name, year in months])
        assert read.dates == [datetime(2015 + n // 12, n % 12 + 1, 1) for n in range(48)]
    if width == "wide":
        assert [format_date(date, parse_dates(texts).form) for date in read.dates] == texts
    without = [text.replace("ä", "a").replace("é", "e").replace("û", "u") for text in texts]
    assert parse_dates(without).dates == read.dates


@pytest.mark.parametrize(
    "form", ["{0}/{2:02}", "{0}-{2:02}", "{0}/{1}", "{0}–{1}", "FY{0}", "FY {0}", "FY{0}/{2:02}"]
)
@pytest.mark.parametrize("first", [1990, 2001])
def test_fiscal_years(form, first):
    years = range(first, first + 8)
    texts = [form.format(year, year + 1, (year + 1) % 100) for year in years]
    read = parse_dates(texts)
    assert read.dates == [datetime(year, 1, 1) for year in years]
    assert step_of(read.dates).name == "yearly"
    assert [format_date(date, read.form) for date in read.dates] == texts
    assert is_date(texts[0])


def test_years_that_do_not_follow_are_no_fiscal_year():
    assert not is_date("2019/21")
    assert not is_date("1999/2001")
    months = [f"2001-{month:02}" for month in range(1, 13)]  # one of them is 2001-02
    assert parse_dates(months).dates == [datetime(2001, month, 1) for month in range(1, 13)]


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%-m/%-d/%Y"])
def test_the_order_is_asked_for_where_both_are_regular(form):
    texts = written(form, 10)
    with pytest.raises(AmbiguousDatesError) as error:
        parse_dates(texts)
    assert len({tuple(each.dates) for each in error.value.readings}) == 2
    order = "dmy" if form.index("d") < form.index("m") else "mdy"
    assert parse_dates(texts, order).dates == [datetime(2015, n + 1, 1) for n in range(10)]


@given(st.datetimes(datetime(1971, 1, 1), datetime(2067, 1, 1)), st.integers(13, 28))
def test_a_day_after_the_twelfth_says_which_is_the_month(first, day):
    first = first.replace(day=day, hour=0, minute=0, second=0, microsecond=0)
    for form in ("%d/%m/%Y", "%m/%d/%Y", "%m-%d-%y", "%d-%m-%y"):
        assert first in [each.dates[0] for each in date_readings([first.strftime(form)])]
        assert len({each.dates[0] for each in date_readings([first.strftime(form)])}) <= 2


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (["Q1 2000", "Q2 2000"], [datetime(2000, 1, 1), datetime(2000, 4, 1)]),
        (["2000-Q4", "2001-Q1"], [datetime(2000, 10, 1), datetime(2001, 1, 1)]),
        (["1Q2000", "2Q2000"], [datetime(2000, 1, 1), datetime(2000, 4, 1)]),
        (["2015-W01", "2015-W02"], [datetime(2014, 12, 29), datetime(2015, 1, 5)]),
        (["1700000000", "1700003600"], [datetime(2023, 11, 14, 22, 13, 20)] * 1),
        (["1700000000000", "1700003600000"], [datetime(2023, 11, 14, 22, 13, 20)]),
        (
            ["2015-01-01 23:00", "2015-01-01 24:00"],
            [datetime(2015, 1, 1, 23), datetime(2015, 1, 2)],
        ),
        (["31.01.2021 12:00 - 13:00", "31.01.2021 13:00 - 14:00"], [datetime(2021, 1, 31, 12)]),
        (["Mon, 5 Jan 2015", "Tue, 6 Jan 2015"], [datetime(2015, 1, 5), datetime(2015, 1, 6)]),
        (["2015-01-01 00-00-00", "2015-01-01 01-00-00"], [datetime(2015, 1, 1)]),
    ],
)
def test_other_ways_to_write_a_date(texts, dates):
    assert parse_dates(texts).dates[: len(dates)] == dates


@pytest.mark.parametrize(
    "text", ["", "x", "12", "1.5", "12:30", "No", "32/13/2015", "Foo-15", "May"]
)
def test_what_is_not_a_date(text):
    assert not is_date(text)


def test_offsets_are_obeyed_over_a_change_of_the_clock():
    first = datetime(2023, 10, 28, 22)
    texts = []
    for hour in range(48):
        instant = first + hour * HOUR
        offset = 2 if instant < datetime(2023, 10, 29, 1) else 1
        texts.append(f"{instant + offset * HOUR:%Y-%m-%dT%H:%M:%S}+0{offset}:00")
    read = parse_dates(texts)
    assert read.is_utc
    assert read.dates == [first + hour * HOUR for hour in range(48)]
    assert format_date(read.dates[0], read.form) == "2023-10-28T22:00:00+00:00"


def test_local_midnights_are_days_though_the_offset_changes():
    days = [datetime(2023, 10, 20) + 24 * number * HOUR for number in range(20)]
    texts = [
        f"{day:%Y-%m-%d %H:%M:%S}+0{2 if day.day < 30 and day.month == 10 else 1}:00"
        for day in days
    ]
    read = parse_dates(texts)
    assert read.dates == days
    assert not read.is_utc
