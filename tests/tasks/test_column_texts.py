"""A language model of one column of a table."""

from __future__ import annotations

import json

import pytest

from elman.errors import InputError
from elman.tasks.data_files import DataFiles
from elman.tasks.infer_task import task_of
from elman.text.column_texts import ColumnTexts
from elman.text.files import TextSource

TEXTS = ["once upon a time", "there was a king", "he slept"]


@pytest.mark.parametrize(
    ("name", "content", "column"),
    [
        ("a.csv", "id,story\n" + "".join(f"{n},{text}\n" for n, text in enumerate(TEXTS)), "story"),
        ("a.tsv", "".join(f"{n}\t{text}\n" for n, text in enumerate(TEXTS)), "2"),
        ("a.jsonl", "".join(json.dumps({"id": 1, "s": text}) + "\n" for text in TEXTS), "s"),
        ("a.json", json.dumps([{"id": 1, "s": text} for text in TEXTS]), "s"),
        ("b.csv", 'id,story\n1,"once\nupon a time"\n2,there was a king\n3,he slept\n', "story"),
    ],
)
def test_only_the_column_is_text(tmp_path, name, content, column):
    path = tmp_path / name
    path.write_text(content)
    files = DataFiles.named([path], text_column=column)
    task, _ = task_of(files, "language")
    source = task.commands.open(files.data, files)
    (document,) = source.documents()
    assert "".join(document.chunks()) == "\n".join(TEXTS) + "\n"
    assert task.commands.inspect(files).words == 10
    assert files.notes == []
    with pytest.raises(InputError):
        task.commands.inspect(DataFiles.named([path], text_column="none"))


def test_rows_without_text_are_left_out_and_counted(tmp_path):
    path = tmp_path / "a.jsonl"
    texts = ["once upon", "", "a time", None]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    source = ColumnTexts(TextSource([path]), "text")
    for _ in range(2):
        (document,) = source.documents()
        assert "".join(document.chunks()) == "once upon\na time\n"
        assert source.notes == ["rows left out: 2 without text"]
