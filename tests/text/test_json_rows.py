"""Columns within JSON objects, in lines and arrays."""

from __future__ import annotations

import json

import pytest

from elman.errors import InputError
from elman.tasks.infer_task import infer_task
from elman.text.column_texts import ColumnTexts
from elman.text.files import TextSource
from elman.text.json_rows import MISSING, column_names, value_at
from elman.text.labelled import LabelledSource
from elman.text.pairs import PairSource
from elman.text.series import SeriesSource

ROWS = [(f"text {number}", ["good", "bad"][number % 2]) for number in range(12)]
each_form = pytest.mark.parametrize("form", ["lines", "array", "pretty"])


def written(path, objects, form):
    if form == "lines":
        path.write_text("".join(f"{json.dumps(each)}\n" for each in objects))
    else:
        path.write_text(json.dumps(objects, indent=2 if form == "pretty" else None))
    return TextSource([path])


@each_form
def test_columns_are_named_by_their_paths(tmp_path, form):
    objects = [{"id": 1, "a": {"b": text, "c": {"d": label}}} for text, label in ROWS]
    source = written(tmp_path / "a.json", objects, form)
    labelled = LabelledSource(source, text_column="a.b", label_column="a.c.d")
    assert [(row.text, row.label) for row in labelled.examples()] == ROWS
    assert labelled.columns == ("id", "a.b", "a.c.d")
    (document,) = ColumnTexts(source, "a.b").documents()
    assert "".join(document.chunks()).splitlines() == [text for text, _ in ROWS]
    with pytest.raises(InputError, match=r"no column is called 'a.x': there are id, a.b, a.c.d"):
        list(LabelledSource(source, text_column="a.x").examples())


@each_form
def test_usual_names_are_found_within_objects(tmp_path, form):
    objects = [{"id": 1, "doc": {"text": text}, "label": label} for text, label in ROWS]
    source = written(tmp_path / "a.json", objects, form)
    assert [(row.text, row.label) for row in LabelledSource(source).examples()] == ROWS
    assert infer_task(source).because.endswith("text in column doc.text, label in column label")
    pairs = [{"translation": {"de": f"eins {n}", "en": f"one {n}"}} for n in range(12)]
    source = written(tmp_path / "b.json", pairs, form)
    assert infer_task(source) == ("translate", "JSON lines, translation.de -> translation.en")
    assert next(PairSource(source).pairs()).target == "one 0"


def test_names_that_hold_points():
    row = {"a.b": 1, "c": {"d.e": {"f": 2}}, "g": {}, "h": [{"i": 3}]}
    names = column_names(row)
    assert names == ["a.b", "c.d.e.f", "g", "h"]
    assert [value_at(row, name) for name in names] == [1, 2, {}, [{"i": 3}]]
    assert value_at(row, "c.d") is MISSING
    assert value_at(row, "h.i") is MISSING


def test_a_row_without_the_column_is_named(tmp_path):
    objects = [{"a": {"text": "x"}, "label": "y"}, {"a": None, "label": "y"}]
    source = written(tmp_path / "a.jsonl", objects, "lines")
    with pytest.raises(InputError, match=r"a.jsonl:2: the object has no 'a.text'"):
        list(LabelledSource(source).examples())


@each_form
def test_numbers_are_series(tmp_path, form):
    objects = [{"day": f"2020-01-{n:02}", "at": {"x": n * 0.125}} for n in range(1, 21)]
    source = written(tmp_path / "a.json", objects, form)
    assert infer_task(source).task == "forecast"
    series = SeriesSource(source).read()
    assert series.names == ("at.x",)
    assert series.values[:, 0].tolist() == [row["at"]["x"] for row in objects]
    assert series.dates[1].day == 2


def test_a_long_array_of_numbers(tmp_path):
    objects = [{"x": number * 0.5, "y": number} for number in range(3000)]
    source = written(tmp_path / "a.json", objects, "pretty")  # more lines than are looked at
    assert infer_task(source).task == "forecast"
    assert SeriesSource(source).read().values.shape == (3000, 2)


def test_words_and_tags_in_lists(tmp_path):
    from elman.text.tagged import TaggedSource

    objects = [{"tokens": ["Ann", "sat"], "tags": ["B-PER", "O"]}] * 3
    source = written(tmp_path / "a.json", objects, "array")
    assert infer_task(source) == ("tag", "JSON, words in column tokens, tags in tags")
    assert next(TaggedSource(source).sentences()).tags == ("B-PER", "O")
    for bad, cause in [
        ({"tokens": ["a"], "tags": []}, "1 words, but 0 tags"),
        ({"tokens": ["a", ""], "tags": ["O", "O"]}, "the word '' is empty"),
        ({"tokens": "a", "tags": ["O"]}, "tokens is not a list"),
    ]:
        source = written(tmp_path / "a.jsonl", [*objects, bad], "lines")
        with pytest.raises(InputError, match=f"a.jsonl:4: {cause}"):
            list(TaggedSource(source).sentences())
        assert len(list(TaggedSource(source, skip_bad_rows=True).sentences())) == 3
