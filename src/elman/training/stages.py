"""Training in stages within one budget: first the pretraining, then the labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.training.checkpoint import identity_of
from elman.training.events import Event, Finished, Progress
from elman.training.objective import Objective
from elman.training.plan import Plan
from elman.training.previews import Preview
from elman.training.trainer import train


@dataclass(frozen=True)
class Stage:
    """One stage of a training.

    Args:
        name: displayed with the progress and written to checkpoints.
        objective: its network may share modules with other stages.
        plan: with the part of the budget that this stage has.
        fraction: of the whole budget, 0 to 1. Where those of all stages sum to less than 1, the
            first part of the budget is spent already.
        preview: of this stage, if any.
    """

    name: str
    objective: Objective
    plan: Plan
    fraction: float
    preview: Preview | None = None


def train_in_stages(
    stages: Sequence[Stage],
    *,
    checkpoint: Path | None = None,
    identity: dict[str, Any] | None = None,
    checkpoint_seconds: float = 20.0,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train the stages in order, with one progress and one `Finished` at the end.

    The other arguments, the events and the errors are those of `train`. A checkpoint resumes in its
    stage. An interrupt before the last stage yields `Finished` with 0 steps.
    """
    current = identity_of(checkpoint).get("phase") if checkpoint is not None else None
    names = [stage.name for stage in stages]
    first = names.index(current) if current in names else 0
    spent = 1 - sum(stage.fraction for stage in stages[first:])
    seconds, tokens = 0.0, 0
    for number, stage in enumerate(stages[first:], start=first):
        is_last = number == len(stages) - 1
        for event in train(
            stage.objective,
            stage.plan,
            preview=stage.preview,
            checkpoint=checkpoint,
            identity={**(identity or {}), "phase": stage.name},
            checkpoint_seconds=checkpoint_seconds,
            checkpoint_at_once=number > 0,
            stop=stop,
        ):
            match event:
                case Progress():
                    yield dataclasses.replace(
                        event,
                        tokens=tokens + event.tokens,
                        seconds=seconds + event.seconds,
                        done=spent + stage.fraction * event.done,
                        phase=stage.name,
                    )
                case Finished():
                    seconds, tokens = seconds + event.seconds, tokens + event.tokens
                    total = dataclasses.replace(event, seconds=seconds, tokens=tokens)
                    if is_last:
                        yield total
                    elif event.interrupted:
                        yield dataclasses.replace(total, step=0, best_step=0)
                        return
                case _:
                    yield event
        spent += stage.fraction
