"""Checkpoints of an unfinished run: a bundle like a model, written atomically."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch import Tensor

from elman.bundle import Array, Layout, layout_of, open_bundle, remove_partials, write_bundle
from elman.errors import OutputError, ResumeError
from elman.training.state import TrainState


@contextmanager
def locked_checkpoint(path: Path) -> Iterator[None]:
    """Keep other processes from using the same checkpoint. The lock ends with the process, even if
    it is killed; its file is then left behind, and the next training removes it.

    Raises:
        ResumeError: another training uses it.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise ResumeError(
            "another training writes it now",
            location=path,
            hint="Wait for its end, or name another file with -o.",
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # removed while it is held, which Windows refuses
            Path(lock.lock_file).unlink()
        lock.release()


def write_checkpoint(
    path: Path, numbers: dict[str, Any], tensors: dict[str, Tensor], identity: dict[str, Any]
) -> None:
    """Write or replace a checkpoint.

    Args:
        path: of the checkpoint.
        numbers: as `TrainState.numbers` returns them.
        tensors: as `TrainState.tensors` returns them.
        identity: the settings and text of the run, compared by `read_checkpoint`.

    Raises:
        OutputError: it cannot be written; the previous checkpoint stays usable.
    """
    about = {"task": "checkpoint", "identity": identity, "numbers": numbers}
    try:
        write_bundle(path, about, _arrays(tensors))
    except OutputError as error:
        state, more = "there is no checkpoint yet", "again"
        if path.exists():
            state, more = "the last checkpoint is kept", "with --resume"
        raise OutputError(
            f"{error.cause}; {state}",
            location=path,
            hint=f"Free some room, then type the same command {more}.",
        ) from error


def read_checkpoint(path: Path, run: TrainState, identity: dict[str, Any]) -> None:
    """Restore a run from its checkpoint.

    Raises:
        ResumeError: another run wrote it, with other settings or another text.
        ModelFileError: the file is damaged.
    """
    bundle = open_bundle(path)
    if bundle.about.get("task") != "checkpoint":
        bundle.refuse("it is not a checkpoint")
    saved = bundle.about.get("identity")
    if saved != identity:
        other = saved if isinstance(saved, dict) else {}
        differing = sorted(
            key for key in identity.keys() | other.keys() if identity.get(key) != other.get(key)
        )
        raise ResumeError(
            f"the unfinished run there differs in {', '.join(differing)}",
            location=path,
            hint="Give the same text and settings, or delete the file to start over.",
        )
    numbers = bundle.about.get("numbers")
    if not isinstance(numbers, dict) or not _valid(numbers, run.numbers()):
        bundle.refuse("its numbers are not those of a run")
    layout: Layout = layout_of(_arrays(run.tensors()))
    if numbers["best_loss"] is not None:
        layout |= {
            name.replace("weight.", "best.", 1): entry
            for name, entry in layout.items()
            if name.startswith("weight.")
        }
    arrays = bundle.arrays(layout)
    run.restore(numbers, {name: torch.from_numpy(array) for name, array in arrays.items()})


def _arrays(tensors: dict[str, Tensor]) -> dict[str, Array]:
    return {name: tensor.numpy(force=True) for name, tensor in tensors.items()}


def identity_of(path: Path) -> dict[str, Any]:
    """The identity in a checkpoint; empty without a checkpoint.

    Raises:
        ModelFileError: the file is damaged.
    """
    identity = open_bundle(path).about.get("identity") if path.exists() else None
    return identity if isinstance(identity, dict) else {}


def _valid(numbers: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether all numbers are present, of their type, and exact as floats (below 2**53)."""

    def valid(name: str, value: Any) -> bool:
        if name == "best_loss":
            return value is None or (type(value) in (int, float) and abs(value) < 2**53)
        types = (int,) if type(expected[name]) is int else (int, float)
        return type(value) in types and 0 <= value < 2**53

    return numbers.keys() == expected.keys() and all(
        valid(name, value) for name, value in numbers.items()
    )


def clear_checkpoint(path: Path) -> None:
    """Remove the checkpoint of a finished run."""
    path.unlink(missing_ok=True)
    remove_partials(path)
