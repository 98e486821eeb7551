"""Paths -> the files behind them: folders walked, pipes kept to be read again."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
import weakref
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from elman.errors import EmptyTextError, InputError, MissingFileError, OutputError
from elman.text.byte_decoding import TextDecoder, binary_kind, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator


SUFFIXES = (".txt", ".text", ".md", ".rst")
"""What text files are called, alone or with .gz after it."""


class Input(Protocol):
    """Bytes with a name, which can be read again and again."""

    name: str
    gzipped: bool

    def path(self) -> Path:
        """Where the bytes are."""


class FileInput:
    """A regular file."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.gzipped = path.suffix == ".gz"
        self._path = path

    def path(self) -> Path:
        return self._path


class StreamInput:
    """Standard input, or a pipe: kept in a temporary file from when it is first needed."""

    def __init__(self, name: str, path: Path | None) -> None:
        self.name = name
        self.gzipped = False
        self._path = path

    def path(self) -> Path:
        """Where the bytes are kept. The first call reads the stream to its end.

        Raises:
            MissingFileError: it cannot be read.
            EmptyTextError: nothing came.
            OutputError: there is no room to keep it.
        """
        return self._kept

    @cached_property
    def _kept(self) -> Path:
        if self._path is None and sys.stdin is None:  # closed by the caller
            raise unreadable(self.name, OSError(errno.EBADF, "it is closed"))
        try:
            stream = self._path.open("rb") if self._path else nullcontext(sys.stdin.buffer)
        except OSError as error:
            raise unreadable(self.name, error) from error
        with stream as bytes_in:
            kept = self._keep(bytes_in)
        if not kept.stat().st_size:
            raise _empty(self.name)
        return kept

    def _keep(self, bytes_in: BinaryIO) -> Path:
        try:
            handle, name = tempfile.mkstemp(prefix="elman-")
            weakref.finalize(self, Path(name).unlink, missing_ok=True)
            with os.fdopen(handle, "wb") as copy:
                shutil.copyfileobj(bytes_in, copy)
        except OSError as error:
            raise OutputError(
                f"cannot be kept in {tempfile.gettempdir()}: {(error.strerror or '').lower()}",
                location=self.name,
                hint="Point TMPDIR at a folder with room",
            ) from error
        return Path(name)


def resolve(name: str, encoding: str) -> list[Input]:
    """The files that a path stands for: itself, or what a folder holds in sorted order.

    Raises:
        MissingFileError: missing, unreadable, or a folder without text.
        EmptyTextError: a file of no bytes.
    """
    if name == "-":
        return [StreamInput("standard input", None)]
    path = Path(name)
    try:
        if path.is_dir():
            return _files_of(path, encoding)
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise MissingFileError(
            "no such file or folder", location=name, hint=f"Look around with: ls {_parent(path)}"
        ) from error
    except InputError:  # a ValueError too, and said already
        raise
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from error
    if not path.is_file():
        return [StreamInput(name, path)]
    if not os.access(path, os.R_OK):
        raise unreadable(name, PermissionError(13, "permission denied"))
    if not size:
        raise _empty(name)
    return [FileInput(path)]


def _files_of(folder: Path, encoding: str) -> list[Input]:
    visible = list(_walk(folder))
    texts = [path for path in visible if _has_text_suffix(path)]
    files = [path for path in texts or visible if path.stat().st_size]
    found: list[Input] = [FileInput(path) for path in files]
    if not texts:
        found = [each for each in found if _may_be_text(each, encoding)]
    if not found:
        raise MissingFileError(
            f"holds no text ({len(visible)} file{'' if len(visible) == 1 else 's'} looked at)",
            location=str(folder),
            hint=f"Text files end in {', '.join(SUFFIXES)}, or name files one by one",
        )
    return found


def _walk(folder: Path) -> Iterator[Path]:
    """The visible regular files under a folder, in sorted order, without following links to
    other folders (which could lead in a circle)."""

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


def _may_be_text(found: Input, encoding: str) -> bool:
    try:
        head = TextDecoder(found.name, found.path, encoding, gzipped=found.gzipped).head()
    except InputError:
        return False
    return binary_kind(head, encoding) is None


def _parent(path: Path) -> Path:
    """The nearest folder on the way to a path that exists."""
    return next((parent for parent in path.parents if parent.is_dir()), Path())


def _empty(name: str) -> EmptyTextError:
    return EmptyTextError("is empty", location=name, hint="Check where it should have come from")
