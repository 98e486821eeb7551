"""What training tells of itself, as plain data; a progress bar is one of its readers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """After every step."""

    step: int
    loss: float  # nats per symbol, of this step's batch
    symbols: int  # read so far
    seconds: float  # of training so far, validations included
    done: float  # share of the budget, 0 to 1
    phase: str = ""  # what is learned now, where there are several things to learn


@dataclass(frozen=True)
class Validated:
    """After a look at the validation text."""

    step: int
    loss: float  # nats per symbol
    best: bool  # whether these are the best weights so far


@dataclass(frozen=True)
class SteppedBack:
    """After a loss or a gradient that was no number: weights of `step` again, smaller steps."""

    step: int
    learning_rate_scale: float


@dataclass(frozen=True)
class Finished:
    """At the end: the best weights are in place."""

    step: int
    best_step: int
    best_loss: float  # nats per symbol of the validation text
    seconds: float
    symbols: int
    interrupted: bool


Event = Progress | Validated | SteppedBack | Finished
