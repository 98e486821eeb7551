"""The training loop: steps, validations, checkpoints, rollback after divergence."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from elman.errors import TrainingError
from elman.training.checkpoint import clear_checkpoint, read_checkpoint, write_checkpoint
from elman.training.eval_mode import eval_mode
from elman.training.events import Event, Finished, Progress, RolledBack, Validated
from elman.training.objective import Objective
from elman.training.plan import Plan
from elman.training.previews import BaselineLoss, Preview, Sample
from elman.training.state import TrainState

VALIDATIONS = 20  # at most ...
VALIDATION_FRACTION = 0.02  # ... within this fraction of the time ...
STEPS_BETWEEN_VALIDATIONS = 100  # ... or with a budget of steps, which ignores time, so far apart
SNAPSHOT_INTERVAL = 50  # steps between snapshots, for rollback and resume
MAX_ROLLBACKS = 8  # in a row, before giving up


def train(
    objective: Objective,
    plan: Plan,
    *,
    preview: Preview | None = None,
    checkpoint: Path | None = None,
    identity: dict[str, Any] | None = None,
    checkpoint_seconds: float = 20.0,
    checkpoint_at_once: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train, and yield events; at the end the network has its best weights.

    Args:
        objective: the network with its training and validation loss.
        plan: the budget and the settings of the optimiser.
        preview: computes `Validated.samples` and `Validated.baseline`.
        checkpoint: the file to save the run to and, if it exists, to resume from. It is removed
            after the consumer of the events has received `Finished`.
        identity: the settings and text of the run; a checkpoint of another identity is refused.
        checkpoint_seconds: the time between two checkpoints, in seconds; each is at a multiple of
            50 steps.
        checkpoint_at_once: write one before the first step, for weights that took long to compute.
        stop: called before every step; True interrupts.

    Raises:
        TrainingError: the loss is not a number even with small steps.
        ResumeError: the checkpoint is that of another run.
        OutputError: the checkpoint cannot be written; the previous one stays.

    An interrupt (Ctrl-C) ends the run early: it validates once more, writes the checkpoint, and
    sets `Finished.interrupted`.
    """
    run = TrainState(objective, plan)
    if checkpoint is not None and checkpoint.exists():
        read_checkpoint(checkpoint, run, identity or {})
    loop = _Loop(run, preview, checkpoint, identity or {}, checkpoint_seconds, stop)
    if checkpoint_at_once:
        loop.take_snapshot()
        loop.save()
    interrupted = False
    objective.network.train()
    try:
        yield from loop.steps()
    except KeyboardInterrupt:
        interrupted = True
        loop.save()
    finally:
        if not loop.validated and run.step > 0:
            loop.validate()
        run.load_best()
        objective.network.eval()
    yield Finished(run.step, run.best_step, run.best_loss, run.seconds, run.tokens, interrupted)
    # Not before: the consumer saves the model at `Finished`, and the disk may be full.
    if checkpoint is not None and not interrupted:
        clear_checkpoint(checkpoint)


def _no_baseline() -> BaselineLoss | None:
    return None


class _Loop:
    """The state of the loop that a checkpoint does not hold."""

    def __init__(
        self,
        run: TrainState,
        preview: Preview | None,
        checkpoint: Path | None,
        identity: dict[str, Any],
        checkpoint_seconds: float,
        stop: Callable[[], bool],
    ) -> None:
        self.run = run
        self.preview = preview
        # The same at every validation, so it is computed once.
        self.baseline = _no_baseline if preview is None else functools.cache(preview.baseline)
        self.checkpoint = checkpoint
        self.identity = identity
        self.checkpoint_seconds = checkpoint_seconds
        self.stop = stop
        self.written = time.monotonic()
        self.validated = False  # whether the current weights are validated
        self.validation_seconds = 0.0
        self.snapshot: dict[str, Tensor] = {}
        self.snapshot_numbers: dict[str, Any] = {}

    def steps(self) -> Iterator[Event]:
        run = self.run
        before, rollbacks = run.seconds, 0
        begun = time.monotonic()
        while not self._spent():
            if self.stop():
                raise KeyboardInterrupt
            if run.step % SNAPSHOT_INTERVAL == 0:
                self.take_snapshot()
            loss, tokens = run.take_step()
            self.validated = False
            run.seconds = before + time.monotonic() - begun
            if math.isfinite(loss):
                run.tokens += tokens
                rate = run.learning_rate
                yield Progress(run.step, loss, run.tokens, run.seconds, run.done, rate)
                rollbacks = rollbacks if run.step % SNAPSHOT_INTERVAL else 0
            else:
                rollbacks += 1
                yield self._roll_back(rollbacks)
                continue
            if self._validation_is_due():
                yield self.validate()
                run.seconds = before + time.monotonic() - begun
        if not self.validated:
            yield self.validate()
            run.seconds = before + time.monotonic() - begun

    def _spent(self) -> bool:
        """Whether the rest of the budget is only enough for the last validation."""
        run = self.run
        if run.plan.steps is not None:
            return run.step >= run.plan.steps
        return run.plan.done(run.step, run.seconds + 1.1 * self.validation_seconds) >= 1.0

    def _validation_is_due(self) -> bool:
        run = self.run
        if run.done < run.next_validation:
            return False
        gap = 1 / VALIDATIONS
        if run.plan.steps is not None:
            gap = max(gap, STEPS_BETWEEN_VALIDATIONS / run.plan.steps)
        else:
            budget = 60 * (run.plan.minutes or 0)
            gap = max(gap, self.validation_seconds / budget / VALIDATION_FRACTION)
        run.next_validation = run.done + gap
        return True

    def validate(self) -> Validated:
        """Validate, and keep the weights if they are the best so far."""
        begun = time.monotonic()
        with self.run.averaged_weights():
            loss = self.run.objective.validate()
            best = self.run.keep_if_best(loss)
        self.validation_seconds = time.monotonic() - begun
        self.validated = True
        return Validated(self.run.step, loss, best, self.samples, self.baseline)

    def samples(self) -> Sequence[Sample]:
        if self.preview is None:
            return ()
        with self.run.averaged_weights(), eval_mode(self.run.objective.network):
            return self.preview.samples()

    def take_snapshot(self) -> None:
        self.snapshot = {name: tensor.clone() for name, tensor in self.run.tensors().items()}
        self.snapshot_numbers = self.run.numbers()
        if (
            self.checkpoint is not None
            and time.monotonic() - self.written >= self.checkpoint_seconds
        ):
            self.save()

    def save(self) -> None:
        """Write the last snapshot, of a multiple of 50 steps, as the checkpoint."""
        if self.checkpoint is not None and self.snapshot:
            numbers = {**self.snapshot_numbers, "seconds": self.run.seconds}
            write_checkpoint(self.checkpoint, numbers, self.snapshot, self.identity)
            self.written = time.monotonic()

    def _roll_back(self, count: int) -> RolledBack:
        run = self.run
        if count > MAX_ROLLBACKS:
            raise TrainingError(
                f"the loss is not a number from step {run.step} on, however small the steps",
                location="training",
                hint="Try a smaller --learning-rate.",
            )
        scale, seconds = run.scale / 2, run.seconds
        best = run.best, run.best_loss, run.best_step
        run.restore(self.snapshot_numbers, self.snapshot)
        run.scale, run.seconds = scale, seconds
        run.best, run.best_loss, run.best_step = best  # not part of the rollback
        return RolledBack(run.step, scale)
