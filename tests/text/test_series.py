"""Time series from tables: formats, errors with their lines, imputation."""

from __future__ import annotations

import csv
import gzip
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elman.errors import EmptyTextError, InputError, SettingError
from elman.text.files import TextSource
from elman.text.series import IMPUTATIONS, SeriesSource, imputed

DATA = Path(os.environ.get("ELMAN_DATA", "../shared/data")) / "series"
FINITE = st.floats(-1e12, 1e12)


def read(text, **settings):
    return SeriesSource(TextSource.from_texts([text]), **settings).read()


@given(
    values=arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 4)), elements=FINITE),
    delimiter=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    newline=st.sampled_from(["\n", "\r\n"]),
    header=st.sampled_from(["names", "numbers", "none"]),
    has_dates=st.booleans(),
    ending=st.sampled_from(["", "\n", "\n\n"]),
)
def test_the_same_series_however_it_is_written(
    values, delimiter, quoting, newline, header, has_dates, ending
):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    width = values.shape[1] + has_dates
    numbered = header == "numbers" and width > 1
    if header == "names" or (header == "numbers" and width == 1):
        names = [*(["month"] if has_dates else []), *(f"a {n}" for n in range(values.shape[1]))]
        writer.writerow(names)
    elif numbered:
        names = [str(number) for number in range(width)]
        writer.writerow(names)
    else:
        names = [str(number + 1) for number in range(width)]
    for number, row in enumerate(values):
        date = [f"{1949 + number // 12}-{number % 12 + 1:02}"] if has_dates else []
        writer.writerow([*date, *map(repr, row.tolist())])
    series = read(file.getvalue().rstrip("\r\n") + ending)
    np.testing.assert_array_equal(series.values, values)
    assert list(series.names) == names[has_dates:]
    assert (series.calendar is None) != has_dates
    if has_dates:
        assert series.calendar.step.name == "monthly"
        assert len(series.dates) == len(values)


def test_bom_and_gzip(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("\ufeffdate,x\n2020-01-01,1\n2020-01-02,2\n".encode()))
    series = SeriesSource(TextSource([path])).read()
    assert series.names == ("x",)
    assert series.values.tolist() == [[1.0], [2.0]]


def test_a_decimal_comma_where_semicolons_separate():
    assert read("x;y\n1,5;2\n-2,25;3\n").values.tolist() == [[1.5, 2.0], [-2.25, 3.0]]


def test_a_column_of_text_is_not_a_series():
    assert read("place,x\nhere,1\nthere,2\n").names == ("x",)


def test_whole_numbers_are_dates_only_in_a_column_of_such_a_name():
    assert read("year,x\n1999,1\n2000,2\n").names == ("x",)
    assert read("y,x\n1999,1\n2000,2\n").names == ("y", "x")


def test_requested_columns_keep_their_order():
    series = read("a,b,c\n1,2,3\n4,5,6\n", columns=["c", "a"])
    assert series.names == ("c", "a")
    assert series.values.tolist() == [[3.0, 1.0], [6.0, 4.0]]


def test_the_hash_is_of_numbers_and_names():
    one, other = read("x\n1\n2\n"), read("x\n1\n2.5\n")
    assert one.content_hash() == read('"x"\n1.0\n2e0\n').content_hash()
    assert len({one.content_hash(), other.content_hash(), read("z\n1\n2\n").content_hash()}) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Passengers\n1\n2\nabc\n", "text 1:4: 'abc' in column Passengers is not a number"),
        ("x\n1\ninf\n", "text 1:3: 'inf' in column x is not a number"),
        ("x\n1\n1_000\n", "text 1:3: '1_000' in column x is not a number"),
        ("x\n1\n1e999\n", "text 1:3: '1e999' in column x is not a number"),
        (
            "a,b\n1,2\n3,\n",
            "text 1:3: the number in column b is missing. 1 of 2 rows lack this number",
        ),
        ("a,b\n1,2\n\n3,NaN\n", "text 1:4: 'NaN' in column b is not a number"),
        ("a,b\n1,2\n3\n", "text 1:3: expected 2 columns, found 1"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ('a\n1\n"2\n', "text 1:3: not a row of a table"),
        ("a\nx\ny\n", "no column of numbers: there is a"),
        ("date,x\n2020-01-02,1\n2020-01-01,2\n2020-01-03,2", "text 1:3: the date 2020-01-01 does"),
        ("date,x\n2020-01-01,1\n2020-01-01,2\n", "text 1:3: the date 2020-01-01 does not come"),
        ("date,x\n2020-01-01,1\nsoon,2\n", "text 1:3: 'soon' in column date is not a date"),
    ],
)
def test_errors_name_the_line(text, message):
    with pytest.raises(InputError) as error:
        read(text)
    assert message in str(error.value)


