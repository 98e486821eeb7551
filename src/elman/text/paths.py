"""Resolve paths to files: walk folders, and copy pipes so that they can be read again."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
import time
import weakref
from contextlib import nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol

from elman.errors import EmptyTextError, InputError, MissingFileError, OutputError
from elman.text.byte_decoding import (
    BLOCK,
    TextDecoder,
    binary_kind,
    check_text,
    unreadable,
)
from elman.text.formats.folders import table_parts
from elman.text.formats.row_file import row_format_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elman.text.formats.row_file import RowFormat


SUFFIXES = (".txt", ".text", ".md", ".rst")
"""Suffixes of text files, with or without .gz after them."""


_PREFIX = "elman-"  # of copies with a name
_FRESH = 60  # seconds

_OPEN_FILES = Path("/proc/self/fd")
"""Where Linux lets a process open its files again, each from its beginning."""


class Input(Protocol):
    """A named file, which can be read any number of times.

    Attributes:
        name: for messages.
        gzipped: whether to decompress the bytes.
    """

    name: str
    gzipped: bool

    def path(self) -> Path:
        """The path of the bytes."""

    @property
    def row_format(self) -> RowFormat | None:
        """The format of rows that is converted to lines; None for text."""


class FileInput:
    """A regular file."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.gzipped = path.suffix == ".gz"
        self._path = path

    def path(self) -> Path:
        return self._path

    @property
    def row_format(self) -> RowFormat | None:
        return row_format_of(self.name)


class StreamInput:
    """Standard input or a pipe, copied to a temporary file when it is first read.

    The copy has no name where the system allows it, so nothing is left behind, however the process
    ends. Elsewhere copies of killed processes are deleted when the next is made. A stream without
    an end stops it: when a block cannot be text, or half of the room that was free is taken.

    Args:
        name: for messages.
        path: of the pipe; None: standard input.
        encoding: of the text.
    """

    def __init__(self, name: str, path: Path | None, encoding: str) -> None:
        self.name = name
        self.gzipped = False
        self._path = path
        self._encoding = encoding

    def path(self) -> Path:
        """The path of the copy. The first call reads the stream to its end.

        Raises:
            MissingFileError: the stream cannot be read.
            EmptyTextError: the stream is empty.
            BinaryFileError, EncodingError: it is not text.
            OutputError: the copy cannot be written, or is too long.
        """
        return self._copy

    @property
    def row_format(self) -> RowFormat | None:
        return None

    @cached_property
    def _copy(self) -> Path:
        if self._path is None and sys.stdin is None:  # closed by the caller
            raise unreadable(self.name, OSError(errno.EBADF, "it is closed"))
        try:
            stream = self._path.open("rb") if self._path else nullcontext(sys.stdin.buffer)
        except OSError as error:
            raise unreadable(self.name, error) from error
        with stream as bytes_in:
            copy = self._copy_to_file(bytes_in)
        if not copy.stat().st_size:
            raise _empty(self.name)
        return copy

    def _copy_to_file(self, bytes_in: BinaryIO) -> Path:
        folder = tempfile.gettempdir()
        try:
            room = shutil.disk_usage(folder).free // 2
            copy, path = _temporary_file()
            weakref.finalize(self, copy.close)
            size = 0
            while block := bytes_in.read(BLOCK):
                check_text(self.name, block, self._encoding, is_first=size == 0)
                size += len(block)
                if size > room:
                    raise OutputError(
                        f"has more than {room:,} bytes, half of the room in {folder}",
                        location=self.name,
                        hint="Write it to a file first, or set TMPDIR to a folder with more room",
                    )
                copy.write(block)
            copy.flush()
        except OSError as error:
            raise OutputError(
                f"cannot be copied to {folder}: {(error.strerror or '').lower()}",
                location=self.name,
                hint="Set TMPDIR to a folder with room",
            ) from error
        return path


