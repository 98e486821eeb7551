"""A first look at vectors with descriptions, against the plainest counting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError
from elman.tasks.description.inspect import inspect_source
from elman.text.files import TextSource
from elman.text.vectors import VectorSource

if TYPE_CHECKING:
    from pathlib import Path

words = st.sampled_from(["a", "two words", "and three more", "é"])
numbers = st.sampled_from([0.0, -0.0, 1.0, 2.5])
rows = st.lists(st.tuples(st.tuples(numbers, numbers, numbers), words), min_size=1, max_size=9)
Rows = list[tuple[tuple[float, float, float], str]]


def source_of(folder: Path, name: str, given_rows: Rows, *, skip: bool = False) -> VectorSource:
    np.save(folder / f"{name}.npy", np.array([vector for vector, _ in given_rows]))
    (folder / f"{name}.txt").write_text("".join(f"{text}\n" for _, text in given_rows), "utf-8")
    files = [folder / f"{name}.npy", folder / f"{name}.txt"]
    return VectorSource.of_files(TextSource(files), skip_bad_rows=skip)


@given(train=rows, valid=rows)
def test_counts_agree_with_plain_python(
    tmp_path_factory: pytest.TempPathFactory, train: Rows, valid: Rows
) -> None:
    folder = tmp_path_factory.mktemp("vectors")
    report = inspect_source(source_of(folder, "a", train), source_of(folder, "b", valid))
    known = [vector for vector, _ in train]
    assert (report.rows, report.width, report.valid.examples) == (len(train), 3, len(valid))
    assert report.vectors == len(set(known))
    assert report.least == min(map(min, known))
    assert report.greatest == max(map(max, known))
    assert report.never_vary == sum(len(set(column)) == 1 for column in zip(*known, strict=True))
    assert report.descriptions == len({text for _, text in train})
    assert report.duplicates == len(train) - len(set(train))
    ways = [{text for other, text in train if other == vector} for vector in set(known)]
    assert report.ambiguous_vectors == sum(len(each) > 1 for each in ways)
    assert report.valid.in_both == sum(vector in known for vector, _ in valid)
    assert report.words.longest == max(len(text.split()) for _, text in train)
    assert report.characters.longest == max(len(text) for _, text in train)
    assert report.can_be_learned == (len(set(known)) > 1)


def test_what_is_not_finite_is_left_out_and_counted(tmp_path: Path) -> None:
    bad = [((float("nan"), 0.0, 0.0), "a"), ((0.0, 0.0, 0.0), ""), ((1.0, 0.0, 2.0), "b")]
    report = inspect_source(
        source_of(tmp_path, "a", bad, skip=True), source_of(tmp_path, "b", bad[1:], skip=True)
    )
    assert (report.rows, report.skipped) == (1, 2)
    assert (report.valid.examples, report.valid.skipped) == (1, 1)
    with pytest.raises(InputError, match=r"a\.npy: .*|a\.txt:2: "):
        inspect_source(source_of(tmp_path, "a", bad))


def test_it_is_plain_data(tmp_path: Path) -> None:
    report = inspect_source(source_of(tmp_path, "a", [((0.0, 1.0, 2.0), "x y")])).to_json()
    assert json.loads(json.dumps(report)) == report
    assert report["words"] == {"median": 2, "long": 2, "longest": 2}
    assert report["valid"] is None
