"""One safetensors file that holds a trained model, or an unfinished run.

The file's header carries one JSON text under the metadata key `elman`. Nothing in it is ever
executed, and nothing in it is followed: no path, no class name. Before memory is taken for a
single tensor, the header's own size, every tensor's place and size, and the names, types and
shapes that the reader expects have been compared.

Format: https://github.com/huggingface/safetensors (8 bytes of header length, JSON header, data).
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from elman.errors import MissingFileError, ModelFileError, OutputError

SCHEMA = 1
HEADER_LIMIT = 16 * 2**20  # bytes
_KEY = "elman"
_MAX_DIMENSIONS = 8

_TYPES: dict[str, tuple[torch.dtype, int]] = {
    "F64": (torch.float64, 8),
    "F32": (torch.float32, 4),
    "BF16": (torch.bfloat16, 2),
    "F16": (torch.float16, 2),
    "I64": (torch.int64, 8),
    "I32": (torch.int32, 4),
    "I8": (torch.int8, 1),
    "U8": (torch.uint8, 1),
    "BOOL": (torch.bool, 1),
}

Layout = dict[str, tuple[torch.dtype, tuple[int, ...]]]
"""Each tensor's type and shape, by its name."""


def layout_of(tensors: dict[str, Tensor]) -> Layout:
    return {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items()}


@dataclass(frozen=True)
class Bundle:
    """A file whose header has been read and found sound; its tensors are still on the disk."""

    path: Path
    about: dict[str, Any]
    layout: Layout

    def tensors(self, expected: Layout) -> dict[str, Tensor]:
        """The tensors, where they are exactly those expected.

        Raises:
            ModelFileError: for a tensor too many, too few, or of another type or shape.
        """
        for name in sorted(expected.keys() | self.layout.keys()):
            if name not in self.layout:
                self.refuse(f"the tensor {name!r} is missing")
            if name not in expected:
                self.refuse(f"it holds a tensor {name!r} that no such model has")
            if self.layout[name] != expected[name]:
                self.refuse(
                    f"the tensor {name!r} is {_words(*self.layout[name])}, "
                    f"not {_words(*expected[name])} as its settings say"
                )
        try:
            return dict(load_file(self.path))
        except (SafetensorError, OSError) as error:
            self.refuse(f"it cannot be read ({error})")

    def refuse(self, cause: str) -> NoReturn:
        """Raise the error that says why this file is no model."""
        refuse(self.path, cause)


def refuse(path: Path, cause: str) -> NoReturn:
    cause = textwrap.shorten(cause, 300, placeholder=" ...")  # a damaged header may say anything
    raise ModelFileError(
        cause, location=path, hint="Use a whole file written by: elman train ... -o MODEL"
    )


def unreadable(path: Path, error: OSError) -> MissingFileError:
    """The error that says why this file cannot be read."""
    return MissingFileError(
        f"cannot be read ({error.strerror or error})",
        location=path,
        hint="Train a model first: elman train TEXT -o MODEL",
    )


