"""Whole commands on files that are converted to rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROWS = [
    (f"{word} and {word} it was {n}", label)
    for n in range(20)
    for word, label in (("fine", "good"), ("dull", "bad"))
]
SMALL = ("--steps", "2", "--hidden-size", "4")


@pytest.mark.usefixtures("here")
def test_a_label_tool_from_peek_to_predict(elman):
    rows = [{"text": text, "label": label, "answer": "accept"} for text, label in ROWS]
    rows.append({"text": "x", "label": "good", "answer": "reject"})
    Path("a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    note = "a.jsonl: it is an export of Prodigy; texts left out: 1 rejected or ignored."
    looked = elman("peek", "a.jsonl")
    assert note in looked.out
    assert json.loads(elman("peek", "a.jsonl", "--json").out)["left_out"] == [note[:-1]]
    trained = elman("train", "a.jsonl", "-o", "m.st", *SMALL)
    assert trained.status == 0, trained.err
    assert note in trained.err
    tested = elman("test", "m.st", "a.jsonl")
    assert tested.status == 0, tested.err
    assert note in tested.err
    assert len(elman("predict", "m.st", "a.jsonl").out.splitlines()) == len(ROWS)


@pytest.mark.usefixtures("here")
def test_parquet_from_peek_to_predict(elman):
    pa = pytest.importorskip("pyarrow", reason="the extra 'files' is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    text, label = zip(*ROWS, strict=True)
    parquet.write_table(pa.table({"text": text, "label": label}), "a.parquet")
    assert "Parquet, text in column text" in elman("peek", "a.parquet").out
    assert elman("train", "a.parquet", "-o", "m.st", *SMALL).status == 0
    assert elman("test", "m.st", "a.parquet").status == 0
    predicted = elman("predict", "m.st", "a.parquet")
    assert len(predicted.out.splitlines()) == len(ROWS)
    Path("a.parquet").write_bytes(Path("a.parquet").read_bytes()[:-30])
    for arguments in (("peek",), ("train",), ("test", "m.st"), ("predict", "m.st")):
        done = elman(*arguments, "a.parquet", *(("-o", "n.st") if arguments == ("train",) else ()))
        assert done.status == 1
        assert done.err.count("\n") == 1
        assert "seems damaged" in done.err
    refused = elman("train", "a.parquet", "--task", "language", "-o", "n.st")
    assert "--text-column NAME" in refused.err


@pytest.mark.usefixtures("here")
def test_a_translation_memory_is_trained_on(elman):
    units = "".join(
        f'<tu><tuv xml:lang="fr"><seg>le {n} mai</seg></tuv>'
        f'<tuv xml:lang="en"><seg>May {n}</seg></tuv></tu>'
        for n in range(1, 31)
    )
    Path("a.tmx").write_text(f'<tmx><header srclang="fr"/><body>{units}</body></tmx>')
    trained = elman("train", "a.tmx", "-o", "m.st", *SMALL)
    assert trained.status == 0, trained.err
    assert "TMX, fr -> en" in trained.err
