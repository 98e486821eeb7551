"""Tables written as Parquet, Feather and Arrow, for tests."""

from __future__ import annotations

import json

import pytest

pa = pytest.importorskip("pyarrow", reason="the extra 'files' is not installed")
feather = pytest.importorskip("pyarrow.feather")
parquet = pytest.importorskip("pyarrow.parquet")

ROWS = [(f"a text, number {number}", ["good", "bad"][number % 2]) for number in range(40)]
SUFFIXES = ("parquet", "feather", "arrow", "ipc.arrow")


def class_label(*names):
    return {"names": list(names), "_type": "ClassLabel"}


def of_hugging_face(table, features):
    """The table with the features that datasets store in the schema."""
    described = json.dumps({"info": {"features": features}})
    return table.replace_schema_metadata({"huggingface": described})


def write(path, columns, *, features=None, rows=10):
    """Write columns in the format of the file's suffix; `rows` are in each part."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    table = of_hugging_face(table, features) if features else table
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=rows)
    elif path.suffix == ".feather":
        feather.write_feather(table, path, chunksize=rows)
    elif path.name.endswith(".ipc.arrow"):
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table, max_chunksize=rows)
    else:
        with pa.ipc.new_stream(path, table.schema) as file:
            file.write_table(table, max_chunksize=rows)


def labelled_columns(rows=ROWS):
    return {"text": [text for text, _ in rows], "label": [label for _, label in rows]}


def save_to_disk(folder, parts, features):
    """A folder as `Dataset.save_to_disk` writes it: a file for each part."""
    folder.mkdir(parents=True)
    names = [f"data-{n:05}-of-{len(parts):05}.arrow" for n in range(len(parts))]
    for name, columns in zip(names, parts, strict=True):
        write(folder / name, columns)
    state = {"_data_files": [{"filename": name} for name in names], "_split": "train"}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
