"""Read and write a safetensors file with a trained model or an unfinished run, as numpy arrays.

The header holds one JSON text under the metadata key `elman`. It names no path and no class, and
nothing in it is executed. Before a tensor is loaded, the size of the header, the offset and size
of every tensor, and their names, types and shapes are checked.

Format: https://github.com/huggingface/safetensors (8 bytes of header length, JSON header, data).
"""

from __future__ import annotations

import contextlib
import glob
import json
import math
import os
import secrets
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from elman.errors import MissingFileError, ModelFileError, OutputError

SCHEMA = 2
HEADER_LIMIT = 16 * 2**20  # bytes
_KEY = "elman"
_MAX_DIMENSIONS = 8

_TYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype(np.float64),
    "F32": np.dtype(np.float32),
    "F16": np.dtype(np.float16),
    "I64": np.dtype(np.int64),
    "I32": np.dtype(np.int32),
    "I16": np.dtype(np.int16),
    "I8": np.dtype(np.int8),
    "U8": np.dtype(np.uint8),
    "BOOL": np.dtype(np.bool_),
}

Array = npt.NDArray[Any]

Layout = dict[str, tuple[np.dtype[Any], tuple[int, ...]]]
"""The type and shape of each array, by name."""


def layout_of(arrays: Mapping[str, Array]) -> Layout:
    """The types and shapes of some arrays."""
    return {name: (array.dtype, array.shape) for name, array in arrays.items()}


@dataclass(frozen=True)
class Bundle:
    """A file whose header has been checked; its arrays are still on disk.

    Attributes:
        path: of the file.
        about: the JSON object of the header.
        layout: the types and shapes of the arrays.
    """

    path: Path
    about: dict[str, Any]
    layout: Layout

    def arrays(self, expected: Layout) -> dict[str, Array]:
        """Load the arrays.

        Args:
            expected: the exact names, types and shapes.

        Raises:
            ModelFileError: a tensor is missing, unexpected, or of another type or shape.
        """
        for name in sorted(expected.keys() | self.layout.keys()):
            if name not in self.layout:
                self.refuse(f"the tensor {name!r} is missing")
            if name not in expected:
                self.refuse(f"it holds an unexpected tensor {name!r}")
            if self.layout[name] != expected[name]:
                self.refuse(
                    f"the tensor {name!r} is {_in_words(*self.layout[name])}, "
                    f"but its settings need {_in_words(*expected[name])}"
                )
        try:
            return dict(load_file(self.path))
        except (SafetensorError, OSError) as error:
            self.refuse(f"it cannot be read ({error})")

    def refuse(self, cause: str) -> NoReturn:
        """Raise ModelFileError for this file."""
        refuse(self.path, cause)


def refuse(path: Path, cause: str) -> NoReturn:
    """Raise ModelFileError for a file that is not a valid model."""
    cause = textwrap.shorten(cause, 300, placeholder=" ...")  # it may quote a damaged header
    raise ModelFileError(
        cause, location=path, hint="Use a complete file written by: elman train ... -o MODEL"
    )


def unreadable(path: Path, error: OSError) -> MissingFileError:
    """The error for a file that the system cannot read."""
    return MissingFileError(
        f"cannot be read ({error.strerror or error})",
        location=path,
        hint="Train a model first: elman train TEXT -o MODEL",
    )


