"""What a network saw, remembered and said, as plain data; docs/trace.md describes the format.

Shapes: T tokens, H hidden width, S tokens of what is looked at.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT, VERSION = "elman-trace", 1
DIGITS = 4
FORGOTTEN = 0.1
"""A token that moves the state by less than this share of its first move is forgotten."""

Values = npt.NDArray[np.floating[Any]]
Heatmaps = dict[str, Values]
"""By name (T, H): a row after each token."""


@dataclass(frozen=True, eq=False)
class ModelSummary:
    """A short description of the network; `members` answer together, states are the first's.
    `meanings` says of each gate and output of the cell, by its name, what it is."""

    cell: str
    layers: int
    width: int
    hidden: int
    components: tuple[str, ...]
    directions: tuple[str, ...]
    tokenizers: tuple[str, ...]
    labels: tuple[str, ...] | None
    parameters: int
    meanings: dict[str, str]
    members: int = 1


@dataclass(frozen=True, eq=False)
class MemorySpan:
    """How much a token still moves the state (K,), by distance from 0, and after how many tokens
    that is below FORGOTTEN; None where it never is."""

    sensitivity: Values
    steps: int | None

    @classmethod
    def of(cls, sensitivity: Values) -> MemorySpan:
        below = np.flatnonzero(sensitivity < FORGOTTEN)
        return cls(sensitivity, int(below[0]) if len(below) else None)


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """One cell over time, in the order of the text whichever way it reads."""

    layer: int
    direction: str
    states: Heatmaps
    gates: Heatmaps
    output: Heatmaps
    memory: MemorySpan


@dataclass(frozen=True, eq=False)
class SequenceTrace:
    """One row of tokens, and what each layer made of them."""

    name: str
    tokens: tuple[str, ...]
    layers: tuple[LayerTrace, ...]


@dataclass(frozen=True)
class TopPrediction:
    text: str
    probability: float


@dataclass(frozen=True)
class Quantile:
    level: float
    value: float


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much the first tokens of a reading matter to an output: gradient times input, and what
    leaving each out costs (NaN where that leaves nothing to answer from)."""

    reading: int
    gradient: Values
    left_out: Values


@dataclass(frozen=True, eq=False)
class StepOutput:
    """What was said after a token."""

    reading: int
    after: int
    answers: tuple[TopPrediction, ...]
    taken: TopPrediction | None
    rests: tuple[Attribution, ...]
    quantiles: tuple[Quantile, ...] = ()


@dataclass(frozen=True, eq=False)
class AttentionWeights:
    """(T, S) how much each token of the reading `on` counted for each of `reading`."""

    reading: int
    on: int
    weights: Values


@dataclass(frozen=True, eq=False)
class Trace:
    """All of it; `explain` of every model gives one."""

    task: str
    network: ModelSummary
    readings: tuple[SequenceTrace, ...]
    outputs: tuple[StepOutput, ...]
    attention: AttentionWeights | None = None

    def as_dict(self, digits: int = DIGITS) -> dict[str, Any]:
        """As JSON has it.

        Args:
            digits: of numbers; those of a strip have as many as its largest number has.
        """
        return {"format": FORMAT, "version": VERSION, **_plain(self, digits)}

    def to_json(self, digits: int = DIGITS) -> str:
        """One line of JSON."""
        return json.dumps(
            self.as_dict(digits), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )


def _plain(value: Any, digits: int) -> Any:
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value))
        return {name: _plain(getattr(value, name), digits) for name in names}
    if isinstance(value, dict):
        return {name: _plain(each, digits) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each, digits) for each in value]
    if isinstance(value, np.ndarray):
        return _listed(rounded(value, digits).tolist())
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def rounded(numbers: Values, digits: int) -> Values:
    """With so many digits of the largest; what is infinite is as large as numbers get."""
    found = np.asarray(numbers, dtype=np.float64)
    most = float(np.finfo(np.float32).max)
    found = np.nan_to_num(found, nan=np.nan, posinf=most, neginf=-most)
    largest = float(np.nanmax(np.abs(found), initial=0.0))
    if largest < np.finfo(np.float32).tiny:
        return 0 * found
    return np.round(found, digits - 1 - math.floor(math.log10(largest)))


def _listed(value: Any) -> Any:
    """Nested lists with null for NaN, and no point in whole numbers."""
    if isinstance(value, list):
        return [_listed(each) for each in value]
    if value != value:
        return None
    return int(value) if value == int(value) else value
