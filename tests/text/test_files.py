"""Reading text: every kind of source gives the same text, and errors have one line."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.errors import (
    BinaryFileError,
    EmptyTextError,
    EncodingError,
    InputError,
    MissingFileError,
    OutputError,
    SettingError,
)
from elman.text import byte_decoding as reading_module
from elman.text.byte_decoding import cut_in_chunks
from elman.text.files import TextSource
from messages import message_of

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text_of(source: TextSource) -> list[str]:
    return ["".join(document.chunks()) for document in source.documents()]


def names_of(source: TextSource) -> list[str]:
    return [document.name for document in source.documents()]


def test_several_files_in_the_order_given() -> None:
    Path("b.txt").write_text("second\n")
    Path("a.txt").write_text("first\n")
    source = TextSource(["b.txt", Path("a.txt")])
    assert text_of(source) == ["second\n", "first\n"]
    assert text_of(source) == ["second\n", "first\n"], "it can be read again"
    assert names_of(source) == ["b.txt", "a.txt"]
    assert source.size == 13


def test_line_ends_and_the_byte_order_mark() -> None:
    Path("dos.txt").write_bytes("\ufeffone\r\ntwo\rthree\n\r\n".encode())
    assert text_of(TextSource(["dos.txt"])) == ["one\ntwo\rthree\n\n"]
    assert text_of(TextSource.from_texts(["\ufeffone\r\ntwo\rthree\n\r\n"])) == [
        "one\ntwo\rthree\n\n"
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "cp1252", "utf-8-sig", "UTF8"])
def test_other_encodings(encoding: str) -> None:
    Path("a.txt").write_bytes("né à\r\nb".encode(encoding))
    assert text_of(TextSource(["a.txt"], encoding=encoding)) == ["né à\nb"]


def test_gzip_is_read_as_it_is() -> None:
    with gzip.open("a.txt.gz", "wb") as file:
        file.write("né\n".encode() * 1000)
    source = TextSource(["a.txt.gz"])
    assert text_of(source) == ["né\n" * 1000]
    read: list[int] = []
    for document in source.documents(read.append):
        assert "".join(document.chunks())
    assert sum(read) == source.size == Path("a.txt.gz").stat().st_size


def test_a_folder_in_sorted_order_without_hidden_files() -> None:
    for name in ["b/2.md", "b/.hidden.txt", "a.txt", ".git/x.txt", "b/1.text.gz", "c.py"]:
        Path(name).parent.mkdir(exist_ok=True)
        with (gzip.open if name.endswith("gz") else open)(name, "wb") as file:
            file.write(name.encode())
    Path("empty.txt").touch()
    Path("loop").symlink_to(".")
    assert text_of(TextSource(["."])) == ["a.txt", "b/1.text.gz", "b/2.md"]


def test_folders_within_are_sorted_too() -> None:
    for name in "hdbfaceg":
        Path(name).mkdir()
        Path(name, "x.txt").write_text(name)
    assert text_of(TextSource(["."])) == list("abcdefgh")


def test_a_folder_without_text_suffixes_gives_files_that_are_not_binary() -> None:
    Path("README").write_text("words")
    Path("image").write_bytes(b"\x89PNG\r\n")
    Path("data").write_bytes(b"a\0b")
    Path("bad.gz").write_bytes(b"no gzip")
    assert names_of(TextSource(["."])) == ["README"]


def test_standard_input_can_be_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(b"from\r\na pipe\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    source = TextSource(["-"])
    assert text_of(source) == text_of(source) == ["from\na pipe\n"]
    assert source.size == 13
    assert names_of(source) == ["standard input"]


def test_the_copy_of_standard_input_has_no_name(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(here))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"text")))
    source = TextSource(["-"])
    assert source.size == 4
    assert list(here.iterdir()) == []
    assert text_of(source) == ["text"]


def test_where_files_need_a_name_the_copy_is_removed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("elman.text.paths._OPEN_FILES", here / "none")
    monkeypatch.setattr("tempfile.tempdir", str(here))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"text")))
    source = TextSource(["-"])
    assert text_of(source) == text_of(source) == ["text"]
    assert len(list(here.iterdir())) == 1
    del source
    assert list(here.iterdir()) == []


def test_copies_of_killed_processes_are_deleted(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither those in use, nor new ones, nor links, nor those of other users."""
    monkeypatch.setattr("elman.text.paths._OPEN_FILES", here / "none")
    monkeypatch.setattr("tempfile.tempdir", str(here))
    for name in ("elman-stale", "elman-new", "elman-used", "other", "target"):
        Path(name).write_text("x")
        if name != "elman-new":
            os.utime(name, (1, 1))
    Path("elman-link").symlink_to("target")
    os.utime("elman-link", (1, 1), follow_symlinks=False)

    def read() -> set[str]:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"text")))
        assert text_of(TextSource(["-"])) == ["text"]
        return {path.name for path in here.iterdir()}

    code = "import fcntl, sys; f = open('elman-used'); fcntl.flock(f, 2); print(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as user:
        assert user.stdout is not None
        user.stdout.readline()
        left = {"elman-new", "elman-used", "elman-link", "other", "target"}
        assert read() == left
        user.kill()
    with monkeypatch.context() as another:
        another.setattr("os.getuid", lambda: -1)
        assert read() == left
    assert read() == left - {"elman-used"}