def _temporary_file() -> tuple[IO[bytes], Path]:
    """A file that is gone once it is closed, and a path at which it can be read meanwhile."""
    if _OPEN_FILES.is_dir():
        unnamed = tempfile.TemporaryFile()  # noqa: SIM115 - its owner closes it
        return unnamed, _OPEN_FILES / str(unnamed.fileno())
    _clear_stale()
    named = tempfile.NamedTemporaryFile(prefix=_PREFIX)  # noqa: SIM115
    _lock(named.fileno())
    return named, Path(named.name)


def _clear_stale() -> None:
    """Delete copies that killed processes left: the user's own, which no process has locked."""
    if sys.platform == "win32":  # it deletes such files itself
        return
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            about = path.lstat()
            is_old = time.time() - about.st_mtime > _FRESH  # a new one may not be locked yet
            if stat.S_ISREG(about.st_mode) and about.st_uid == os.getuid() and is_old:
                with path.open("rb") as copy:
                    if _lock(copy.fileno()):
                        path.unlink()


def _lock(file: int) -> bool:
    """Lock a file for as long as it is open; False where another process has, or none can."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def resolve(name: str, encoding: str) -> list[Input]:
    """The files of a path: the file itself, or the text files of a folder in sorted order.

    Args:
        name: a file, a folder, a pipe, or `-` for standard input.
        encoding: of the files, to recognise text among files without a text suffix.

    Raises:
        MissingFileError: the path is missing or unreadable, or a folder without text.
        EmptyTextError: the file is empty.
    """
    if name == "-":
        return [StreamInput("standard input", None, encoding)]
    path = Path(name)
    try:
        if path.is_dir():
            return _files_of(path, encoding)
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise MissingFileError(
            "no such file or folder", location=name, hint=f"List what is there: ls {_parent(path)}"
        ) from error
    except InputError:  # also a ValueError, which the next clause would catch
        raise
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from error
    if not path.is_file():
        return [StreamInput(name, path, encoding)]
    if not os.access(path, os.R_OK):
        raise unreadable(name, PermissionError(13, "permission denied"))
    if not size:
        raise _empty(name)
    return [FileInput(path)]


def _files_of(folder: Path, encoding: str) -> list[Input]:
    visible = list(_walk(folder))
    parts = table_parts(folder, visible)
    if parts is not None:
        return [FileInput(path) for path in parts]
    texts = [path for path in visible if _has_text_suffix(path)]
    files = [path for path in texts or visible if path.stat().st_size]
    inputs: list[Input] = [FileInput(path) for path in files]
    if not texts:
        inputs = [each for each in inputs if _may_be_text(each, encoding)]
    if not inputs:
        raise MissingFileError(
            f"holds no text ({len(visible)} file{'' if len(visible) == 1 else 's'} checked)",
            location=str(folder),
            hint=f"Text files end in {', '.join(SUFFIXES)}; or name the files one by one",
        )
    return inputs


def _walk(folder: Path) -> Iterator[Path]:
    """The visible regular files under a folder, in sorted order. Does not follow links to folders,
    which could form a cycle."""

    def stop(error: OSError) -> None:
        raise unreadable(error.filename or str(folder), error) from error

    for parent, folders, files in os.walk(folder, onerror=stop):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for file in sorted(files):
            path = Path(parent, file)
            if not file.startswith(".") and path.is_file():
                yield path


def _has_text_suffix(path: Path) -> bool:
    inner = path.with_suffix("") if path.suffix == ".gz" else path
    return inner.suffix.lower() in SUFFIXES


def _may_be_text(file: Input, encoding: str) -> bool:
    try:
        head = TextDecoder(file.name, file.path, encoding, gzipped=file.gzipped).head()
    except InputError:
        return False
    return binary_kind(head, encoding) is None


def _parent(path: Path) -> Path:
    """The nearest parent of a path that exists."""
    return next((parent for parent in path.parents if parent.is_dir()), Path())


def _empty(name: str) -> EmptyTextError:
    return EmptyTextError(
        "is empty", location=name, hint="Check the program or download that made it"
    )
