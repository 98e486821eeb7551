"""One array from a .npy or .npz file, as float32: the header is checked before a number is read.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import os
import struct
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

from elman.errors import EmptyTextError, InputError
from elman.text.byte_decoding import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


ARRAY_SUFFIXES = ("npy", "npz")
MAX_COLUMNS = 65_536
"""Numbers in a vector."""

_NAME = "vectors"  # of the array that is meant, where there are several
_BLOCK = 1 << 22  # bytes read at once, or one row
_HOW = "Save it with numpy.save(path, vectors)"
_MAX_INFLATED = 1032  # bytes that deflate makes of one, at most (RFC 1951)
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError),
    *(NotImplementedError, RuntimeError),  # another compression, a password
)
_READ_HEADER = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_array(path: Path) -> NDArray[np.float32]:
    """The vectors of a file, (N, D) with N and D from 1 on; they may hold NaN and infinity, and do
    hold infinity where a number is too large for float32.

    Raises:
        MissingFileError: it cannot be opened.
        EmptyTextError: it holds no vectors.
        InputError: it is damaged, holds several arrays, or one of another shape or kind.
    """
    place = str(path)
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                return _read_from_zip(file, place)
            return _read_array(file, os.fstat(file.fileno()).st_size, place)
    except InputError:  # a ValueError too, and said already
        raise
    except OSError as error:
        raise unreadable(place, error) from error
    except MemoryError as error:
        raise InputError(
            "has more numbers than memory holds", location=place, hint="Take fewer rows"
        ) from error
    except _ZIP_ERRORS as error:
        raise _damaged(place, f"as a zip archive ({error})") from error


def check_shape(shape: tuple[int, ...], kind: np.dtype[Any], location: str) -> None:
    """Whether an array of this shape and kind of numbers holds vectors, a row each.

    Raises:
        EmptyTextError: it holds none.
        InputError: it has another number of dimensions, too many columns, or no real numbers.
    """
    if kind.kind not in "fiu":
        called = "Python objects" if kind.hasobject else str(kind)
        raise InputError(
            f"an array of {called}, not of floating or whole numbers", location=location, hint=_HOW
        )
    if len(shape) != 2:
        raise InputError(
            f"an array of shape {shape}, not one of rows and columns",
            location=location,
            hint="Save it with a row for each vector, vectors.reshape(len(vectors), -1)",
        )
    if not all(shape):
        raise EmptyTextError(
            f"holds no vectors (its shape is {shape})", location=location, hint=_HOW
        )
    if shape[1] > MAX_COLUMNS:
        raise InputError(
            f"vectors of {shape[1]:,} numbers, more than {MAX_COLUMNS:,}",
            location=location,
            hint="Shorten them, for instance by principal components",
        )


def _read_from_zip(file: IO[bytes], location: str) -> NDArray[np.float32]:
    with zipfile.ZipFile(file) as archive:
        members = {
            info.filename.removesuffix(".npy"): info
            for info in archive.infolist()
            if info.filename.endswith(".npy")
        }
        found = members.get(_NAME) or (next(iter(members.values())) if len(members) == 1 else None)
        if found is None:
            names = ", ".join(list(members)[:10]) or "none"
            raise InputError(
                f"expected one array, found {len(members)} ({names:.200})",
                location=location,
                hint=f"Save one, or call it so: numpy.savez(path, {_NAME}=...)",
            )
        with archive.open(found) as stream:
            size = min(found.file_size, _MAX_INFLATED * found.compress_size)
            return _read_array(stream, size, f"{location}, array {found.filename[:-4]}")


def _read_array(stream: IO[bytes], size: int, location: str) -> NDArray[np.float32]:
    """Of `size` bytes."""
    stream.seek(0)
    with _header_errors(location):
        shape, is_fortran, kind = _READ_HEADER[npy.read_magic(stream)](stream)
    if any(side < 0 for side in shape):
        raise _damaged(location, "in its header")
    check_shape(shape, kind, location)
    promised = shape[0] * shape[1] * kind.itemsize
    there = size - stream.tell()
    if there < promised:
        raise _damaged(
            location,
            f"or cut off: {there:,} bytes of numbers where its header promises {promised:,}",
        )
    array = np.empty(shape, dtype=np.float32)
    rows = array.T if is_fortran else array  # in the order of the file
    row_bytes = rows.shape[1] * kind.itemsize
    together = max(1, _BLOCK // row_bytes)
    with np.errstate(over="ignore"):
        for start in range(0, len(rows), together):
            part = rows[start : start + together]
            block = stream.read(len(part) * row_bytes)
            if len(block) != len(part) * row_bytes:
                raise _damaged(location, "or cut off")
            part[...] = np.frombuffer(block, dtype=kind).reshape(part.shape)
    return array


@contextmanager
def _header_errors(location: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a header that Python 2 wrote is sound
            yield
    except KeyError as error:  # a version for names that only columns of records have
        raise InputError("no array of plain numbers", location=location, hint=_HOW) from error
    except (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
        raise _damaged(location, "in its header, or no NumPy array at all") from error


def _damaged(location: str, how: str) -> InputError:
    return InputError(f"damaged {how}", location=location, hint="Save or fetch it again")
