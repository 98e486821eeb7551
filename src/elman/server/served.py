"""The models that are served: each by a name, with the hash of the very bytes that were loaded."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

from elman.bundle import unreadable
from elman.errors import ElmanError, SettingError
from elman.server.desk import Desk
from elman.server.limits import Limits
from elman.server.refusals import RefusedError, nothing_there
from elman.server.schemas import About
from elman.server.stores.store import Format
from elman.server.streams import Streams
from elman.server.works import OPERATIONS, Works
from elman.server.writing import Writers
from elman.tasks.classification.model import Classifier
from elman.tasks.estimator import Model
from elman.tasks.language_modeling.model import LanguageModel
from elman.tasks.loading import load

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_LONGEST = 60  # characters of a name
_COPIED = 1 << 20  # bytes at once


class Loaded:
    """A model, and what it is called.

    Args:
        sha256: of its file.
    """

    def __init__(self, name: str, model: Model, sha256: bytes) -> None:
        self.name, self.model, self.sha256 = name, model, sha256


class Served:
    """A model that can be asked."""

    def __init__(self, loaded: Loaded, limits: Limits) -> None:
        self.name, self.model, self.sha256 = loaded.name, loaded.model, loaded.sha256
        self.works = Works(self.model)
        self.operations = list(OPERATIONS[self.model.task])
        self.writers: Writers | None = None
        self._streams: Streams | None = None
        if isinstance(self.model, LanguageModel):
            self.writers = Writers(self.model, limits)
        if _reads_on(self.model):
            self._streams = Streams(self.model)
            self.operations.append("sessions")
        self.desk = Desk(limits, None if self.writers is None else self.writers.round)

    @property
    def short(self) -> str:
        """What the names of its sessions begin with."""
        return self.sha256.hex()[:16]

    @property
    def keeps_state(self) -> bool:
        """Whether there can be sessions."""
        return self._streams is not None

    def streams(self) -> Streams:
        """Those of its sessions.

        Raises:
            RefusedError: where the model keeps no state.
        """
        if self._streams is None:
            raise self._cannot("sessions")
        return self._streams

    def format(self) -> Format:
        return Format(self.sha256, self.streams().size)

    def check(self, operation: str) -> None:
        """That it can do this.

        Raises:
            RefusedError: for what such a model does not do.
        """
        if operation not in self.operations:
            raise self._cannot(operation)

    def _cannot(self, operation: str) -> RefusedError:
        can = ", ".join(self.operations)
        return nothing_there(f"{self.name}/{operation}", f"This model can: {can}.")

    def about(self) -> About:
        described = self.model.describe()
        labels: Sequence[Any] = described.pop("labels", described.pop("tags", []))
        return {
            "name": self.name,
            "task": self.model.task,
            "hash": self.sha256.hex(),
            "operations": self.operations,
            "labels": list(labels),
            "about": described,
        }


def _reads_on(model: Model) -> TypeGuard[LanguageModel | Classifier]:
    """Whether it can go on from a state."""
    if isinstance(model, Classifier):
        return model.network_.config.directions == 1
    return isinstance(model, LanguageModel)


def load_models(paths: Sequence[Path]) -> list[Loaded]:
    """The models in these files, each named after its file.

    Raises:
        ElmanError: as `load`; SettingError: where there is none.
    """
    if not paths:
        raise SettingError("there is no model", location="models", hint="Name a model file.")
    found: list[Loaded] = []
    for path in paths:
        model, sha256 = _loaded(path)
        found.append(Loaded(_name(path, {each.name for each in found}), model, sha256))
    return found


def _loaded(path: Path) -> tuple[Model, bytes]:
    """A model from a copy of its file, of which nobody else knows: what is done to the file while
    it is read, or later, is not done to the model or its hash."""
    with tempfile.TemporaryDirectory() as folder:
        copy, content = Path(folder) / "model", hashlib.sha256()
        try:
            with path.open("rb") as file, copy.open("wb") as written:
                while part := file.read(_COPIED):
                    content.update(part)
                    written.write(part)
        except OSError as error:
            raise unreadable(path, error) from error
        try:
            return load(copy), content.digest()
        except ElmanError as error:
            raise type(error)(error.cause, location=path, hint=error.hint) from error


def _name(path: Path, taken: set[str]) -> str:
    """Of letters and digits that stand in an address as they are, and no other model's."""
    name = _UNSAFE.sub("-", path.stem)[:_LONGEST].strip(".-") or "model"
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 2))
    return next(each for each in (name, *numbered) if each not in taken)
