"""The commands and programs in README.md and docs/, run as they stand, but for the minutes."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from elman.cli import main

ROOT = Path(__file__).parent.parent
DOCUMENTS = {
    path: (ROOT / path).read_text(encoding="utf-8")
    for path in (
        "README.md",
        "docs/classification-and-tagging.md",
        "docs/shapes.md",
        "docs/trace.md",
        "docs/how-it-reads.md",
        "docs/files.md",
    )
}
FEWER = "--steps 20 --hidden-size 16"


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENTS[document], flags=re.DOTALL)


PROGRAMS = [(path, block) for path in DOCUMENTS for block in blocks(path, "python")]


@pytest.fixture
def folder(tmp_path, monkeypatch, tale):
    """One is in it; it has the files that the documents speak of."""
    (tmp_path / "tale.txt").write_text(tale, encoding="utf-8")
    rows = [
        f"{word} and {word} it was,{label}" for word, label in (("fine", "good"), ("dull", "bad"))
    ]
    for name in ("reviews.csv", "held-out.csv"):
        (tmp_path / name).write_text("\n".join(["text,label", *(rows * 20)]), encoding="utf-8")
    cues = (f"{n}\n00:0{n % 6}:00,000 --> 00:0{n % 6}:01,000\n{tale[:60]}\n\n" for n in range(60))
    (tmp_path / "captions.srt").write_text("".join(cues), encoding="utf-8")
    messages = (json.dumps({"message": {"text": line}}) for line in tale.splitlines() if line)
    (tmp_path / "messages.jsonl").write_text("\n".join(messages), encoding="utf-8")
    sentence = "Ada\tB-person\nlives\tO\nin\tO\nLondon\tB-place\n\n"
    for name in ("entities.conll", "entities-test.conll"):
        (tmp_path / name).write_text(sentence * 20, encoding="utf-8")
    for part, days in (("train", range(1, 29)), ("test", range(29, 32))):
        for language, date in (("fr", "le {} mai"), ("en", "May {}")):
            lines = "".join(f"{date.format(day)}\n" for day in days)
            (tmp_path / f"{part}.{language}").write_text(lines, encoding="utf-8")
    (tmp_path / "digits.txt").write_text("one\ntwo\n" * 20, encoding="utf-8")
    np.save(tmp_path / "digits.npy", np.tile(np.eye(2), (20, 1)))
    np.save(tmp_path / "digits-test.npy", np.eye(2))
    months = (f"{1949 + n // 12}-{1 + n % 12:02},{100 + n + n % 12}\n" for n in range(120))
    (tmp_path / "passengers.csv").write_text("month,passengers\n" + "".join(months))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("document", "count"),
    [
        ("README.md", 23),
        ("docs/classification-and-tagging.md", 11),
        ("docs/shapes.md", 13),
        ("docs/trace.md", 4),
        ("docs/how-it-reads.md", 3),
        ("docs/files.md", 3),
    ],
)
def test_the_commands(folder, capsys, document, count):
    lines = [line for block in blocks(document, "sh") for line in block.splitlines() if line]
    assert len(lines) == count
    before = {path.name for path in folder.iterdir()}
    written = set()
    for line in lines:
        program, *arguments = shlex.split(line.replace("--minutes 3", FEWER))
        assert program == "elman"
        for option in {"-o", "--plot", "--web", "--onnx"} & set(arguments):
            written.add(arguments[arguments.index(option) + 1])
            if option == "--onnx":
                written.add(f"{arguments[arguments.index(option) + 1]}.json")
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0, line
        assert capsys.readouterr().out, line
    assert {path.name for path in folder.iterdir()} - before == written


@pytest.mark.parametrize(("document", "program"), PROGRAMS)
def test_the_programs(folder, capsys, document, program):
    assert folder
    assert document in DOCUMENTS
    exec(program.replace("minutes=3", "steps=20, hidden_size=16"), {})
    capsys.readouterr()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_drawings(document):
    for title, path in re.findall(r"!\[(.*?)\]\((.*?)\)", DOCUMENTS[document]):
        drawing = ElementTree.parse((ROOT / document).parent / path).getroot()
        assert drawing.findtext("{http://www.w3.org/2000/svg}title") == title
