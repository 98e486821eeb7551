"""Tables of pandas and columns of pyarrow as inputs; a str that names a file."""

from __future__ import annotations

from datetime import datetime

import pytest

from elman.errors import InputError
from elman.tasks.forecasting.inputs import read_series
from elman.tasks.language_modeling.inputs import source_of
from elman.tasks.tagging.inputs import read_tagged, tagged_source, words_of_each

WORDS, TAGS = [["the", "cat"], ["it"]], [["DET", "NOUN"], ["PRON"]]


@pytest.mark.parametrize("where", ["index", "column", "text", "day first"])
def test_names_and_dates_of_a_table_are_kept(where):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    dates = pandas.date_range("2015-01-01", periods=30, freq="MS")
    table = pandas.DataFrame({"sold": range(30), "bought": range(30, 60)}, index=dates)
    if where != "index":
        table = table.rename_axis("when").reset_index()
    if where == "text":
        table["when"] = table["when"].astype(str)
    if where == "day first":
        table["when"] = table["when"].dt.strftime("%d/%m/%Y")
    series = read_series(table)
    assert series.names == ("sold", "bought")
    assert series.values[:, 1].tolist() == list(range(30, 60))
    assert series.dates[0] == datetime(2015, 1, 1)
    assert series.calendar.step.name == "monthly"
    assert series.calendar.next_dates(1) == ["2017-07-01"]


def test_a_column_has_its_name_and_no_dates_from_counts():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    series = read_series(pandas.Series([1.0, 2.0, 4.0], name="sold"))
    assert series.names == ("sold",)
    assert series.calendar is None


def test_dates_of_a_table_in_disorder_are_refused():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    dates = pandas.to_datetime(["2020-01-02", "2020-01-01"])
    with pytest.raises(InputError, match="Sort the rows"):
        read_series(pandas.DataFrame({"y": [1, 2]}, index=dates))


def test_columns_of_lists_of_pyarrow():
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = pyarrow.table({"words": WORDS, "tags": TAGS})
    tagged = read_tagged(tagged_source(table["words"], table["tags"]))
    assert [list(each) for each in tagged.words] == WORDS
    assert [list(each) for each in tagged.tags] == TAGS
    assert [list(each) for each in words_of_each(table["words"])] == WORDS


def test_numbered_tags_are_refused_with_the_way_on():
    with pytest.raises(InputError, match=r"tags are numbers, not names.*int2str"):
        tagged_source(WORDS, [[3, 7], [0]])


def test_a_text_that_names_a_file_warns(tmp_path):
    path = tmp_path / "tale.txt"
    path.write_text("once upon a time")
    with pytest.warns(UserWarning, match=r"the name of a file.*Path\("):
        source_of(str(path))
    source_of("once upon a time")
