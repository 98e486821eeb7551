"""Lines do not depend on the chunks of the text, and can be pushed back."""

from __future__ import annotations

from itertools import islice, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import EncodingError
from elman.text import lines as lines_module
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource
from elman.text.lines import LineReader, lines_of
from elman.text.pairs import PairSource


@given(st.lists(st.text(st.sampled_from("ab\n"), max_size=8), max_size=8))
def test_lines_do_not_depend_on_the_chunks(chunks: list[str]) -> None:
    expected = "".join(chunks).split("\n")
    if not expected[-1]:
        expected.pop()
    assert list(lines_of(chunks)) == expected
    assert "".join(lines_of(chunks, keep_ends=True)) == "".join(chunks)


def test_a_line_is_yielded_once_it_is_complete() -> None:
    assert list(islice(lines_of(repeat("one\ntwo")), 2)) == ["one", "twoone"]


@pytest.mark.parametrize(
    "chunks", [["abcdefgh\nij\n"], list("abcdefgh\nij\n"), ["abc", "defgh\nij"]]
)
def test_a_long_line_is_cut(chunks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "MAX_LINE_LENGTH", 4)
    assert list(lines_of(chunks)) == ["abcde", "ij"]


def test_lines_given_back_come_again_under_their_numbers() -> None:
    feed = LineReader(iter(["one\n", " \n", "three", "four\n"]))
    assert feed.number == 0
    first = [feed.take(), feed.take(), feed.take()]
    assert (first, feed.number) == (["one", " ", "three"], 3)
    feed.give_back(["  ", "three"])
    assert feed.number == 1
    assert (feed.take_filled(), feed.number) == ("three", 3)
    assert (feed.take(), feed.number) == ("four", 4)
    assert (feed.take(), feed.take_filled(), feed.number) == (None, None, 4)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\r c\nd\n", ["a", "b\r c", "d"]),
        ("a\r\nb\rc\r\nd", ["a", "b\rc", "d"]),
        ("a\nb\r", ["a", "b\r"]),
        ("a\rb\r\rc", ["a", "b", "", "c"]),
    ],
)
def test_a_lone_return_ends_a_line_only_where_nothing_else_does(tmp_path, text, lines, size):
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    for source in (TextSource([path], chunk_size=size), TextSource.from_texts([text])):
        (document,) = source.documents()
        assert list(lines_of(document.chunks())) == lines


def test_parallel_files_with_a_return_within_a_line_stay_aligned(tmp_path):
    lines = [f"number {number}" for number in range(30)]
    (tmp_path / "a.en").write_bytes("\n".join([*lines[:7], "seven\r 7", *lines[8:]]).encode())
    (tmp_path / "a.fr").write_bytes("\n".join(lines).encode())
    pairs = list(PairSource(TextSource([tmp_path / "a.en", tmp_path / "a.fr"])).pairs())
    assert len(pairs) == 30
    assert [pair.target for pair in pairs] == lines
    assert pairs[7].source == "seven\r 7"


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_return_within_a_cell_of_a_table(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    rows = 'text,label\none\rmore,a\n"two\rmore",b\nthree,c\n'
    path.write_bytes(rows.replace(",", "\t" if suffix == "tsv" else ",").encode())
    examples = list(LabelledSource(TextSource([path])).examples())
    assert [each.text for each in examples] == ["one\rmore", "two\rmore", "three"]


def test_the_line_of_a_bad_byte_is_counted_by_newlines(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r more\ntwo\rmore\r\n\xe9")
    with pytest.raises(EncodingError, match=r"a.txt:3: byte 1 "):
        list(next(TextSource([path]).documents()).chunks())
    path.write_bytes(b"one\rtwo\r\xe9")
    with pytest.raises(EncodingError, match=r"a.txt:3: byte 1 "):
        list(next(TextSource([path]).documents()).chunks())
