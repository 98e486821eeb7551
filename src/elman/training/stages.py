"""Several objectives one after the other within one budget: first the language, then the labels."""

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
    """A part of a training.

    Args:
        name: as a reader of the progress should see it, and as a checkpoint remembers it.
        objective: what is learned; its network may share parts with the other phases'.
        plan: with the part of the budget that is this phase's.
        share: of the whole budget, 0 to 1; where those of all phases make less than 1, the
            budget's beginning is spent already.
        show: what is shown of it, if anything.
    """

    name: str
    objective: Objective
    plan: Plan
    share: float
    show: Preview | None = None


def train_in_stages(
    phases: Sequence[Stage],
    *,
    checkpoint: Path | None = None,
    identity: dict[str, Any] | None = None,
    checkpoint_seconds: float = 20.0,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train phase after phase; one progress, and one `Finished` at the end of them all.

    The arguments are those of `train`. A checkpoint goes on within the phase it was written in.
    An interrupt in a phase before the last is told as `Finished` with no step of the last one.
    """
    reached = identity_of(checkpoint).get("phase") if checkpoint is not None else None
    names = [phase.name for phase in phases]
    first = names.index(reached) if reached in names else 0
    begun = 1 - sum(phase.share for phase in phases[first:])
    seconds, tokens = 0.0, 0
    for number, phase in enumerate(phases[first:], start=first):
        is_last = number == len(phases) - 1
        for event in train(
            phase.objective,
            phase.plan,
            show=phase.show,
            checkpoint=checkpoint,
            identity={**(identity or {}), "phase": phase.name},
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
                        done=begun + phase.share * event.done,
                        phase=phase.name,
                    )
                case Finished():
                    seconds, tokens = seconds + event.seconds, tokens + event.tokens
                    whole = dataclasses.replace(event, seconds=seconds, tokens=tokens)
                    if is_last:
                        yield whole
                    elif event.interrupted:
                        yield dataclasses.replace(whole, step=0, best_step=0)
                        return
                case _:
                    yield event
        begun += phase.share
