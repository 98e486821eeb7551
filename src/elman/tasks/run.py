"""The prepared data of a training, and one run of it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.text.progress import ProgressCallback
from elman.training.plan import Plan


@dataclass(frozen=True)
class TrainingData:
    """The prepared data of a training.

    Args:
        train: the training set.
        valid: the validation set, which chooses the best weights.
        hashes: hashes of their content by name, for the record and the checkpoint.
        options: other arguments of `fit`, by name.
    """

    train: Any
    valid: Any
    hashes: dict[str, Any]
    options: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One run of a training.

    Args:
        identity: settings and hashes; a checkpoint with others belongs to another run.
        checkpoint: the file for the state of an unfinished training; None writes none.
        checkpoint_seconds: seconds between two checkpoints.
        stop: called before each step; True ends the training early.
        progress: called while data is read; None: nobody listens.
        deadline: of the budget in minutes, by `time.monotonic`; None (default): there is none.
    """

    identity: dict[str, Any]
    checkpoint: Path | None
    checkpoint_seconds: float
    stop: Callable[[], bool]
    progress: ProgressCallback | None
    deadline: float | None = None

    def left_of(self, minutes: float) -> float:
        """The fraction of some minutes that is left until the deadline: at least half."""
        if self.deadline is None:
            return 1.0
        return min(1.0, max(0.5, (self.deadline - time.monotonic()) / (60 * minutes)))

    def rest_of(self, plan: Plan) -> Plan:
        """A plan that ends at the deadline."""
        if plan.minutes is None:
            return plan
        return dataclasses.replace(plan, minutes=plan.minutes * self.left_of(plan.minutes))

    def with_identity(self, **more: Any) -> Run:
        """The same run, with more in its identity."""
        return dataclasses.replace(self, identity={**self.identity, **more})

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `train`."""
        names = ("identity", "checkpoint", "checkpoint_seconds", "stop")
        return {name: getattr(self, name) for name in names}
