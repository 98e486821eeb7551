"""A first look: counts against plain Python, and what is recognised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.errors import EmptyTextError
from elman.tasks.language_modeling import inspect as peek_module
from elman.tasks.language_modeling.inspect import inspect_source
from elman.text.files import TextSource

if TYPE_CHECKING:
    from pathlib import Path


def look(*texts: str, chunk_size: int = 1 << 20) -> peek_module.TextInspection:
    return inspect_source(TextSource.from_texts(texts, chunk_size=chunk_size))


@given(
    texts=st.lists(st.text(st.sampled_from("ab é\n"), max_size=30), min_size=1, max_size=3),
    chunk_size=st.integers(1, 40),
)
@settings(max_examples=100, deadline=None)
def test_counts_agree_with_plain_python(texts: list[str], chunk_size: int) -> None:
    texts[0] += "a"
    whole = "".join(texts)
    lines = [line for text in texts for line in text.removesuffix("\n").split("\n") if text]
    report = look(*texts, chunk_size=chunk_size)
    assert report.documents == len(texts)
    assert report.characters == len(whole)
    assert report.bytes == len(whole.encode())
    assert report.words == sum(len(text.split()) for text in texts)
    assert report.lines == len(lines)
    assert report.longest_line == max(map(len, lines))
    assert report.distinct_characters == len(set(whole))
    assert dict(report.commonest) == {each: whole.count(each) for each in set(whole)}
    assert report.rarest == report.commonest[::-1]


def test_duplicate_lines() -> None:
    assert look("one\ntwo\none\n\n\none\ntwo").duplicate_lines == pytest.approx(3 / 5)
    assert look("one\n\n\n").duplicate_lines == 0


def test_duplicate_lines_are_estimated_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peek_module, "_MAX_HASHES", 300)
    lines = [f"line {number}" for number in range(3000)]
    assert look("\n".join(lines)).duplicate_lines == 0
    assert look("\n".join(lines + lines)).duplicate_lines == pytest.approx(0.5)
    assert look("\n".join(lines + lines[:1000])).duplicate_lines == pytest.approx(0.25, abs=0.06)


def test_scripts() -> None:
    assert look("abc где 1 º").scripts == {
        "latin": pytest.approx(3 / 7),
        "cyrillic": pytest.approx(3 / 7),
        "other": pytest.approx(1 / 7),
    }


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("a,b\n1,2\n3,4\n", "looks like comma-separated"),
        ("name\tlabel\nAnna\tx\nBob\ty\n", "looks like tab-separated"),
        ('{"a": 1}\n{"a": 2}\n{"a": 3}\n', "looks like JSON lines"),
        ('{"a": "' + "long " * 300 + '"}\n{"a": 2}\n{"a": 3}\n', "looks like JSON lines"),
        ("__label__x good\n__label__y bad\n__label__x fine\n", "looks like fastText"),
        ("Well, yes.\nBut, no.\nOr, well, maybe.\n", None),
        ("a,b\n", None),
        ("{not\n{json\n{at all\n", None),
    ],
)
def test_what_looks_like_a_table(text: str, beginning: str | None) -> None:
    warning = look(text).warning
    assert (warning or "").startswith(beginning or "")
    assert (warning is None) == (beginning is None)


def test_suggestions() -> None:
    small = look("A small text.\n")
    assert (small.task, small.tokenizer) == ("language", "character")
    assert small.amount.startswith("very little")
    assert look("".join(map(chr, range(0x4E00, 0x5500)))).tokenizer == "subword"
    long = look("many words and lines\n" * 300_000)
    assert long.tokenizer == "subword"
    assert long.amount.startswith("plenty")


def test_it_is_plain_data(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some text.\n")
    report = inspect_source(TextSource([tmp_path]))
    assert json.loads(json.dumps(report.to_json()))["words"] == 2


def test_no_text() -> None:
    with pytest.raises(EmptyTextError) as caught:
        look("")
    assert str(caught.value) == "the texts given: holds no text. Name a file with text"
