"""The events that training yields, as plain data; a progress bar displays them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from elman.training.previews import BaselineLoss, Sample


@dataclass(frozen=True)
class Progress:
    """After every step."""

    step: int
    loss: float  # nats per token, of this step's batch
    tokens: int  # so far
    seconds: float  # of training so far, with validations
    done: float  # fraction of the budget, 0 to 1
    learning_rate: float  # of this step
    phase: str = ""  # the name of the stage, in training with several stages


@dataclass(frozen=True)
class Validated:
    """After a validation.

    Attributes:
        samples: computes a preview with the current weights: call it before the next event. Empty
            without a preview.
        baseline: the loss of the baseline, the same at every validation; None without one.
        in_sample: whether the loss is that of training examples, and so does not estimate the
            error on new ones.
    """

    step: int
    loss: float  # nats per token
    best: bool  # whether these are the best weights so far
    samples: Callable[[], Sequence[Sample]] = field(repr=False, compare=False)
    baseline: Callable[[], BaselineLoss | None] = field(repr=False, compare=False)
    in_sample: bool = False


@dataclass(frozen=True)
class RolledBack:
    """After a loss or gradient that is not a number: the weights of `step`, smaller steps."""

    step: int
    learning_rate_scale: float


@dataclass(frozen=True)
class Finished:
    """At the end; the network has its best weights."""

    step: int
    best_step: int
    best_loss: float  # nats per token of the validation text
    seconds: float
    tokens: int
    interrupted: bool


Event = Progress | Validated | RolledBack | Finished