def open_bundle(path: str | os.PathLike[str]) -> Bundle:
    """Read and check a file's header.

    Raises:
        MissingFileError: where there is no such file, or it may not be read.
        ModelFileError: where it is no sound file of a schema known here.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > size - 8:
                refuse(path, "it is no model file, or only the beginning of one")
            if length > HEADER_LIMIT:
                refuse(path, f"its header is {length:,} bytes long, more than {HEADER_LIMIT:,}")
            header = _json(path, file.read(length))
    except OSError as error:
        raise unreadable(path, error) from error
    metadata = header.pop("__metadata__", None)
    layout = _layout(path, header, size - 8 - length)
    if not isinstance(metadata, dict) or not isinstance(metadata.get(_KEY), str):
        refuse(path, "it is a safetensors file, but not one of Elman's")
    about = _json(path, metadata[_KEY])
    schema = about.get("schema")
    if schema != SCHEMA:
        if isinstance(schema, int) and schema > SCHEMA:
            raise ModelFileError(
                f"it is of schema {schema}, and this version reads up to {SCHEMA}",
                location=path,
                hint="Upgrade: pip install --upgrade elman",
            )
        refuse(path, f"its schema is {schema!r}, which no version has written")
    return Bundle(path, about, layout)


def _json(path: Path, text: str | bytes) -> dict[str, Any]:
    def constant(name: str) -> NoReturn:
        refuse(path, f"its header says {name}, which is no JSON")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            refuse(path, "its header says the same thing twice")
        return found

    try:
        value = json.loads(text, parse_constant=constant, object_pairs_hook=once)
    except (ValueError, RecursionError):
        refuse(path, "its header is no JSON")
    if not isinstance(value, dict):
        refuse(path, "its header is no JSON object")
    return value


def _layout(path: Path, header: dict[str, Any], room: int) -> Layout:
    """The tensors' types and shapes, once their places are seen to fill the file exactly."""
    layout: Layout = {}
    places = []
    for name, entry in header.items():
        match entry:
            case {"dtype": str(kind), "shape": list(shape), "data_offsets": [int(begin), int(end)]}:
                sound = (
                    kind in _TYPES
                    and len(shape) <= _MAX_DIMENSIONS  # the product of a million takes hours
                    and all(type(n) is int and 0 <= n < 2**40 for n in shape)
                    and 0 <= begin <= end < 2**63
                )
            case _:
                sound = False
        if not sound or len(entry) != 3:
            refuse(path, f"the entry of its tensor {name!r} is malformed")
        dtype, item = _TYPES[kind]
        if end - begin != math.prod(shape) * item:
            refuse(path, f"its tensor {name!r} has {end - begin:,} bytes, which is not its size")
        layout[name] = (dtype, tuple(shape))
        places.append((begin, end))
    reached = 0
    for begin, end in sorted(places):
        if begin != reached:
            refuse(path, "its tensors overlap, or leave gaps")
        reached = end
    if reached != room:
        refuse(path, f"it has {room:,} bytes of tensors where {reached:,} are announced")
    return layout


def _words(dtype: torch.dtype, shape: tuple[int, ...]) -> str:
    return f"{str(dtype).removeprefix('torch.')} {list(shape)}"


def write_bundle(
    path: str | os.PathLike[str], about: dict[str, Any], tensors: dict[str, Tensor]
) -> None:
    """Write a file whole or not at all: what stood there before stays until the new one is safe.

    Raises:
        OutputError: where it cannot be written, the disk is full among the reasons.
    """
    text = json.dumps({"schema": SCHEMA, **about}, ensure_ascii=False, allow_nan=False)
    data = save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
        metadata={_KEY: text},
    )
    if int.from_bytes(data[:8], "little") > HEADER_LIMIT:
        raise OutputError(
            "the vocabulary is too large for a model file's header",
            location=path,
            hint="Train with --tokenizer subword.",
        )
    write_whole(Path(path), data)


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the file, bring it to the disk, and only then take its name."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            with beside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def check_writable(path: str | os.PathLike[str]) -> None:
    """Find out before a long run, not after it, that its result has nowhere to go.

    Raises:
        OutputError: where a file of this name could not be written.
    """
    path = Path(path)
    if _holds(path.is_dir):
        raise OutputError("is a folder", location=path, hint=f"Name a file: -o {path / 'model'}")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def make_folder(path: Path) -> None:
    """A folder for results, where there is none yet.

    Raises:
        OutputError: where it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot be made a folder ({error.strerror or error})",
            location=path,
            hint="Name another place with -o.",
        ) from error


def _holds(check: Callable[[], bool]) -> bool:
    """Of a path; not so where that cannot be asked, as with a name too long."""
    try:
        return check()
    except OSError:
        return False


def _unwritable(path: Path, error: OSError) -> OutputError:
    if _holds(path.parent.exists) and not _holds(path.parent.is_dir):
        return OutputError(
            f"{path.parent} is no folder", location=path, hint="Name another place with -o."
        )
    if not _holds(path.parent.is_dir):
        return OutputError(
            f"there is no folder {path.parent}", location=path, hint=f"mkdir -p {path.parent}"
        )
    kept = " What was there before is untouched." if _holds(path.exists) else ""
    return OutputError(
        f"cannot be written ({error.strerror or error})",
        location=path,
        hint=f"Free some room, or name another place with -o.{kept}",
    )