class Endless(io.RawIOBase):
    """A stream that never ends, and counts what was read of it."""

    def __init__(self, block: bytes) -> None:
        self.block, self.read_bytes = block, 0

    def read(self, size: int = -1) -> bytes:
        self.read_bytes += size
        return self.block * (size // len(self.block))


def test_zeros_without_end_are_refused_after_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Endless(b"\0")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    assert message_of(lambda: text_of(TextSource(["-"])), BinaryFileError).startswith(
        "standard input: not text but binary data"
    )
    assert stream.read_bytes == reading_module.BLOCK


def test_text_without_end_takes_half_of_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, free = Endless(b"y\n"), 8 * reading_module.BLOCK
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    assert message_of(lambda: text_of(TextSource(["-"])), OutputError) == (
        "standard input: has more than 4,194,304 bytes, half of the room in /tmp. "
        "Write it to a file first, or set TMPDIR to a folder with more room"
    )
    assert stream.read_bytes == 5 * reading_module.BLOCK


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd on this system")
def test_a_pipe_with_a_name() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"through a pipe")
    os.close(writer)
    source = TextSource([f"/dev/fd/{reader}"])
    assert text_of(source) == text_of(source) == ["through a pipe"]
    os.close(reader)


@given(
    text=st.text(st.sampled_from("ab \n漢"), max_size=60),
    size=st.integers(1, 20),
    cuts=st.lists(st.integers(0, 60), max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_chunks(text: str, size: int, cuts: list[int]) -> None:
    borders = [0, *sorted(cuts), len(text)]
    parts = [text[a:b] for a, b in pairwise(borders)]
    chunks = list(cut_in_chunks(parts, size))
    assert "".join(chunks) == text
    assert chunks == list(cut_in_chunks([text], size)), "wherever the blocks end"
    for chunk in chunks[:-1]:
        line_is_longer = "\n" not in chunk and len(chunk) <= size
        assert chunk.endswith("\n") or line_is_longer
        assert chunk[-1] in "\n " or " " not in chunk, "a word is cut only if it must be"
        assert 0 < len(chunk) <= size


@given(text=st.text(st.sampled_from("aé漢\r\n"), max_size=40), block=st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_blocks_may_end_within_a_character_or_a_line_end(text: str, block: int) -> None:
    plain = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    reader = reading_module.TextDecoder("x", lambda: Path("unused"), "utf-8", gzipped=False)
    data = text.encode()
    reader.blocks = (
        lambda _: (  # type: ignore[method-assign]
            data[start : start + block] for start in range(0, len(data), block)
        )
    )
    assert "".join(reader.chunks(10, None)) == plain


def test_the_hash_is_of_the_content_alone() -> None:
    Path("a.txt").write_bytes(b"one\r\ntwo\n")
    Path("other").write_bytes("one\ntwo\n".encode("utf-16"))
    alike = [
        TextSource(["a.txt"]),
        TextSource(["a.txt"], chunk_size=2),
        TextSource(["other"], encoding="utf-16"),
        TextSource.from_texts(["one\ntwo\n"]),
    ]
    assert len({source.content_hash() for source in alike}) == 1
    different = [["one\n", "two\n"], ["one\ntwo\n", ""], ["one\ntwo"], []]
    hashes = {TextSource.from_texts(texts).content_hash() for texts in different}
    assert len(hashes | {alike[0].content_hash()}) == 5


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"caf\xe9\n", "a.txt:1: byte 4 (0xe9) is not UTF-8."),
        (b"ok\n" * 16 + b"abcd\xe9f\n", "a.txt:17: byte 5 (0xe9) is not UTF-8."),
        (b"ok\r\nok\rcaf\xe9", "a.txt:2: byte 7 (0xe9) is not UTF-8."),
        (b"ok\rok\rcaf\xe9", "a.txt:3: byte 4 (0xe9) is not UTF-8."),
        (b"ok\ncut " + "漢".encode()[:2], "a.txt:2: byte 5 (0xe6) is not UTF-8."),
    ],
)
@pytest.mark.parametrize("block", [1, 2, 3, 1 << 20])
def test_where_the_encoding_is_wrong(
    monkeypatch: pytest.MonkeyPatch, data: bytes, line: str, block: int
) -> None:
    monkeypatch.setattr(reading_module, "BLOCK", block)
    Path("a.txt").write_bytes(data)
    hint = " Name its encoding, for example: --encoding cp1252"
    assert message_of(lambda: text_of(TextSource(["a.txt"])), EncodingError) == line + hint


