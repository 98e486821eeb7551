"""What a model shows of a training: what the network answers by now, and what is got without one.

Models know how their networks answer, the loop knows when it is worth asking. Plain data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class BaselineLoss:
    """Somebody else's loss on the very same validation text.

    Attributes:
        name: who; measure: what this and the network's loss are counted in.
    """

    name: str
    measure: str
    loss: float


@dataclass(frozen=True)
class PredictionPreview:
    """A text that was given, and the text or the label that the network answers.

    Attributes:
        wanted: what it should have been; None where nothing is right or wrong.
        probability: of the answer, where the network says one.
    """

    given: str
    answer: str
    wanted: str | None = None
    probability: float | None = None


@dataclass(frozen=True)
class TagsPreview:
    """A sentence, the tags that the network gives its words, and those that are right."""

    words: Sequence[str]
    tags: Sequence[str]
    wanted: Sequence[str]


@dataclass(frozen=True)
class ForecastPreview:
    """The end of a series, what is forecast after it, and what came."""

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
    """What a model can show of its objective."""

    def baseline(self) -> BaselineLoss | None:
        """Beside the objective's validation losses; it may take a second."""

    def samples(self) -> Sequence[Sample]:
        """What the network answers now, always to the same few questions; soon done."""