def open_bundle(path: str | os.PathLike[str]) -> Bundle:
    """Read and check the header of a file.

    Raises:
        MissingFileError: the file is missing or unreadable.
        ModelFileError: the file is damaged, or of another format or schema.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > size - 8:
                refuse(path, "it is not a model file, or is truncated")
            if length > HEADER_LIMIT:
                refuse(path, f"its header is {length:,} bytes long, more than {HEADER_LIMIT:,}")
            header = _json(path, file.read(length))
    except OSError as error:
        raise unreadable(path, error) from error
    metadata = header.pop("__metadata__", None)
    layout = _layout(path, header, size - 8 - length)
    if not isinstance(metadata, dict) or not isinstance(metadata.get(_KEY), str):
        refuse(path, "it is a safetensors file, but not a model of Elman")
    about = _json(path, metadata[_KEY])
    schema = about.get("schema")
    if schema != SCHEMA:
        if isinstance(schema, int) and schema > SCHEMA:
            raise ModelFileError(
                f"it has schema {schema}, but this version reads only up to {SCHEMA}",
                location=path,
                hint="Upgrade: pip install --upgrade elman",
            )
        if schema == 1:
            raise ModelFileError(
                "it has schema 1, whose settings have other names than today",
                location=path,
                hint="Train the model again: elman train ... -o MODEL",
            )
        refuse(path, f"its schema {schema!r} is unknown")
    return Bundle(path, about, layout)


def _json(path: Path, text: str | bytes) -> dict[str, Any]:
    def constant(name: str) -> NoReturn:
        refuse(path, f"its header holds {name}, which is not JSON")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            refuse(path, "its header has a duplicate key")
        return value

    try:
        value = json.loads(text, parse_constant=constant, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        refuse(path, "its header is not JSON")
    if not isinstance(value, dict):
        refuse(path, "its header is not a JSON object")
    return value


def _layout(path: Path, header: dict[str, Any], size: int) -> Layout:
    """The types and shapes of the tensors, which must fill the `size` bytes after the header
    without gaps or overlaps."""
    layout: Layout = {}
    offsets = []
    for name, entry in header.items():
        match entry:
            case {"dtype": str(kind), "shape": list(shape), "data_offsets": [int(begin), int(end)]}:
                is_valid = (
                    kind in _TYPES
                    and len(shape) <= _MAX_DIMENSIONS  # multiplying a million sizes takes hours
                    and all(type(n) is int and 0 <= n < 2**40 for n in shape)
                    and 0 <= begin <= end < 2**63
                )
            case _:
                is_valid = False
        if not is_valid or len(entry) != 3:
            refuse(path, f"the entry of its tensor {name!r} is malformed")
        dtype = _TYPES[kind]
        if end - begin != math.prod(shape) * dtype.itemsize:
            refuse(path, f"its tensor {name!r} has {end - begin:,} bytes, unlike its shape")
        layout[name] = (dtype, tuple(shape))
        offsets.append((begin, end))
    reached = 0
    for begin, end in sorted(offsets):
        if begin != reached:
            refuse(path, "its tensors overlap, or leave gaps")
        reached = end
    if reached != size:
        refuse(path, f"it has {size:,} bytes of tensors, but its header lists {reached:,}")
    return layout


def _in_words(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    return f"{dtype} {list(shape)}"


def write_bundle(
    path: str | os.PathLike[str], about: dict[str, Any], arrays: Mapping[str, Array]
) -> None:
    """Write a file atomically: an old file stays until the new one is on disk.

    Args:
        path: of the file.
        about: plain data for the header.
        arrays: by name.

    Raises:
        OutputError: the file cannot be written, for example because the disk is full.
    """
    data = serialised(about, arrays)
    if int.from_bytes(data[:8], "little") > HEADER_LIMIT:
        raise OutputError(
            "the vocabulary is too large for a model file's header",
            location=path,
            hint="Train with --tokenizer subword.",
        )
    write_whole(Path(path), data)


def serialised(about: dict[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """The bytes of a file; the arguments are those of `write_bundle`."""
    text = json.dumps({"schema": SCHEMA, **about}, ensure_ascii=False, allow_nan=False)
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return save(contiguous, metadata={_KEY: text})


def write_whole(path: Path, data: bytes) -> None:
    """Write a file atomically: to a temporary name, synced, then renamed.

    Args:
        path: of the file; of a symbolic link, what it points to is written.
        data: the content.

    Raises:
        OutputError: the file cannot be written.
    """
    target = _target(path)
    temporary = _temporary(target)
    try:
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def remove_partials(path: Path) -> None:
    """Remove what processes that were killed while they wrote a file have left beside it.

    Args:
        path: of the file, which no other process may be writing now.
    """
    target = _target(path)
    for partial in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with contextlib.suppress(OSError):  # of another user
            partial.unlink()


def check_writable(path: str | os.PathLike[str]) -> None:
    """Check before a long run that its result can be written.

    Raises:
        OutputError: a file of this name cannot be written.
    """
    path = Path(path)
    if _holds(path.is_dir):
        raise OutputError("is a folder", location=path, hint=f"Name a file: -o {path / 'model'}")
    temporary = _temporary(_target(path))
    try:
        temporary.touch(exist_ok=False)
        temporary.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def _target(path: Path) -> Path:
    """The file to replace: the path, or what it points to as a symbolic link.

    Raises:
        OutputError: it is a device or a pipe, in whose place a file would stand.
    """
    target = Path(os.path.realpath(path)) if _holds(path.is_symlink) else path
    if _holds(target.exists) and not (_holds(target.is_file) or _holds(target.is_dir)):
        raise OutputError("is not a file", location=path, hint="Name another place with -o.")
    return target


def _temporary(path: Path) -> Path:
    """A name beside a file, for its content until it is complete."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def make_folder(path: Path) -> None:
    """Create a folder for results, with its parents, unless it exists.

    Raises:
        OutputError: it cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder cannot be created ({error.strerror or error})",
            location=path,
            hint="Name another place with -o.",
        ) from error


def _holds(check: Callable[[], bool]) -> bool:
    """Whether a check of a path holds; False where it raises, as for a name that is too long."""
    try:
        return check()
    except OSError:
        return False


def _unwritable(path: Path, error: OSError) -> OutputError:
    if _holds(path.parent.exists) and not _holds(path.parent.is_dir):
        return OutputError(
            f"{path.parent} is not a folder", location=path, hint="Name another place with -o."
        )
    if not _holds(path.parent.is_dir):
        return OutputError(
            f"there is no folder {path.parent}", location=path, hint=f"mkdir -p {path.parent}"
        )
    unchanged = " The old file is unchanged." if _holds(path.exists) else ""
    return OutputError(
        f"cannot be written ({error.strerror or error})",
        location=path,
        hint=f"Free some space, or name another place with -o.{unchanged}",
    )
