"""The loop: a step, now and then a look at the validation text, the best weights kept."""

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

VALIDATIONS = 20  # looks at the validation text, at most ...
VALIDATION_SHARE = 0.02  # ... the share of the time that they may take ...
STEPS_BETWEEN_LOOKS = 100  # ... and with a budget of steps, where time must not count
SNAPSHOT = 50  # steps between the points one can step back to, and go on from
STEPS_BACK = 8  # in a row, before giving up


def train(
    objective: Objective,
    plan: Plan,
    *,
    show: Preview | None = None,
    checkpoint: Path | None = None,
    identity: dict[str, Any] | None = None,
    checkpoint_seconds: float = 20.0,
    checkpoint_at_once: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train, and tell what happens; at the end the network holds its best weights.

    Args:
        show: what `Validated` hands on of the network's answers.
        checkpoint: where the run is saved every so often and, if it stands there already, goes
            on from; removed after the end of the budget has been told.
        identity: what a saved run must say of itself to be this run's.
        checkpoint_seconds: the time between two writes; they fall on multiples of 50 steps.
        checkpoint_at_once: whether one is written before the first step: for weights that took
            a while to come by.
        stop: asked before every step; True is an interrupt.

    Raises:
        TrainingError: where the loss is not a number however small the steps.
        ResumeError: where the saved run is another one's.
        OutputError: where the checkpoint cannot be written; the last one stays.

    An interrupt (Ctrl-C) ends the run early and in order: the weights are looked at once more,
    the checkpoint is written, and `Finished.interrupted` says so.
    """
    run = TrainState(objective, plan)
    if checkpoint is not None and checkpoint.exists():
        read_checkpoint(checkpoint, run, identity or {})
    loop = _Loop(run, show, checkpoint, identity or {}, checkpoint_seconds, stop)
    if checkpoint_at_once:
        loop.remember()
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
            loop.look()
        run.adopt_best()
        objective.network.eval()
    yield Finished(run.step, run.best_step, run.best_loss, run.seconds, run.tokens, interrupted)
    # Not before: who hears of the end saves the model then, and may find the disk full.
    if checkpoint is not None and not interrupted:
        clear_checkpoint(checkpoint)


def _no_baseline() -> BaselineLoss | None:
    return None


class _Loop:
    """The loop's own book-keeping, apart from what a checkpoint must hold."""

    def __init__(
        self,
        run: TrainState,
        show: Preview | None,
        checkpoint: Path | None,
        identity: dict[str, Any],
        every: float,
        stop: Callable[[], bool],
    ) -> None:
        self.run = run
        self.show = show
        # The same at every look, so it is found once.
        self.baseline = _no_baseline if show is None else functools.cache(show.baseline)
        self.checkpoint = checkpoint
        self.identity = identity
        self.every = every
        self.stop = stop
        self.written = time.monotonic()
        self.validated = False  # whether the present weights have been looked at
        self.look_seconds = 0.0
        self.snapshot: dict[str, Tensor] = {}
        self.snapshot_numbers: dict[str, Any] = {}

    def steps(self) -> Iterator[Event]:
        run = self.run
        before, steps_back = run.seconds, 0
        begun = time.monotonic()
        while not self._spent():
            if self.stop():
                raise KeyboardInterrupt
            if run.step % SNAPSHOT == 0:
                self.remember()
            loss, tokens = run.take_step()
            self.validated = False
            run.seconds = before + time.monotonic() - begun
            if math.isfinite(loss):
                run.tokens += tokens
                rate = run.learning_rate
                yield Progress(run.step, loss, run.tokens, run.seconds, run.done, rate)
                steps_back = steps_back if run.step % SNAPSHOT else 0
            else:
                steps_back += 1
                yield self._step_back(steps_back)
                continue
            if self._look_is_due():
                yield self.look()
                run.seconds = before + time.monotonic() - begun
        if not self.validated:
            yield self.look()
            run.seconds = before + time.monotonic() - begun

    def _spent(self) -> bool:
        """Whether what is left of the budget is no more than the last look takes."""
        run = self.run
        if run.plan.steps is not None:
            return run.step >= run.plan.steps
        return run.plan.done(run.step, run.seconds + 1.1 * self.look_seconds) >= 1.0

    def _look_is_due(self) -> bool:
        run = self.run
        if run.done < run.next_look:
            return False
        gap = 1 / VALIDATIONS
        if run.plan.steps is not None:
            gap = max(gap, STEPS_BETWEEN_LOOKS / run.plan.steps)
        else:
            budget = 60 * (run.plan.minutes or 0)
            gap = max(gap, self.look_seconds / budget / VALIDATION_SHARE)
        run.next_look = run.done + gap
        return True

    def look(self) -> Validated:
        """At the validation text; the weights are kept where they are the best so far."""
        begun = time.monotonic()
        with self.run.answering():
            loss = self.run.objective.validate()
            best = self.run.keep_if_best(loss)
        self.look_seconds = time.monotonic() - begun
        self.validated = True
        return Validated(self.run.step, loss, best, self.samples, self.baseline)

    def samples(self) -> Sequence[Sample]:
        if self.show is None:
            return ()
        with self.run.answering(), eval_mode(self.run.objective.network):
            return self.show.samples()

    def remember(self) -> None:
        self.snapshot = {name: tensor.clone() for name, tensor in self.run.tensors().items()}
        self.snapshot_numbers = self.run.numbers()
        if self.checkpoint is not None and time.monotonic() - self.written >= self.every:
            self.save()

    def save(self) -> None:
        """Write the last snapshot: the run's state at a multiple of 50 steps."""
        if self.checkpoint is not None and self.snapshot:
            numbers = {**self.snapshot_numbers, "seconds": self.run.seconds}
            write_checkpoint(self.checkpoint, numbers, self.snapshot, self.identity)
            self.written = time.monotonic()

    def _step_back(self, times: int) -> RolledBack:
        run = self.run
        if times > STEPS_BACK:
            raise TrainingError(
                f"the loss is not a number from step {run.step} on, however small the steps",
                location="training",
                hint="Try a smaller --learning-rate.",
            )
        scale, seconds = run.scale / 2, run.seconds
        best = run.best, run.best_loss, run.best_step
        run.restore(self.snapshot_numbers, self.snapshot)
        run.scale, run.seconds = scale, seconds
        run.best, run.best_loss, run.best_step = best  # found since, and none the worse
        return RolledBack(run.step, scale)
