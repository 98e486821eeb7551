"""A stream is decoded like a file, and its items are yielded as they arrive."""

from __future__ import annotations

import io
import threading
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.errors import BinaryFileError, EmptyTextError, InputError, MissingFileError
from elman.text import stdin_stream
from elman.text.example_reader import ExampleReader
from elman.text.files import TextSource
from elman.text.stdin_stream import StreamReader, arriving_documents, batch_available


class Pieces:
    """A stream that pauses after each of these."""

    def __init__(self, pieces):
        self.pieces = iter(pieces)

    def read(self, size):
        return next(self.pieces, b"")[:size]


def cut(data, positions):
    ends = [0, *sorted(position % (len(data) + 1) for position in positions), len(data)]
    result = [data[start:end] for start, end in pairwise(ends)]
    return [each for each in result if each]  # a stream gives nothing only at its end


def text_or_error(read):
    """A text, or the error's line."""
    try:
        return "".join(read())
    except InputError as error:
        return f"error: {error}"


@settings(deadline=None, max_examples=300)
@given(
    data=st.lists(
        st.sampled_from(
            [b"a", b"\n", b"\r\n", b"\r", "é".encode(), "漢".encode(), b"\xff", b"\xe6\xbc"]
        ),
        min_size=1,
        max_size=12,
    ).map(b"".join),
    positions=st.lists(st.integers(0, 40), max_size=6),
    encoding=st.sampled_from(["utf-8", "latin-1", "cp1252"]),
)
def test_a_stream_is_read_as_a_file_is(tmp_path_factory, data, positions, encoding):
    file = tmp_path_factory.getbasetemp() / "arrived.txt"
    file.write_bytes(data)
    whole = next(TextSource([file], encoding=encoding).documents())
    reader = StreamReader(str(file), Pieces(cut(data, positions)), encoding)
    assert text_or_error(reader.pieces) == text_or_error(whole.chunks)


def test_zero_bytes_are_not_text():
    with pytest.raises(BinaryFileError, match="standard input: not text but binary data"):
        list(StreamReader(stdin_stream.STANDARD_INPUT, Pieces([b"ab", b"c\0"]), "utf-8").pieces())


def test_a_line_is_yielded_before_the_next_is_read():
    asked = []

    class Slow(Pieces):
        def read(self, size):
            asked.append(size)
            return super().read(size)

    documents = arriving_documents(["-"], lambda: Slow([b"one\ntw", b"o\n"]), encoding="utf-8")
    chunks = next(documents).chunks()
    assert next(chunks) == "one\ntw"
    assert len(asked) == 1


def test_files_and_the_stream_in_their_order(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    paths = [tmp_path / "a.txt", "-", tmp_path / "a.txt"]
    documents = arriving_documents(paths, lambda: io.BytesIO(b"b"), encoding="utf-8")
    assert ["".join(document.chunks()) for document in documents] == ["a", "b", "a"]
    with pytest.raises(MissingFileError):
        arriving_documents(["-", tmp_path / "none"], io.BytesIO, encoding="utf-8")


@settings(deadline=None, max_examples=30)
@given(
    items=st.lists(st.integers(0, 9), max_size=60),
    most=st.integers(1, 8),
    largest=st.integers(1, 20),
)
def test_batches_hold_all_items_in_order(items, most, largest):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stdin_stream, "MAX_BATCH_ITEMS", most)
        patch.setattr(stdin_stream, "MAX_BATCH_SIZE", largest)
        batches = list(batch_available(items, lambda item: item))
    assert list(chain(*batches)) == items
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert sum(batch[:-1]) < largest, "full before the last of it"


def test_available_items_are_yielded_while_others_are_pending():
    more = threading.Event()

    def items():
        yield from "ab"
        assert more.wait(60)
        yield "c"

    batches = batch_available(items(), len)
    assert next(batches) == ["a", "b"]
    more.set()
    assert list(batches) == [["c"]]


def test_an_error_is_raised_after_the_items_before_it():
    def items():
        yield 1
        raise EmptyTextError("gone")

    batches = batch_available(items(), int)
    assert next(batches) == [1]
    with pytest.raises(EmptyTextError, match="gone"):
        next(batches)


def test_reading_ahead_is_bounded(monkeypatch):
    monkeypatch.setattr(stdin_stream, "MAX_BATCH_ITEMS", 3)
    given_out = []

    def items():
        for number in range(100):
            given_out.append(number)
            yield number

    batches = batch_available(items(), lambda _: 1)
    assert next(batches) == [0, 1, 2]
    batches.close()  # its thread ends, or stands still
    assert len(given_out) <= 3 + 3 + 1


LINES = st.lists(st.sampled_from(["", " ", "a text", "another one"]), max_size=8)


@given(lines=LINES, end=st.sampled_from(["", "a text"]))
def test_keep_skipped_yields_every_line(lines, end):
    lines = [*lines, "some text", end]
    every_line = list(ExampleReader("x", labels_needed=False, keep_skipped=True).examples(lines))
    assert [example.line for example in every_line] == list(range(1, len(lines) + 1))
    assert [example.text for example in every_line] == [line.strip() for line in lines]
    plain = ExampleReader("x", labels_needed=False).examples(lines)
    assert list(plain) == [example for example in every_line if example.text]


def test_keep_skipped_yields_bad_rows_of_a_table_but_not_blank_lines():
    rows = ["text,label", "good,x", "", "bad,x,y", ",x", "fine,y"]
    reader = ExampleReader("x.csv", labels_needed=False, keep_skipped=True, skip_bad_rows=True)
    assert [(each.line, each.text) for each in reader.examples(rows)] == [
        (2, "good"),
        (4, ""),
        (5, ""),
        (6, "fine"),
    ]
    assert reader.skipped == 2


def test_blank_lines_alone_are_not_text():
    with pytest.raises(EmptyTextError, match="holds no rows"):
        list(ExampleReader("x", labels_needed=False, keep_skipped=True).examples(["", " "]))
