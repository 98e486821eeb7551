"""Tables as spreadsheets, statistical offices and data sets write them."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta

import numpy as np
import pytest

from elman.errors import InputError
from elman.tasks.infer_task import infer_task
from elman.text.files import TextSource
from elman.text.series import SeriesSource

MONTHS = [f"{2015 + number // 12}-{number % 12 + 1:02}-01" for number in range(36)]
VALUES = [100 + 7.5 * number for number in range(36)]


def table(header, rows, delimiter=","):
    return "\n".join([header, *(delimiter.join(map(str, row)) for row in rows), ""])


MONTHLY = table("date,y", zip(MONTHS, VALUES, strict=True))


def read(text, **settings):
    return SeriesSource(TextSource.from_texts([text]), **settings).read()


def check_monthly(text):
    """Whatever surrounds the table, the same series is read, and a forecaster is inferred."""
    series = read(text)
    assert series.names == ("y",)
    assert series.values[:, 0].tolist() == VALUES
    assert series.calendar.first == datetime(2015, 1, 1)
    assert series.calendar.step.name == "monthly"
    assert infer_task(TextSource.from_texts([text])).task == "forecast"
    return series


@pytest.mark.parametrize(
    "above",
    [
        "Data Source,World Bank\nLast Updated,2024-03-01\n\n",
        "Sales of all shops\n",
        '"Sales, all shops"\nin thousands\n\n',
        "Source:\n\n\n",
    ],
)
def test_lines_of_description_above_the_header(above):
    series = check_monthly(above + MONTHLY)
    lines = (above + MONTHLY)[: (above + MONTHLY).index("date,y")].count("\n")
    assert series.notes == (f"lines 1 to {lines} describe the table and are left out",)


@pytest.mark.parametrize(
    "above", ["# made by hand\n", "# one\n#two\n\n", "sep=,\n", '"sep=,"\r\n', "\ufeffsep=,\n"]
)
def test_comments_and_a_line_with_the_separator(above):
    assert check_monthly(above + MONTHLY).notes == ()


def test_a_header_behind_a_hash_sign():
    check_monthly("# " + MONTHLY)


@pytest.mark.parametrize("total", ["Total", "Grand total:", "SUM", "Summe", "Moyenne"])
def test_a_total_below_the_table_is_left_out(total):
    series = check_monthly(f"{MONTHLY}{total},{sum(VALUES)}\n")
    assert series.notes == (f"line 38, {total!r}, is no step and is left out",)
    assert len(check_monthly(f"{MONTHLY}{total},{sum(VALUES)}\nAverage,231.25\n").notes) == 2
    years = table("year,y", [(1960 + n, n % 7) for n in range(40)])
    series = read(f"{years}{total},117\n")
    assert series.names == ("y",)
    assert len(series.values) == 40


def test_places_in_rows_and_days_in_columns():
    """As Johns Hopkins University wrote cases, with a region for some countries only."""
    days = [f"{1 + n // 28}/{1 + n % 28}/20" for n in range(56)]
    places = [("", "Spain"), ("Hubei", "China"), ("", "Italy"), ("Tibet", "China")]
    rows = [(*place, 33.9, -67.7, *(n * k for n in range(56))) for k, place in enumerate(places)]
    text = table("Province/State,Country/Region,Lat,Long," + ",".join(days), rows)
    series = read(text)
    assert series.names == ("Spain", "Hubei China", "Italy", "Tibet China")
    assert series.values[:, 3].tolist() == [3 * n for n in range(56)]
    assert (series.calendar.first, series.calendar.last) == (
        datetime(2020, 1, 1),
        datetime(2020, 2, 28),
    )
    assert "Lat, Long left out" in series.notes[0]
    whole = text.replace("Hubei,China", ",China").replace("Tibet,China", ",Nepal")
    assert read(whole).names == ("Spain", "China", "Italy", "Nepal")
    assert infer_task(TextSource.from_texts([text])).task == "forecast"


def test_years_in_columns_below_lines_of_description():
    """As the World Bank writes indicators, with a comma at the end of each line."""
    years = ",".join(f'"{year}"' for year in range(1960, 2000))
    head = f'"Country Name","Country Code","Indicator Name",{years},'
    above = '"Data Source","World Development Indicators",\n\n"Last Updated Date","2020-07-01",\n\n'
    rows = [
        f'"{name}","{name[:3]}","Population",' + ",".join(f'"{k * 1000 + n}"' for n in range(40))
        for k, name in enumerate(["Aruba", "Spain", "Italy"], start=1)
    ]
    text = f"\ufeff{above}{head}\n" + "".join(f"{row},\n" for row in rows)
    series = read(text)
    assert series.names == ("Aruba", "Spain", "Italy")
    assert series.values[:, 1].tolist() == [2000 + n for n in range(40)]
    assert series.calendar.first == datetime(1960, 1, 1)
    assert infer_task(TextSource.from_texts([text])).task == "forecast"


def test_a_series_may_be_called_total():
    rows = [(name, *range(n, n + 9)) for n, name in enumerate(["north", "south", "total"])]
    series = read(table("region," + ",".join(f"V{n}" for n in range(1, 10)), rows))
    assert series.names == ("north", "south", "total")


def test_a_bad_cell_in_the_first_row_is_no_preamble():
    with pytest.raises(InputError, match=":2: 'abc' in column y is not a number"):
        read("date,y\n2014-12-01,abc\n" + MONTHLY.partition("\n")[2])


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_other_delimiters_with_decimal_commas(delimiter):
    rows = [
        (date, str(value).replace(".", ",")) for date, value in zip(MONTHS, VALUES, strict=True)
    ]
    check_monthly(table(f"date{delimiter}y", rows, delimiter))
    check_monthly(f"sep={delimiter}\n" + table(f"date{delimiter}y", rows, delimiter))


def test_quoted_numbers_with_thousands_separators(tmp_path):
    rows = [(date, f'"{1000 * value:,.1f}"') for date, value in zip(MONTHS, VALUES, strict=True)]
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(table("date,y", rows).replace("\n", "\r\n").encode("utf-8-sig")))
    series = SeriesSource(TextSource([path])).read()
    np.testing.assert_allclose(series.values[:, 0], 1000 * np.array(VALUES))


def test_a_number_that_can_be_read_in_two_ways_is_asked_for():
    text = table("date,y", [(date, f'"{10 + n},010"') for n, date in enumerate(MONTHS)])
    with pytest.raises(InputError) as error:
        read(text)
    assert "text 1:2: '10,010' in column y can be 10010 or 10.01" in str(error.value)
    assert "decimal='point' (10010) or decimal='comma' (10.01)" in str(error.value)
    assert read(text, decimal="point").values[0, 0] == 10010
    assert read(text, decimal="comma").values[0, 0] == 10.01


def test_dates_in_either_order_are_asked_for():
    text = table("date,y", [(f"01/{n + 1:02}/2015", n) for n in range(10)])
    with pytest.raises(InputError) as error:
        read(text)
    assert str(error.value).startswith("text 1:3: '01/02/2015' in column date can be 2015-0")
    assert "date_order='dmy'" in str(error.value)
    assert "date_order='mdy'" in str(error.value)
    assert read(text, date_order="dmy").calendar.step.name == "monthly"
    assert read(text, date_order="mdy").calendar.step.name == "daily"


@pytest.mark.parametrize("name", ["", "index", "Unnamed: 0"])
@pytest.mark.parametrize("start", [0, 1])
def test_a_column_that_counts_the_rows_is_left_out(name, start):
    rows = [
        (start + n, date, value) for n, (date, value) in enumerate(zip(MONTHS, VALUES, strict=True))
    ]
    series = check_monthly(table(f"{name},date,y", rows))
    assert "only counts the rows" in series.notes[0]


def test_steps_under_the_name_of_a_date_are_no_series():
    rows = [(f"{1949 + number / 12:.5f}", value) for number, value in enumerate(VALUES)]
    series = read(table("time,y", rows))
    assert series.names == ("y",)
    assert series.notes == ("column time only counts the rows and is left out",)


@pytest.mark.parametrize(
    ("header", "columns", "step"),
    [
        ("Date;Time;y", lambda d: (f"{d:%d/%m/%Y}", f"{d:%H:%M:%S}"), "hourly"),
        ("date;hour;y", lambda d: (f"{d:%Y-%m-%d}", d.hour), "hourly"),
        ("year;month;day;hour;y", lambda d: (d.year, d.month, d.day, d.hour), "hourly"),
        ("hr;y;yr;mo;dd", lambda d: (d.hour, "*", d.year, d.month, d.day), "hourly"),
    ],
)
def test_dates_in_several_columns(header, columns, step):
    dates = [datetime(2006, 12, 30, 17) + timedelta(hours=number) for number in range(72)]
    rows = []
    for number, date in enumerate(dates):
        cells = list(columns(date))
        if "*" in cells:
            cells[cells.index("*")] = number
        else:
            cells.append(number)
        rows.append(cells)
    series = read(table(header, rows, ";"))
    assert series.names == ("y",)
    assert series.dates == tuple(dates)
    assert series.calendar.step.name == step
    assert "are read together as dates" in series.notes[-1]


@pytest.mark.parametrize(
    ("header", "cells", "step"),
    [
        ("year,month,y", lambda n: (2015 + n // 12, n % 12 + 1), "monthly"),
        (
            "Year,Month,y",
            lambda n: (2015 + n // 12, datetime(1, n % 12 + 1, 1).strftime("%b")),
            "monthly",
        ),
        ("year,quarter,y", lambda n: (2015 + n // 4, f"Q{n % 4 + 1}"), "quarterly"),
        ("year,week,y", lambda n: (2015, n + 1), "weekly"),
    ],
)
def test_a_year_and_a_part_of_it(header, cells, step):
    series = read(table(header, [(*cells(n), n) for n in range(36)]))
    assert series.names == ("y",)
    assert series.calendar.step.name == step


@pytest.mark.parametrize("bad", ["soon", "2015-13-01", "?"])
def test_a_cell_that_is_not_a_date_is_named(bad):
    rows = list(zip(MONTHS, VALUES, strict=True))
    rows[7] = (bad, 1.0)
    with pytest.raises(
        InputError, match=r":9: .* in column when is not a date such as '2015-01-01'"
    ):
        read(table("when,y", rows))


def test_an_hour_that_is_there_twice_is_explained():
    hours = [datetime(2023, 10, 28) + timedelta(hours=number) for number in range(27)]
    times = [*hours, *(hours[-1] + timedelta(hours=number) for number in range(20))]
    text = table("time,y", [(f"{time:%Y-%m-%d %H:%M}", 1) for time in times])
    with pytest.raises(InputError) as error:
        read(text)
    assert "text 1:29: the date 2023-10-29 02:00 does not come after" in str(error.value)
    assert "daylight saving time ends" in str(error.value)
    assert "Sort" not in str(error.value)


def test_rows_in_disorder_are_not_taken_for_a_change_of_the_clock():
    rows = list(zip(MONTHS, VALUES, strict=True))
    rows[5], rows[9] = rows[9], rows[5]
    with pytest.raises(InputError, match="Sort the rows"):
        read(table("date,y", rows))


@pytest.mark.parametrize("by_date", [False, True])
@pytest.mark.parametrize("identifiers", ["unique_id", "store,item"])
def test_series_below_one_another(by_date, identifiers):
    names = ["A", "B", "C"] if identifiers == "unique_id" else ["1,8", "1,9", "2,8"]
    rows = [
        (name, date, 10 * s + n) for s, name in enumerate(names) for n, date in enumerate(MONTHS)
    ]
    if by_date:
        rows.sort(key=lambda row: row[1])
    text = table(f"{identifiers},ds,y", rows)
    series = read(text)
    assert series.names == tuple(name.replace(",", " ") for name in names)
    np.testing.assert_array_equal(series.values, np.arange(36)[:, None] + [0, 10, 20])
    assert series.calendar.step.name == "monthly"
    assert infer_task(TextSource.from_texts([text])).task == "forecast"
    assert read(text, columns=[series.names[1]]).values[0, 0] == 10


LATE = {"A": (0, 36), "B": (12, 36), "C": (6, 30)}  # first and last month of each series


def long_table(columns, *, by_date=False, falling=False, delimiter=","):
    rows = [(name, MONTHS[n], 10 * n) for name, (a, b) in LATE.items() for n in range(a, b)]
    if by_date:
        rows.sort(key=lambda row: row[1])
    if falling:
        rows = rows[::-1]
    order = [["id", "ds", "y"].index(column) for column in columns]
    header = delimiter.join(["unique_id", "ds", "y"][each] for each in order)
    return table(header, [[row[each] for each in order] for row in rows], delimiter)


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("by_date", [False, True])
@pytest.mark.parametrize(
    ("columns", "delimiter"),
    [(("id", "ds", "y"), ","), (("ds", "id", "y"), ";"), (("y", "ds", "id"), "\t")],
)
def test_series_below_one_another_have_spans_of_their_own(columns, delimiter, by_date, falling):
    text = long_table(columns, by_date=by_date, falling=falling, delimiter=delimiter)
    series = read(text)
    assert set(series.names) == set(LATE)
    ends = dict(zip(series.names, series.ends, strict=True))
    for column, name in enumerate(series.names):
        first, last = LATE[name]
        assert series.own(column).tolist() == [10 * n for n in range(first, last)]
        assert f"{ends[name]:%Y-%m-%d}" == MONTHS[last - 1]
        assert series.calendars()[column].next_dates(1) == [
            f"{2015 + last // 12}-{last % 12 + 1:02}-01"
        ]
    assert np.isfinite(series.common).all()
    assert len(series.common) == 24
    assert series.calendar.step.name == "monthly"
    assert infer_task(TextSource.from_texts([text])).task == "forecast"
    one = read(text, columns=["B"])
    assert one.dates[0] == datetime(2016, 1, 1)
    assert one.values[:, 0].tolist() == [10 * n for n in range(12, 36)]


def test_series_that_end_together_share_the_dates_of_the_longest():
    rows = [("A", date, n) for n, date in enumerate(MONTHS)]
    rows += [("B", date, 50 + n) for n, date in enumerate(MONTHS[12:])]
    series = read(table("unique_id,ds,y", rows))
    assert (series.starts, series.ends) == ((0, 12), ())
    assert series.dates[12] == datetime(2016, 1, 1)
    assert series.own(1)[0] == 50


def test_a_gap_inside_a_series_is_named_and_gaps_are_filled_within_spans():
    rows = [("A", date, n) for n, date in enumerate(MONTHS)]
    rows += [("B", date, n) for n, date in enumerate(MONTHS) if 5 <= n != 20]
    with pytest.raises(InputError, match="'B' lacks the date 2016-09-01"):
        read(table("unique_id,ds,y", rows))
    rows = [("A", date, n) for n, date in enumerate(MONTHS)]
    rows += [("B", date, "" if n == 20 else n) for n, date in enumerate(MONTHS) if n >= 5]
    text = table("unique_id,ds,y", rows)
    with pytest.raises(InputError, match="the number in column B is missing"):
        read(text)
    assert read(text, impute="linear").own(1).tolist() == list(range(5, 36))


def test_newest_first_is_read_in_reverse():
    dates = [f"{n % 28 + 1:02}/{n // 28 + 1:02}/2020" for n in range(56)]
    rows = list(zip(dates, range(56), strict=True))
    upright, falling = table("date,y", rows), table("date,y", rows[::-1])
    series = read(falling)
    assert series.values.tolist() == read(upright).values.tolist()
    assert series.dates == read(upright).dates
    assert series.notes == ("the rows run from the last date to the first and are read in reverse",)
    rows[3] = (dates[3], "")
    with pytest.raises(InputError, match=":54: the number in column y"):
        read(table("date,y", rows[::-1]))


TSF = """# Dataset
@relation made
@attribute series_name string
{attributes}@frequency {frequency}
@missing true
@equallength false
@data
"""


@pytest.mark.parametrize(
    ("frequency", "start", "name", "following"),
    [
        ("monthly", "2015-01-01 00-00-00", "monthly", "2015-06-01"),
        ("yearly", "2015-01-01 00-00-00", "yearly", "2020-01-01"),
        ("daily", "2015-01-01 00-00-00", "daily", "2015-01-06"),
        ("half_hourly", "2015-01-01 00-30-00", "half-hourly", "2015-01-01 03:00:00"),
        ("10_minutes", "2015-01-01 00-30-00", "unknown", "2015-01-01 01:20:00"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_monash_series(frequency, start, name, following, end):
    header = TSF.format(
        frequency=frequency, attributes="@attribute start_timestamp date\n@attribute n numeric\n"
    )
    text = f"{header}T1:{start}:7:1,2.5,?,4,5\nT2:{start}:8:?,2,3,4e1\n\n".replace("\n", end)
    with pytest.raises(InputError, match="the number in column T1 is missing"):
        read(text)
    series = read(text, impute="linear")
    assert series.names == ("T1", "T2")
    assert series.own(0).tolist() == [1, 2.5, 3.25, 4, 5]
    assert series.own(1).tolist() == [2, 3, 40]
    assert series.calendar.step.name == name
    assert series.calendars()[0].next_dates(1) == [following]
    assert series.calendars()[1].next_dates(2)[1] == following
    assert infer_task(TextSource.from_texts([text])).task == "forecast"


def test_monash_series_without_dates_and_broken_ones():
    header = TSF.format(frequency="weekly", attributes="")
    series = read(f"{header}T1:1,2,3\nT1:4,5\n")
    assert series.names == ("T1", "T1 2")
    assert series.calendar is None
    assert series.own(1).tolist() == [4, 5]
    for text, message in [
        (header, "holds no series"),
        (header + "1,2,3\n", ":8: expected 1 attributes and the values, found 1 fields"),
        (header.replace("weekly", "never") + "T1:1\n", ":4: 'never' is not a frequency"),
        (header + "T1:1,two,3\n", "'two' in column T1 is not a number"),
    ]:
        with pytest.raises(InputError, match=message):
            read(text)
    dated = TSF.format(frequency="weekly", attributes="@attribute start date\n")
    with pytest.raises(InputError, match=":9: 'soon' is not a start"):
        read(dated + "T1:soon:1,2\n")


def test_a_series_in_each_row():
    names = [f"V{number + 2}" for number in range(36)]
    rows = [[f"M{s}", *(10 * s + n for n in range(36))] for s in range(3)]
    text = table(",".join(["V1", *names]), rows)
    series = read(text)
    assert series.names == ("M0", "M1", "M2")
    np.testing.assert_array_equal(series.values, np.arange(36)[:, None] + [0, 10, 20])
    assert infer_task(TextSource.from_texts([text])).task == "forecast"
    rows[1][30:] = [""] * 7
    shorter = table(",".join(["V1", *names]), rows)
    series = read(shorter)
    assert [len(series.own(each)) for each in range(3)] == [36, 29, 36]
    assert series.own(1).tolist() == [10 + n for n in range(29)]
    assert any("lengths of their own, 29 to 36" in note for note in series.notes)
    rows[1][1:] = [""] * 36
    empty = read(table(",".join(["V1", *names]), rows))
    assert empty.names == ("M0", "M2")
    assert "M1 without numbers, left out" in empty.notes
    assert read(shorter, columns=["M1"]).values.shape == (29, 1)


def test_years_as_columns_are_dates():
    years = [str(year) for year in range(1960, 1990)]
    rows = [[f"Land {s}", f"L{s}", *range(s, s + 30)] for s in range(4)]
    series = read(table(",".join(["Country Name", "Country Code", *years]), rows))
    assert series.names == ("Land 0", "Land 1", "Land 2", "Land 3")
    assert series.calendar.step.name == "yearly"
    assert series.calendar.first == datetime(1960, 1, 1)
    rows[1][2:7], rows[2][-3:] = [""] * 5, [".."] * 3  # begins late; ends early
    series = read(table(",".join(["Country Name", "Country Code", *years]), rows))
    assert series.own(1).tolist() == list(range(6, 31))
    assert [each.next_dates(1)[0] for each in series.calendars()] == [
        "1990",
        "1990",
        "1987",
        "1990",
    ]


def test_numbers_in_step_with_a_column_of_text_are_a_series():
    hours = [datetime(2020, 1, 1) + timedelta(hours=number) for number in range(60)]
    rows = [(f"{hour:%Y-%m-%d %H:%M}", ["No", "Is"][n % 2], n) for n, hour in enumerate(hours)]
    text = table("time,holiday,load", rows)
    assert infer_task(TextSource.from_texts([text])).task == "forecast"
    assert read(text).names == ("load",)


@pytest.mark.parametrize(
    "stamp",
    ["%m/%d/%Y %I:%M %p", "%Y-%m-%d %H:%M:%S UTC", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S.000Z"],
)
def test_times_and_numbers_are_a_series_not_classes(stamp):
    hours = [datetime(2021, 3, 1) + timedelta(hours=number) for number in range(60)]
    text = table("ts,y", [(hour.strftime(stamp), n / 2) for n, hour in enumerate(hours)])
    assert infer_task(TextSource.from_texts([text])).task == "forecast"
    assert read(text).dates == tuple(hours)


def test_dated_texts_with_labels_are_still_classes():
    rows = [(date, f"a text of {date}", n % 2) for n, date in enumerate(MONTHS)]
    text = table("date,text,label", rows)
    assert infer_task(TextSource.from_texts([text])).task == "classify"


def hours(count=60):
    return [datetime(2023, 10, 28) + timedelta(hours=number) for number in range(count)]


@pytest.mark.parametrize(
    ("winter", "summer"),
    [("CET", "CEST"), ("MEZ", "MESZ"), ("+01:00[Europe/Berlin]", "+02:00[Europe/Berlin]")],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_names_of_time_zones_are_offsets(winter, summer, delimiter):
    """Over the change of daylight saving time, at 1:00 in UTC."""
    rows = []
    for number, hour in enumerate(hours()):
        offset = 2 if hour < datetime(2023, 10, 29, 1) else 1
        local = hour + timedelta(hours=offset)
        gap = "" if winter.startswith("+") else " "
        rows.append((f"{local:%Y-%m-%d %H:%M}{gap}{summer if offset == 2 else winter}", number))
    series = read(table(delimiter.join(["time", "load"]), rows, delimiter))
    assert list(series.dates) == hours()
    assert series.notes == ("offsets from UTC differ; the dates are in UTC",)
    alike = [(f"{hour:%Y-%m-%d %H:%M} EST", n) for n, hour in enumerate(hours())]
    assert read(table("time,load", alike)).calendar.next_dates(1) == ["2023-10-30 12:00 EST"]


def test_weeks_as_intervals_begin_at_their_start():
    weeks = [datetime(2021, 1, 4) + timedelta(weeks=number) for number in range(20)]
    rows = [(f"{w:%Y-%m-%d}/{w + timedelta(days=6):%Y-%m-%d}", n) for n, w in enumerate(weeks)]
    series = read(table("period,y", rows))
    assert list(series.dates) == weeks
    assert series.notes == ("each date is the start of its range",)
    assert series.calendar.step.name == "weekly"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_thousands_in_groups_of_two(end):
    numbers = [100_000 + 4_321.5 * number for number in range(36)]
    cells = [f"{int(n) // 100_000},{int(n) // 1000 % 100:02},{n % 1000:05.1f}" for n in numbers]
    rows = [(date, f'"{cell}"') for date, cell in zip(MONTHS, cells, strict=True)]
    text = "\ufeff" + table("date,y", rows).replace("\n", end)
    np.testing.assert_allclose(read(text).values[:, 0], numbers)
    assert infer_task(TextSource.from_texts([text])).task == "forecast"


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("form", ["%b", "%B", "%-m"])
@pytest.mark.parametrize("more", [False, True])
def test_a_year_in_each_row_and_a_month_in_each_column(falling, form, more):
    names = [f"{datetime(2000, month, 1):{form}}" for month in range(1, 13)]
    rows = [[2000 + y, *(12 * y + m for m in range(12)), *(["0.5"] * more)] for y in range(10)]
    rows[-1][9:13] = [""] * 4  # the year is not over
    header = ",".join(["Year", *names, *(["Mean"] * more)])
    series = read(table(header, rows[::-1] if falling else rows))
    assert series.values[:, 0].tolist() == list(range(116))
    assert series.calendar.step.name == "monthly"
    assert series.calendar.next_dates(1) == ["2009-09"]
    assert series.notes[0].startswith("each row is a year, each column a month")
    assert ("Mean left out" in series.notes[0]) == more
    del rows[3]  # no months in step
    assert len(read(table(header, rows), impute="zero").names) > 1
