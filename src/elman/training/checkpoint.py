"""An unfinished run on the disk: a bundle like a model, written whole or not at all."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

from torch import Tensor

from elman.bundle import Layout, layout_of, open_bundle, write_bundle
from elman.errors import OutputError, ResumeError
from elman.training.state import TrainState


def write_checkpoint(
    path: Path, numbers: dict[str, Any], tensors: dict[str, Tensor], identity: dict[str, Any]
) -> None:
    """Replace the checkpoint.

    Raises:
        OutputError: where it cannot be written; the one before stays, and the run can go on
            from it.
    """
    about = {"task": "checkpoint", "identity": identity, "numbers": numbers}
    try:
        write_bundle(path, about, tensors)
    except OutputError as error:
        kept = "the last checkpoint is kept" if path.exists() else "there is no checkpoint yet"
        raise OutputError(
            f"{error.cause}; {kept}",
            location=path,
            hint="Free some room, then type the same command with --resume.",
        ) from error


def read_checkpoint(path: Path, run: TrainState, identity: dict[str, Any]) -> None:
    """Put a run where the checkpoint was written.

    Raises:
        ResumeError: where it was written by another run (other settings or another text).
        ModelFileError: where the file is damaged.
    """
    bundle = open_bundle(path)
    if bundle.about.get("task") != "checkpoint":
        bundle.refuse("it is no checkpoint")
    saved = bundle.about.get("identity")
    if saved != identity:
        other = saved if isinstance(saved, dict) else {}
        differing = sorted(
            key for key in identity.keys() | other.keys() if identity.get(key) != other.get(key)
        )
        raise ResumeError(
            f"the unfinished run there differs in {', '.join(differing)}",
            location=path,
            hint="Give the same text and settings, or delete the file to start anew.",
        )
    numbers = bundle.about.get("numbers")
    if not isinstance(numbers, dict) or not _sound(numbers, run.numbers()):
        bundle.refuse("its numbers are not those of a run")
    layout: Layout = layout_of(run.tensors())
    if numbers["best_loss"] is not None:
        layout |= {
            name.replace("weight.", "best.", 1): entry
            for name, entry in layout.items()
            if name.startswith("weight.")
        }
    run.restore(numbers, bundle.tensors(layout))


def identity_of(path: Path) -> dict[str, Any]:
    """What the unfinished run in a checkpoint says of itself; nothing where there is none.

    Raises:
        ModelFileError: where the file is damaged.
    """
    identity = open_bundle(path).about.get("identity") if path.exists() else None
    return identity if isinstance(identity, dict) else {}


def _sound(numbers: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether each is there and of its type, and small enough for a float to count on from."""

    def sound(name: str, value: Any) -> bool:
        if name == "best_loss":
            return value is None or (type(value) in (int, float) and abs(value) < 2**53)
        types = (int,) if type(expected[name]) is int else (int, float)
        return type(value) in types and 0 <= value < 2**53

    return numbers.keys() == expected.keys() and all(
        sound(name, value) for name, value in numbers.items()
    )


def clear_checkpoint(path: Path) -> None:
    """Remove the checkpoint of a run that has come to its end."""
    path.unlink(missing_ok=True)
    # A run killed while it wrote leaves what it had written under a name of its own.
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        left.unlink(missing_ok=True)
