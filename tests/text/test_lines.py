"""Lines do not depend on the chunks of the text, and can be pushed back."""

from __future__ import annotations

from itertools import islice, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.text import lines as lines_module
from elman.text.lines import LineReader, lines_of


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
