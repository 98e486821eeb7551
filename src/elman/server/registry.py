"""The models that are served, each by its name and the SHA-256 of the bytes that were loaded."""

from __future__ import annotations

import errno
import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from elman.bundle import unreadable
from elman.errors import ElmanError, OutputError, SettingError
from elman.server.dispatcher import Dispatcher
from elman.server.generation import GenerationBatcher
from elman.server.limits import Limits
from elman.server.schemas import ModelResponse
from elman.server.stores.store import StateFormat
from elman.tasks.estimator import Model
from elman.tasks.loading import load
from elman.tasks.table import TASKS

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_MAX_NAME = 60  # characters
_CHUNK = 1 << 20  # bytes
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LoadedModel(NamedTuple):
    """A model and its name; `sha256` is that of its file."""

    name: str
    model: Model
    sha256: bytes


class ModelEntry:
    """A model that is served.

    Attributes:
        short_hash: the first part of the names of its sessions.
        operations: what its task can do.
        dispatcher: answers its requests.
        generation: generates its texts; None where the task has none.
        runner: steps its sessions; None where it cannot have any.
    """

    def __init__(self, loaded: LoadedModel, limits: Limits) -> None:
        self.name, self.model, self.sha256 = loaded
        self.short_hash = self.sha256.hex()[:16]
        self.operations = TASKS[self.model.task].operations
        self.runner = self.operations.runner(self.model)
        self.generation = (
            GenerationBatcher(self.model, limits) if self.operations.generates else None
        )
        background = None if self.generation is None else self.generation.step
        self.dispatcher = Dispatcher(limits, background)

    def state_format(self) -> StateFormat:
        """Of the states of its sessions."""
        assert self.runner is not None
        return StateFormat(self.sha256, self.runner.state_size)

    def describe(self) -> ModelResponse:
        details = self.model.describe()
        labels: Sequence[Any] = details.pop("labels", details.pop("tags", []))
        operations = [each.name for each in self.operations.batched]
        if self.generation is not None:
            operations += ["generate", "keyboards"]
        if self.runner is not None:
            operations.append("sessions")
        return {
            "name": self.name,
            "task": self.model.task,
            "hash": self.sha256.hex(),
            "operations": operations,
            "labels": list(labels),
            "details": details,
        }


class ModelRegistry(Mapping[str, ModelEntry]):
    """The models by name."""

    def __init__(self, models: Sequence[LoadedModel], limits: Limits) -> None:
        self._entries = {each.name: ModelEntry(each, limits) for each in models}

    def __getitem__(self, name: str) -> ModelEntry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def state_formats(self) -> dict[str, StateFormat]:
        """The formats of all sessions, by the first part of their names."""
        stateful = [each for each in self.values() if each.runner is not None]
        return {each.short_hash: each.state_format() for each in stateful}

    def start(self) -> None:
        """Start a thread per model; call it in the event loop that submits requests."""
        for entry in self.values():
            if entry.generation is not None:
                entry.generation.start()
            entry.dispatcher.start()

    async def close(self) -> None:
        """Answer the requests that wait, and end the threads."""
        for entry in self.values():
            await entry.dispatcher.close()


def load_models(paths: Sequence[Path]) -> list[LoadedModel]:
    """Load model files; each model is named after its file.

    Raises:
        ElmanError: as `load` does; SettingError if there are no paths.
    """
    if not paths:
        raise SettingError("there is no model", location="models", hint="Name a model file.")
    models: list[LoadedModel] = []
    for path in paths:
        model, sha256 = _load(path)
        models.append(
            LoadedModel(_unique_name(path, {each.name for each in models}), model, sha256)
        )
    return models


def _load(path: Path) -> tuple[Model, bytes]:
    """A model and the hash of its file, both from a private copy: changes to the file while it is
    read, or later, reach neither."""
    with tempfile.TemporaryDirectory() as folder:
        copy, digest = Path(folder) / "model", hashlib.sha256()
        try:
            with path.open("rb") as file, copy.open("wb") as copied:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    copied.write(chunk)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise unreadable(path, error) from error
            raise OutputError(
                f"cannot be copied to {tempfile.gettempdir()} ({error.strerror})",
                location=path,
                hint="Set TMPDIR to a folder with room.",
            ) from error
        try:
            return load(copy), digest.digest()
        except ElmanError as error:
            raise type(error)(error.cause, location=path, hint=error.hint) from error


def _unique_name(path: Path, taken: set[str]) -> str:
    """A name that needs no escaping in a URL, and that no other model has."""
    name = _UNSAFE.sub("-", path.stem)[:_MAX_NAME].strip(".-") or "model"
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 2))
    return next(each for each in (name, *numbered) if each not in taken)
