"""A trace: the activations, outputs and attributions of a forward pass as plain data.

docs/trace.md describes the format.

Shapes: T tokens, S tokens attended to, H hidden size, D distances.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT, VERSION = "elman-trace", 2
DIGITS = 4
FORGOTTEN = 0.1
"""Sensitivity, relative to distance 0, below which a token counts as forgotten."""

Values = npt.NDArray[np.floating[Any]]
Activations = dict[str, Values]
"""Arrays (T, H) by name: one row for each token."""


@dataclass(frozen=True, eq=False)
class ModelSummary:
    """A short description of a network.

    Attributes:
        cell: name of the cell, a key of `CELLS`.
        layers: blocks of a stack.
        input_size: size of the vectors that each block reads.
        hidden_size: size of the state of a cell, H.
        components: names of the optional layers of a block.
        directions: `forward`, `backward` or both.
        tokenizers: kind of token of each sequence.
        labels: classes or tags; None where predictions are tokens or numbers.
        parameters: count of weights.
        meanings: of each gate and output of the cell, by name.
        ensemble_size: networks whose predictions are averaged; activations are of the first.
    """

    cell: str
    layers: int
    input_size: int
    hidden_size: int
    components: tuple[str, ...]
    directions: tuple[str, ...]
    tokenizers: tuple[str, ...]
    labels: tuple[str, ...] | None
    parameters: int
    meanings: dict[str, str]
    ensemble_size: int = 1


@dataclass(frozen=True, eq=False)
class MemorySpan:
    """How fast a state forgets a token.

    Attributes:
        sensitivity: (D,) effect of a token on the state by distance in tokens, relative to
            distance 0.
        steps: first distance whose sensitivity is below FORGOTTEN; None if there is none.
    """

    sensitivity: Values
    steps: int | None

    @classmethod
    def of(cls, sensitivity: Values) -> MemorySpan:
        below = np.flatnonzero(sensitivity < FORGOTTEN)
        return cls(sensitivity, int(below[0]) if len(below) else None)


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """The activations of one cell, in the order of the text for either direction.

    Attributes:
        layer: number in its stack, from 1 at the bottom.
        direction: `forward` or `backward`.
        states: parts of the state by name; the next layer reads the first.
        gates: gates of the cell by name, after their activation function.
        output: outputs of a cell that are not its state, by name.
        memory: how fast the state forgets a token.
    """

    layer: int
    direction: str
    states: Activations
    gates: Activations
    output: Activations
    memory: MemorySpan


@dataclass(frozen=True, eq=False)
class SequenceTrace:
    """A sequence of tokens, as a person reads them, and the layers that read it."""

    name: str
    tokens: tuple[str, ...]
    layers: tuple[LayerTrace, ...]


@dataclass(frozen=True)
class TopPrediction:
    """A predicted class, tag or token, and its probability, 0 to 1."""

    text: str
    probability: float


@dataclass(frozen=True)
class Quantile:
    """A quantile of a forecast; `level` is between 0 and 1."""

    level: float
    value: float


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each of the first T tokens of a sequence adds to an output, in nats (of a forecast
    in its own unit).

    Attributes:
        sequence: index of the sequence.
        gradient_x_input: (T,) gradient times input.
        occlusion: (T,) drop of the output without the token; NaN where nothing remains to predict
            from.
    """

    sequence: int
    gradient_x_input: Values
    occlusion: Values


@dataclass(frozen=True)
class PartOutput:
    """What one part of a mixture says alone.

    Attributes:
        name: `network` or `counts`.
        share: its weight, 0 to 1; the shares of all parts sum to 1.
        predictions: its probability of each prediction of the output.
        target: its probability of the target; None without a target.
    """

    name: str
    share: float
    predictions: tuple[float, ...]
    target: float | None


@dataclass(frozen=True)
class CountedFeature:
    """A feature of a linear model beside the network, and what it adds to the score of a target."""

    text: str
    added: float


