"""Previews during training: predictions on a few held-out examples, and a baseline. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class BaselineLoss:
    """The loss of a baseline on the same validation text.

    Attributes:
        name: of the baseline.
        measure: the unit of this and of the network's loss.
        loss: in that unit.
    """

    name: str
    measure: str
    loss: float


@dataclass(frozen=True)
class PredictionPreview:
    """An input and the predicted text or label.

    Attributes:
        given: the input.
        answer: the prediction.
        wanted: the target; None without one.
        probability: of the prediction; None without one.
    """

    given: str
    answer: str
    wanted: str | None = None
    probability: float | None = None


@dataclass(frozen=True)
class TagsPreview:
    """A sentence with its predicted and its gold tags."""

    words: Sequence[str]
    tags: Sequence[str]
    wanted: Sequence[str]


@dataclass(frozen=True)
class ForecastPreview:
    """The end of a series, its forecast, and the actual values."""

    name: str
    before: Sequence[float]
    median: Sequence[float]
    low_80: Sequence[float]
    high_80: Sequence[float]
    low_95: Sequence[float]
    high_95: Sequence[float]
    came: Sequence[float]


Sample = PredictionPreview | TagsPreview | ForecastPreview


class Preview(Protocol):
    """Computes previews for the trainer."""

    def baseline(self) -> BaselineLoss | None:
        """The baseline of the validation loss; it may take a second."""

    def samples(self) -> Sequence[Sample]:
        """Predictions with the current weights, always on the same few examples."""
