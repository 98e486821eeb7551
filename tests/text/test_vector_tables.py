"""Vectors and descriptions in the rows of one file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elman.errors import InputError
from elman.tasks.infer_task import infer_task
from elman.text.files import TextSource
from elman.text.vectors import VectorSource

VECTORS = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
TEXTS = [f"description {number}" for number in range(12)]
ROWS = [
    {"id": n, "emb": vector.tolist(), "caption": text}
    for n, (vector, text) in enumerate(zip(VECTORS, TEXTS, strict=True))
]


def source(path, content, **options):
    path.write_text(content)
    return VectorSource.of_files(TextSource([path]), **options)


@pytest.mark.parametrize("as_array", [False, True])
def test_rows_of_json(tmp_path, as_array):
    path = tmp_path / "a.json"
    content = json.dumps(ROWS) if as_array else "".join(f"{json.dumps(row)}\n" for row in ROWS)
    vectors, texts = source(path, content).rows()
    assert (vectors == VECTORS).all()
    assert texts == TEXTS
    guess = infer_task(TextSource([path]))
    assert guess == ("describe", "JSON, vectors in column emb, texts in caption")


def test_a_parquet_table(tmp_path):
    pa = pytest.importorskip("pyarrow", reason="the extra 'files' is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"v": pa.array(list(VECTORS)), "text": TEXTS}), path)
    vectors, texts = VectorSource.of_files(TextSource([path])).rows()
    assert (vectors == VECTORS).all()
    assert texts == TEXTS
    assert infer_task(TextSource([path])).task == "describe"
    assert (VectorSource.of_files(TextSource([path])).vectors() == VECTORS).all()


def test_texts_with_labels_and_vectors_are_classified(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [{"text": row["caption"], "label": "a", "emb": row["emb"]} for row in ROWS]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert infer_task(TextSource([path])).task == "classify"


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ({"emb": [1.0, 2.0], "caption": "a"}, "a.jsonl:13: emb has 2 numbers, but 3"),
        ({"emb": "none", "caption": "a"}, "a.jsonl:13: emb is not a list of numbers"),
        ({"emb": [1.0, 2.0, None], "caption": "a"}, "row 13, column 3 .* is NaN"),
        ({"emb": [1.0, 2.0, 3.0], "caption": ""}, "a.jsonl:13: the description is empty"),
        ({"emb": [1.0, 2.0, 3.0]}, "a.jsonl:13: there is no description"),
    ],
)
def test_bad_rows(tmp_path, row, cause):
    content = "".join(f"{json.dumps(each)}\n" for each in [*ROWS, row])
    with pytest.raises(InputError, match=cause):
        source(tmp_path / "a.jsonl", content).rows()