@dataclass(frozen=True)
class CountsPart:
    """What a linear model beside the network adds to the score of a target, less the mean of what
    it adds to all: a score that all get changes nothing. Of a forecast, how far it moves the
    median.

    Attributes:
        added: by all features.
        features: those that add or take most, the largest first.
    """

    added: float
    features: tuple[CountedFeature, ...]


@dataclass(frozen=True, eq=False)
class StepOutput:
    """The output after a token.

    Attributes:
        sequence: index of the sequence of that token.
        after: index of the token.
        predictions: the most probable, best first.
        target: what the attributions explain: the predicted class or tag, or the token that came
            next; None after the last token of a text, where they explain the best prediction.
        attributions: one for each sequence that the output depends on.
        quantiles: of a forecast, by rising level, in place of predictions.
        parts: of a mixture; the attributions are those of the first. Empty of any other model.
        counts: of a linear model beside the network; None, and no field of the trace, without one.
    """

    sequence: int
    after: int
    predictions: tuple[TopPrediction, ...]
    target: TopPrediction | None
    attributions: tuple[Attribution, ...]
    quantiles: tuple[Quantile, ...] = ()
    parts: tuple[PartOutput, ...] = ()
    counts: CountsPart | None = dataclasses.field(default=None, metadata={"optional": True})


@dataclass(frozen=True, eq=False)
class AttentionWeights:
    """Attention of one sequence to another.

    Attributes:
        sequence: index of the sequence that attends.
        source: index of the sequence that is attended to.
        weights: (T, S); each row sums to 1.
    """

    sequence: int
    source: int
    weights: Values


@dataclass(frozen=True, eq=False)
class Trace:
    """A forward pass as plain data, returned by `explain` of every model.

    Attributes:
        task: name of the task, or `cell`.
        network: description of the network.
        sequences: what was read, with the activations of each layer.
        outputs: what was predicted, and why.
        attention: None without an attention layer.
    """

    task: str
    network: ModelSummary
    sequences: tuple[SequenceTrace, ...]
    outputs: tuple[StepOutput, ...]
    attention: AttentionWeights | None = None

    def as_dict(self, digits: int = DIGITS) -> dict[str, Any]:
        """The trace as JSON types: dictionaries, lists, numbers, strings and None.

        Args:
            digits: significant digits of a number, or of the largest number of an array.
        """
        return {"format": FORMAT, "version": VERSION, **_plain(self, digits)}

    def to_json(self, digits: int = DIGITS) -> str:
        """The trace as one line of JSON.

        Args:
            digits: as for `as_dict`.
        """
        return json.dumps(
            self.as_dict(digits), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )


def _plain(value: Any, digits: int) -> Any:
    if dataclasses.is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        optional = {each.name for each in dataclasses.fields(value) if "optional" in each.metadata}
        return {
            name: _plain(each, digits)
            for name, each in named.items()
            if each is not None or name not in optional
        }
    if isinstance(value, dict):
        return {name: _plain(each, digits) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each, digits) for each in value]
    if isinstance(value, np.ndarray):
        return _listed(rounded(value, digits).tolist())
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def rounded(numbers: Values, digits: int) -> Values:
    """Numbers of any shape, rounded to the last of `digits` digits of the largest.

    Infinity becomes the largest float32; NaN stays.
    """
    finite = np.asarray(numbers, dtype=np.float64)
    limit = float(np.finfo(np.float32).max)
    finite = np.nan_to_num(finite, nan=np.nan, posinf=limit, neginf=-limit)
    largest = float(np.nanmax(np.abs(finite), initial=0.0))
    if largest < np.finfo(np.float32).tiny:
        return 0 * finite
    return np.round(finite, digits - 1 - math.floor(math.log10(largest)))


def _listed(value: Any) -> Any:
    """Nested lists, with None for NaN and integers without a decimal point."""
    if isinstance(value, list):
        return [_listed(each) for each in value]
    if value != value:
        return None
    return int(value) if value == int(value) else value
