"""Read one array from a .npy or .npz file as float32, after checking its header.

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
"""The largest number of dimensions of a vector."""

_NAME = "vectors"  # the array to read where a .npz file has several
_BLOCK = 1 << 22  # bytes read at once, or one row
_SAVE_HINT = "Save it with numpy.save(path, vectors)"
_MAX_INFLATED = 1032  # the largest expansion ratio of deflate (RFC 1951)
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError),
    *(NotImplementedError, RuntimeError),  # another compression, a password
)
_READ_HEADER = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_array(path: Path) -> NDArray[np.float32]:
    """Read the vectors of a file.

    Returns:
        (N, D) with N, D >= 1. Values may be NaN or infinite; a number too large for float32
        becomes infinite.

    Raises:
        MissingFileError: the file cannot be opened.
        EmptyTextError: the file holds no vectors.
        InputError: the file is damaged, holds several arrays, or an array of another shape or type.
    """
    location = str(path)
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                return _read_from_zip(file, location)
            return _read_array(file, os.fstat(file.fileno()).st_size, location)
    except InputError:  # also a ValueError, which _ZIP_ERRORS would catch
        raise
    except OSError as error:
        raise unreadable(location, error) from error
    except MemoryError as error:
        raise InputError(
            "the array does not fit in memory", location=location, hint="Take fewer rows"
        ) from error
    except _ZIP_ERRORS as error:
        raise _damaged(location, f"as a zip archive ({error})") from error


def check_shape(shape: tuple[int, ...], kind: np.dtype[Any], location: str) -> None:
    """Check that an array holds one vector of real numbers per row.

    Args:
        shape: of the array; (N, D) is expected.
        kind: its dtype; floating point or integer is expected.
        location: the file, for messages.

    Raises:
        EmptyTextError: N or D is 0.
        InputError: another number of dimensions, D > MAX_COLUMNS, or another type.
    """
    if kind.kind not in "fiu":
        type_name = "Python objects" if kind.hasobject else str(kind)
        raise InputError(
            f"an array of {type_name}, not of floating-point numbers or integers",
            location=location,
            hint=_SAVE_HINT,
        )
    if len(shape) != 2:
        raise InputError(
            f"an array of shape {shape}, not one of rows and columns",
            location=location,
            hint="Save it with a row for each vector, vectors.reshape(len(vectors), -1)",
        )
    if not all(shape):
        raise EmptyTextError(
            f"holds no vectors (its shape is {shape})", location=location, hint=_SAVE_HINT
        )
    if shape[1] > MAX_COLUMNS:
        raise InputError(
            f"vectors of {shape[1]:,} dimensions, more than {MAX_COLUMNS:,}",
            location=location,
            hint="Reduce the dimensions, for example by principal components",
        )


def _read_from_zip(file: IO[bytes], location: str) -> NDArray[np.float32]:
    with zipfile.ZipFile(file) as archive:
        members = {
            info.filename.removesuffix(".npy"): info
            for info in archive.infolist()
            if info.filename.endswith(".npy")
        }
        member = members.get(_NAME) or (next(iter(members.values())) if len(members) == 1 else None)
        if member is None:
            names = ", ".join(list(members)[:10]) or "none"
            raise InputError(
                f"expected one array, found {len(members)} ({names:.200})",
                location=location,
                hint=f"Save one array, or name it: numpy.savez(path, {_NAME}=...)",
            )
        with archive.open(member) as stream:
            size = min(member.file_size, _MAX_INFLATED * member.compress_size)
            return _read_array(stream, size, f"{location}, array {member.filename[:-4]}")


def _read_array(stream: IO[bytes], size: int, location: str) -> NDArray[np.float32]:
    """Read the array of a stream of `size` bytes, header included."""
    stream.seek(0)
    with _header_errors(location):
        shape, is_fortran, kind = _READ_HEADER[npy.read_magic(stream)](stream)
    if any(side < 0 for side in shape):
        raise _damaged(location, "in its header")
    check_shape(shape, kind, location)
    expected = shape[0] * shape[1] * kind.itemsize
    available = size - stream.tell()
    if available < expected:
        raise _damaged(
            location,
            f"or truncated: {available:,} bytes of numbers, but its header says {expected:,}",
        )
    array = np.empty(shape, dtype=np.float32)
    rows = array.T if is_fortran else array  # in the order of the file
    row_bytes = rows.shape[1] * kind.itemsize
    rows_per_block = max(1, _BLOCK // row_bytes)
    with np.errstate(over="ignore"):
        for start in range(0, len(rows), rows_per_block):
            part = rows[start : start + rows_per_block]
            block = stream.read(len(part) * row_bytes)
            if len(block) != len(part) * row_bytes:
                raise _damaged(location, "or truncated")
            part[...] = np.frombuffer(block, dtype=kind).reshape(part.shape)
    return array


@contextmanager
def _header_errors(location: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy warns of headers that Python 2 wrote
            yield
    except KeyError as error:  # format 3.0, which only structured arrays need
        raise InputError(
            "not an array of plain numbers", location=location, hint=_SAVE_HINT
        ) from error
    except (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
        raise _damaged(location, "in its header, or not a NumPy array") from error


def _damaged(location: str, how: str) -> InputError:
    return InputError(f"damaged {how}", location=location, hint="Save or fetch it again")