def test_the_error_for_a_gap_has_a_hint():
    with pytest.raises(InputError, match=r"impute=.linear., previous or zero"):
        read("x\n1\n\n?\n")


def test_no_such_column():
    with pytest.raises(InputError, match="no column is called 'z': there is a, b"):
        read("a,b\n1,2\n", columns=["z"])


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n", "a,b\n\n"])
def test_a_table_without_rows(text):
    with pytest.raises(EmptyTextError):
        read(text)


def test_only_one_file():
    with pytest.raises(InputError, match="2 files"):
        SeriesSource(TextSource.from_texts(["x\n1\n", "x\n2\n"])).read()


def test_an_unknown_imputation():
    with pytest.raises(SettingError):
        SeriesSource(TextSource.from_texts(["x\n1\n"]), impute="mean")


@pytest.mark.parametrize(
    ("impute", "column"),
    [("linear", [1, 1, 2, 3, 3]), ("previous", [1, 1, 1, 3, 3]), ("zero", [0, 1, 0, 3, 0])],
)
def test_gaps_are_imputed(impute, column):
    assert read("x,y\n,1\n1,2\nabc,3\n3,4\ninf,5\n", impute=impute).values[:, 0].tolist() == column


def test_a_column_without_numbers_cannot_be_imputed():
    with pytest.raises(InputError, match="no row has a number in column x"):
        read("x,y\n,1\n,2\n", columns=["x"], impute="linear")


@given(
    values=arrays(np.float64, st.integers(1, 30), elements=FINITE),
    gaps=arrays(np.bool_, 30),
    impute=st.sampled_from(IMPUTATIONS),
)
def test_imputation_fills_every_gap_and_keeps_the_numbers(values, gaps, impute):
    gaps = gaps[: len(values)].copy()
    gaps[len(values) // 2] = False
    whole = imputed(np.where(gaps, np.nan, values), impute)
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(whole[~gaps], values[~gaps])


@given(st.integers(3, 20), st.data())
def test_linear_imputation_restores_a_straight_line(length, data):
    line = 3.0 * np.arange(length) - 5
    gaps = data.draw(arrays(np.bool_, length))
    gaps[[0, -1]] = False
    np.testing.assert_allclose(imputed(np.where(gaps, np.nan, line), "linear"), line)


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize(
    ("name", "shape", "step", "last"),
    [
        ("AirPassengers", (144, 1), "monthly", 432),
        ("ausbeer", (211, 1), "quarterly", 410),
        ("exchange_rate", (7588, 8), None, 0.690942),
        ("monthly-milk", (168, 1), "monthly", 843),
        ("monthly-sunspots", (2820, 1), "monthly", 33.4),
        ("taylor", (4032, 1), None, 23132),
        ("temps", (3650, 1), "daily", 13),
        ("wineind", (176, 1), "monthly", 23356),
    ],
)
def test_real_files(name, shape, step, last):
    series = SeriesSource(TextSource([DATA / f"{name}.csv"])).read()
    assert series.values.shape == shape
    assert (series.calendar and series.calendar.step.name) == step
    assert series.values[-1, -1] == last