def test_an_encoding_of_wide_characters_has_no_lines() -> None:
    Path("a.txt").write_bytes("ab\n".encode("utf-16-le") + b"\x00\xd8")
    line = message_of(lambda: text_of(TextSource(["a.txt"], encoding="utf-16-le")), EncodingError)
    assert line == (
        "a.txt: byte 7 (0x00) is not UTF-16-LE. Name its encoding, for example: --encoding cp1252"
    )


def test_utf16_that_was_not_announced() -> None:
    Path("a.txt").write_bytes("text".encode("utf-16"))
    assert message_of(lambda: text_of(TextSource(["a.txt"])), EncodingError) == (
        "a.txt: begins with the byte order mark of UTF-16, not UTF-8. "
        "Name its encoding: --encoding utf-16"
    )


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13", "a\0b"])
def test_an_unknown_encoding(encoding: str) -> None:
    Path("a.txt").write_text("text")
    assert message_of(lambda: TextSource(["a.txt"], encoding=encoding), SettingError) == (
        f"encoding: unknown encoding {encoding!r}. Try one of: utf-8, latin-1, cp1252, utf-16"
    )


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"text\0text", "binary data (it has zero bytes)"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x1f\x8b\x08", "gzip data without .gz at the end of its name"),
        (b"a" * 3_000_000 + b"\0", "binary data (it has zero bytes)"),
    ],
)
def test_binary_files_are_rejected(data: bytes, kind: str) -> None:
    Path("a.txt").write_bytes(data)
    assert message_of(lambda: text_of(TextSource(["a.txt"])), BinaryFileError) == (
        f"a.txt: not text but {kind}. Name plain text files, or extract the text first"
    )


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda _: b"plain text", "Not a gzipped file (b'pl')"),
        (
            lambda data: data[:-12],
            "Compressed file ended before the end-of-stream marker was reached",
        ),
        (lambda data: data[:-8] + b"\0" * 8, "CRC check failed 0x0 != "),
        (lambda data: data[:12] + b"\xff" * 12 + data[24:], "Error -3 while decompressing data"),
    ],
)
def test_damaged_gzip(damage: Callable[[bytes], bytes], reason: str) -> None:
    Path("a.gz").write_bytes(damage(gzip.compress(b"some text that is long enough " * 9)))
    line = message_of(lambda: text_of(TextSource(["a.gz"])), InputError)
    assert line.startswith(f"a.gz: damaged gzip data ({reason}")
    assert line.endswith("). Fetch or compress the file again")


def test_missing_files() -> None:
    assert message_of(lambda: TextSource(["sub/no.txt"]), MissingFileError) == (
        "sub/no.txt: no such file or folder. List what is there: ls ."
    )
    Path("a.txt").touch()
    assert message_of(lambda: TextSource(["a.txt"]), EmptyTextError) == (
        "a.txt: is empty. Check the program or download that made it"
    )
    assert message_of(lambda: TextSource(["a.txt/b"]), MissingFileError) == (
        "a.txt/b: cannot be read: not a directory. Check the name and its permissions"
    )
    Path("folder").mkdir()
    Path("folder/x.bin").write_bytes(b"\0")
    assert message_of(lambda: TextSource(["folder"]), MissingFileError) == (
        "folder: holds no text (1 file checked). "
        "Text files end in .txt, .text, .md, .rst; or name the files one by one"
    )


def test_a_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.txt").write_text("secret")
    source = TextSource(["a.txt"])

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    line = "a.txt: cannot be read: permission denied. Check the name and its permissions"
    assert message_of(lambda: text_of(source), MissingFileError) == line
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert message_of(lambda: TextSource(["a.txt"]), MissingFileError) == line


def test_a_file_that_vanishes() -> None:
    Path("a.txt").write_text("text")
    source = TextSource(["a.txt"])
    Path("a.txt").unlink()
    assert message_of(lambda: text_of(source), MissingFileError) == (
        "a.txt: cannot be read: no such file or directory. Check the name and its permissions"
    )


def test_empty_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO()))
    assert message_of(lambda: text_of(TextSource(["-"])), EmptyTextError) == (
        "standard input: is empty. Check the program or download that made it"
    )


def test_no_room_to_keep_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"text")))
    monkeypatch.setattr("tempfile.tempdir", "gone")
    assert message_of(lambda: text_of(TextSource(["-"])), OutputError) == (
        "standard input: cannot be copied to gone: no such file or directory. "
        "Set TMPDIR to a folder with room"
    )


def test_importing_readers_loads_neither_numpy_nor_torch() -> None:
    code = (
        "import sys, elman.text.files; assert 'numpy' not in sys.modules\n"
        "import elman.text.tokenizers.table, elman.text.tagged, elman.text.series\n"
        "assert not {'torch', 'tokenizers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
