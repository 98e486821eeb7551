"""A first look at series of numbers, against the plainest counting."""

from __future__ import annotations

import json
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import EmptyTextError
from elman.tasks.forecasting.inspect import inspect_source
from elman.text.files import TextSource
from elman.text.series import SeriesSource

if TYPE_CHECKING:
    from elman.text.series import Series

cells = st.one_of(st.integers(-9, 9), st.none())
tables = st.lists(st.tuples(cells, cells), min_size=1, max_size=12).filter(
    lambda rows: all(any(row[column] is not None for row in rows) for column in (0, 1))
)
Rows = list[tuple[int | None, int | None]]


def source_of(text: str) -> SeriesSource:
    return SeriesSource(TextSource.from_texts([text]))


def table_of(rows: Rows) -> str:
    written = (",".join("na" if cell is None else str(cell) for cell in row) for row in rows)
    return "a,b\n" + "".join(f"{row}\n" for row in written)


@given(rows=tables)
def test_counts_agree_with_plain_python(rows: Rows) -> None:
    report = inspect_source(source_of(table_of(rows)))
    assert (report.steps, [each.name for each in report.series]) == (len(rows), ["a", "b"])
    for each, column in zip(report.series, zip(*rows, strict=True), strict=True):
        there = [cell for cell in column if cell is not None]
        assert (each.least, each.greatest) == (min(there), max(there))
        assert each.mean == pytest.approx(fmean(there))
        assert each.gaps == len(column) - len(there)
    holes = [line for line, row in enumerate(rows, start=2) if None in row]
    assert report.gaps == sum(row.count(None) for row in rows)
    assert report.first_gap == (f"text 1:{holes[0]}" if holes else None)
    assert (report.first, report.last, report.step, report.off_step) == (None, None, None, 0)


def test_dates_and_those_off_their_step() -> None:
    months = ["2001-01", "2001-02", "2001-03", "2001-05", "2001-06"]
    report = inspect_source(source_of("month,sold\n" + "".join(f"{each},1\n" for each in months)))
    assert (report.first, report.last, report.step) == ("2001-01", "2001-06", "monthly")
    assert report.off_step == 1


def test_a_date_after_which_the_years_run_out() -> None:
    dates = ["9000-01-01", "9300-01-01", "9600-01-01", "9900-01-01", "9950-01-01"]
    report = inspect_source(source_of("date,sold\n" + "".join(f"{each},1\n" for each in dates)))
    assert report.off_step == 1


def test_what_a_forecaster_would_choose_is_asked_of_series_without_gaps() -> None:
    asked: list[Series] = []

    def choose(series: Series) -> tuple[int, int]:
        asked.append(series)
        return 12, 6

    report = inspect_source(source_of("a\n1\nna\n3\n"), choose)
    assert (report.season, report.horizon, report.too_short) == (12, 6, None)
    assert report.can_be_learned
    np.testing.assert_array_equal(asked[0].values, [[1], [2], [3]])


def test_too_short() -> None:
    def refuse(_: Series) -> tuple[int, int]:
        raise EmptyTextError("too few", location="x", hint="More")

    report = inspect_source(source_of("a\n1\n2\n"), refuse)
    assert (report.season, report.horizon, report.too_short) == (None, None, "too few")
    assert not report.can_be_learned


def test_a_column_that_is_asked_for_and_holds_no_number() -> None:
    source = SeriesSource(TextSource.from_texts(["a,b\n1,x\n2,y\n"]), columns=["b"])
    report = inspect_source(source, lambda _: (1, 1))
    assert (report.series[0].least, report.series[0].gaps) == (None, 2)
    assert not report.can_be_learned


def test_it_is_plain_data() -> None:
    report = inspect_source(source_of("a\n1\n2\n")).to_json()
    assert json.loads(json.dumps(report)) == report
    assert report["series"] == [{"name": "a", "least": 1, "greatest": 2, "mean": 1.5, "gaps": 0}]
