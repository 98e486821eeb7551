"""The commands and programs in README.md, run as they stand, but for the minutes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from elman.cli import main

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch, tale):
    (tmp_path / "tale.txt").write_text(tale, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands(folder, capsys):
    lines = [line for block in blocks("sh") for line in block.splitlines() if line]
    assert len(lines) == 5
    for line in lines:
        program, *arguments = shlex.split(line.replace("--minutes 3", "--steps 20 --width 16"))
        assert program == "elman"
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0, line
        assert capsys.readouterr().out, line
    assert {path.name for path in folder.iterdir()} == {
        "tale.txt",
        "tale.safetensors",
        "words.safetensors",
    }


@pytest.mark.parametrize("program", blocks("python"))
def test_the_programs(folder, capsys, program):
    assert folder
    exec(program.replace("minutes=3", "steps=20, width=16"), {})
    capsys.readouterr()


def test_what_make_is_asked_for():
    makefile = (Path(__file__).parent.parent / "Makefile").read_text(encoding="utf-8")
    asked = set(re.findall(r"^make ([a-z-]+)", README, flags=re.MULTILINE))
    assert asked == {"demo", "test"}
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in asked)
