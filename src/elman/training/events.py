"""What training tells of itself, as plain data; a progress bar is one of its readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from elman.training.previews import BaselineLoss, Sample


@dataclass(frozen=True)
class Progress:
    """After every step."""

    step: int
    loss: float  # nats per token, of this step's batch
    tokens: int  # read so far
    seconds: float  # of training so far, validations included
    done: float  # share of the budget, 0 to 1
    learning_rate: float  # of this step
    phase: str = ""  # what is learned now, where there are several things to learn


@dataclass(frozen=True)
class Validated:
    """After a look at the validation text.

    Attributes:
        samples: what the network answers as it is when this is called, which a reader may do
            before it asks for the next event; nothing where the objective has nothing to show.
        baseline: what stands beside the loss, if anything; the same at every look.
        in_sample: whether the loss is of what is also learned from, and so says nothing of how
            good the network is on what it never saw.
    """

    step: int
    loss: float  # nats per token
    best: bool  # whether these are the best weights so far
    samples: Callable[[], Sequence[Sample]] = field(repr=False, compare=False)
    baseline: Callable[[], BaselineLoss | None] = field(repr=False, compare=False)
    in_sample: bool = False


@dataclass(frozen=True)
class RolledBack:
    """After a loss or a gradient that was not a number: weights of `step` again, smaller steps."""

    step: int
    learning_rate_scale: float


@dataclass(frozen=True)
class Finished:
    """At the end: the best weights are in place."""

    step: int
    best_step: int
    best_loss: float  # nats per token of the validation text
    seconds: float
    tokens: int
    interrupted: bool


Event = Progress | Validated | RolledBack | Finished
