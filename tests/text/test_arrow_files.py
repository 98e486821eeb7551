"""Parquet, Feather, Arrow and the folders of Hugging Face's datasets, for every task."""

from __future__ import annotations

import datetime
import json
import sys
import tracemalloc
import warnings

import pytest

from elman.errors import InputError
from elman.tasks.data_files import DataFiles
from elman.tasks.infer_task import infer_task, task_of
from elman.text.column_texts import ColumnTexts
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource
from elman.text.pairs import PairSource
from elman.text.series import SeriesSource
from elman.text.tagged import TaggedSource

from .arrow_files import (
    ROWS,
    SUFFIXES,
    class_label,
    feather,
    labelled_columns,
    pa,
    save_to_disk,
    write,
)

CLASSES = {"label": class_label("bad", "good")}
NUMBERED = {"text": [text for text, _ in ROWS], "label": [int(each == "good") for _, each in ROWS]}
each_suffix = pytest.mark.parametrize("suffix", SUFFIXES)


def labelled(path, **options):
    return [
        (row.text, row.label) for row in LabelledSource(TextSource([path]), **options).examples()
    ]


@each_suffix
def test_labelled_rows(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    write(path, labelled_columns())
    assert labelled(path) == ROWS
    assert infer_task(TextSource([path])).task == "classify"
    assert "text in column text" in infer_task(TextSource([path])).because


@each_suffix
def test_the_bytes_reported_are_those_of_the_file(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    write(path, labelled_columns())
    source, read = TextSource([path]), []
    for document in source.documents(read.append):
        assert "".join(document.chunks()).count("\n") == len(ROWS)
    assert sum(read) == source.size == path.stat().st_size


@each_suffix
def test_numbered_classes_get_their_names(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    write(path, NUMBERED, features=CLASSES)
    assert labelled(path) == ROWS


def test_an_unknown_class_has_no_label(tmp_path):
    path = tmp_path / "a.parquet"
    write(path, {"text": ["a", "b", "c"], "label": [0, -1, 1]}, features=CLASSES)
    with pytest.raises(InputError, match=r"a.parquet:2: there is no label"):
        labelled(path)
    assert labelled(path, skip_bad_rows=True) == [("a", "bad"), ("c", "good")]


def test_pairs_in_a_nested_column(tmp_path):
    path = tmp_path / "a.parquet"
    pairs = [{"en": f"one {n}", "fr": f"un {n}"} for n in range(20)]
    write(path, {"id": list(range(20)), "translation": pairs})
    assert infer_task(TextSource([path])).task == "translate"
    found = list(PairSource(TextSource([path])).pairs())
    assert [(pair.source, pair.target) for pair in found] == [(p["en"], p["fr"]) for p in pairs]
    options = {"source_column": "translation.fr", "target_column": "translation.en"}
    assert next(PairSource(TextSource([path]), **options).pairs()).source == "un 0"


@pytest.mark.parametrize("old", [False, True])
def test_lists_of_words_and_tags(tmp_path, old):
    path = tmp_path / "a.parquet"
    names = class_label("O", "B-PER")
    tags = [names] if old else {"feature": names, "_type": "List"}
    columns = {"id": [str(n) for n in range(9)], "tokens": [["Ann", "sat"]] * 9}
    columns |= {"pos_tags": [["N", "V"]] * 9, "ner_tags": [[1, 0]] * 9}
    write(path, columns, features={"ner_tags": tags})
    assert infer_task(TextSource([path])).task == "tag"
    sentences = list(TaggedSource(TextSource([path])).sentences())
    assert [(each.words, each.tags) for each in sentences] == [(("Ann", "sat"), ("B-PER", "O"))] * 9
    other = TaggedSource(TextSource([path]), column=3)
    assert next(other.sentences()).tags == ("N", "V")


def test_a_column_as_running_text(tmp_path):
    path = tmp_path / "a.feather"
    write(path, labelled_columns())
    (document,) = ColumnTexts(TextSource([path]), "text").documents()
    assert "".join(document.chunks()) == "".join(f"{text}\n" for text, _ in ROWS)
    files = DataFiles.named([path])
    task, _ = task_of(files, "language")
    with pytest.raises(InputError, match=r"Feather.*text_column=NAME"):
        task.commands.open(files.data, files)


def test_dates_and_numbers_are_series(tmp_path):
    path = tmp_path / "a.parquet"
    first = datetime.date(2020, 1, 1)
    dates = [first + datetime.timedelta(days=n) for n in range(60)]
    values = [1.105 + n % 7 for n in range(60)]
    write(path, {"date": dates, "sales": values, "kept": list(range(60))})
    assert infer_task(TextSource([path])).task == "forecast"
    series = SeriesSource(TextSource([path])).read()
    assert series.names == ("sales", "kept")
    assert series.values[:, 0].tolist() == values
    assert series.calendar is not None
    assert [date.date() for date in series.dates] == dates


def test_a_dataset_saved_to_disk(tmp_path):
    folder = tmp_path / "saved"
    halves = [{name: cells[:25] for name, cells in NUMBERED.items()}]
    halves.append({name: cells[25:] for name, cells in NUMBERED.items()})
    save_to_disk(folder, halves, CLASSES)
    assert infer_task(TextSource([folder])).task == "classify"
    assert labelled(folder) == ROWS
    (folder / "state.json").write_text('{"_data_files": [{"filename": "../a.arrow"}]}')
    with pytest.raises(InputError, match="state of a dataset"):
        TextSource([folder])


def test_the_splits_of_a_dataset_are_named(tmp_path):
    for split in ("test", "train"):
        save_to_disk(tmp_path / "all" / split, [NUMBERED], CLASSES)
    (tmp_path / "all/dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    with pytest.raises(InputError, match=r"splits test, train.*Name one: .*all/train"):
        TextSource([tmp_path / "all"])
    assert labelled(tmp_path / "all/train") == ROWS


def test_a_folder_of_shards(tmp_path):
    (tmp_path / "README.md").write_text("about the data")
    (tmp_path / "data").mkdir()
    for part in (0, 1):
        columns = labelled_columns(ROWS[20 * part : 20 * part + 20])
        write(tmp_path / f"data/train-{part:05}-of-00002.parquet", columns)
    assert labelled(tmp_path) == ROWS
    write(tmp_path / "data/test-00000-of-00001.parquet", labelled_columns())
    with pytest.raises(InputError, match=r"splits test, train.*train-00000-of-00002.parquet"):
        TextSource([tmp_path])


def refusal(path):
    """The error with which a file is refused; None where it is read."""
    try:
        labelled(path)
    except InputError as error:
        return error
    return None


@each_suffix
@pytest.mark.parametrize("damage", ["cut", "middle", "end"])
def test_damaged_files_are_refused_in_a_line(tmp_path, suffix, damage):
    path = tmp_path / f"a.{suffix}"
    write(path, labelled_columns())
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        start = len(whole) // 3 if damage == "middle" else len(whole) - 40
        path.write_bytes(whole[:start] + b"\xff" * 30 + whole[start + 30 :])
    error = refusal(path)
    # Arrow has no checksums: a damage within a value is a wrong value.
    assert error is not None or (damage != "cut" and "parquet" not in suffix)
    assert error is None or ("\n" not in str(error) and error.hint)


def test_the_first_version_of_feather_is_refused_with_the_way_to_rewrite_it(tmp_path):
    path = tmp_path / "a.feather"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        feather.write_feather(pa.table(labelled_columns()), path, version=1)
        message = str(refusal(path))
        assert "Feather version 1" in message
        exec(message.partition("in Python: ")[2], {})
    assert labelled(path) == ROWS


def test_other_names_are_explained(tmp_path):
    path = tmp_path / "a.data"
    write(tmp_path / "a.parquet", labelled_columns())
    (tmp_path / "a.parquet").rename(path)
    with pytest.raises(InputError, match=r"Parquet without \.parquet"):
        labelled(path)


def test_a_missing_package_names_the_extra(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    write(path, labelled_columns())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'elman\[files\]'"):
        labelled(path)


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(rows):
        path = tmp_path / f"{rows}.parquet"
        write(path, {"text": [f"{n} " * 50 for n in range(rows)], "label": ["a"] * rows}, rows=500)
        pool = pa.default_memory_pool()
        most, before = 0, pool.bytes_allocated()
        tracemalloc.start()
        for number, _ in enumerate(LabelledSource(TextSource([path])).examples()):
            if number % 400 == 0:
                most = max(most, pool.bytes_allocated() - before)
        traced = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most + traced

    peak(500)  # imports
    assert peak(20_000) < 1.5 * peak(4_000)
