"""Parts of a trace that all tasks share: limits, the summary of a model, outputs.

Shapes: T tokens, B rows. Time comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman.cells import CELLS
from elman.errors import EmptyTextError, InputError
from elman.explain.activations import RecordedLayer
from elman.explain.attribution import AttributionQuery
from elman.explain.trace import ModelSummary, PartOutput, StepOutput, TopPrediction
from elman.nn.config import StackConfig

MAX_TOKENS = 256
"""Tokens of a sequence of a trace, at most."""
TOP = 5
"""Predictions of an output, at most."""


def check_length(count: int, location: str, tokens: str = "tokens") -> None:
    """Check that a trace can hold a sequence.

    Args:
        count: tokens of the sequence.
        location: where the sequence came from, for the error.
        tokens: plural name of a token, for the error.

    Raises:
        EmptyTextError: no tokens.
        InputError: more than MAX_TOKENS.
    """
    if count == 0:
        raise EmptyTextError("nothing to read", location=location, hint="Give it some text.")
    if count > MAX_TOKENS:
        raise InputError(
            f"{count:,} {tokens}, and a trace holds {MAX_TOKENS} at most",
            location=location,
            hint="Explain a part of it.",
        )


def model_summary(
    network: nn.Module,
    blocks: StackConfig,
    layers: Sequence[RecordedLayer],
    tokenizers: tuple[str, ...],
    labels: Iterable[object] | None = None,
    ensemble_size: int = 1,
) -> ModelSummary:
    """The summary of a network.

    Args:
        network: all its weights are counted.
        blocks: configuration of its stack.
        layers: the recorded layers.
        tokenizers: kind of token of each sequence.
        labels: classes or tags; None where predictions are tokens or numbers.
        ensemble_size: networks whose predictions are averaged.
    """
    names = {kind: name for name, kind in CELLS.items()}
    cell = layers[0].mixer.cell
    backward = [each.backward for each in layers]
    return ModelSummary(
        cell=names[type(cell)],
        layers=blocks.layers,
        input_size=blocks.hidden_size,
        hidden_size=cell.hidden_size,
        components=tuple(blocks.components),
        directions=("forward",) * (not all(backward)) + ("backward",) * any(backward),
        tokenizers=tokenizers,
        labels=None if labels is None else tuple(map(str, labels)),
        parameters=sum(weight.numel() for weight in network.parameters()),
        meanings=cell.gates | cell.outputs,
        ensemble_size=ensemble_size,
    )


class Part(NamedTuple):
    """A part of a mixture.

    Attributes:
        name: see `PartOutput`.
        share: (A,) its weight at each position.
        probabilities: (A, K) of each prediction.
    """

    name: str
    share: Tensor
    probabilities: Tensor


def step_outputs(
    query: AttributionQuery,
    positions: Sequence[int],
    targets: Sequence[int | None],
    text: Callable[[int], str],
    *,
    sequence: int = 0,
    parts: Sequence[Part] = (),
    log_p: Tensor | None = None,
) -> tuple[StepOutput, ...]:
    """The predictions at each position, and their attributions.

    Args:
        query: the network.
        positions: index of the token of each output.
        targets: index of the prediction to explain; None: the most probable.
        text: name of a prediction from its index.
        sequence: index of the sequence of the positions.
        parts: of the mixture that predicts, the query's network first; empty: the network predicts.
        log_p: (A, K) what is predicted, if it is neither of the query nor of the parts.
    """
    if parts:
        log_p = torch.stack([each.share[:, None] * each.probabilities for each in parts])
        log_p = log_p.sum(0).log()
    log_p = query.log_probabilities() if log_p is None else log_p
    top = log_p.topk(min(TOP, log_p.shape[1]), dim=1).indices.tolist()

    def prediction(position: int, index: int) -> TopPrediction:
        return TopPrediction(text(index), min(1.0, float(log_p[position, index].exp())))

    def of_part(part: Part, position: int, target: int | None) -> PartOutput:
        own = [min(1.0, each) for each in part.probabilities[position].tolist()]
        return PartOutput(
            part.name,
            float(part.share[position]),
            tuple(own[index] for index in top[position]),
            None if target is None else own[target],
        )

    pairs = list(zip(positions, targets, strict=True))
    explained = [top[position][0] if target is None else target for position, target in pairs]
    return tuple(
        StepOutput(
            sequence,
            position,
            tuple(prediction(position, index) for index in top[position]),
            None if target is None else prediction(position, target),
            attributions,
            parts=tuple(of_part(each, position, target) for each in parts),
        )
        for (position, target), attributions in zip(
            pairs, query.attributions(positions, explained), strict=True
        )
    )


def table_indices(x: Tensor) -> tuple[Tensor, Tensor]:
    """The tokens of unpadded rows x (T, B, W) as indices (T, B) into a table of all their vectors
    (T * B, W), and the length of each row (B,)."""
    time, rows = x.shape[:2]
    indices = torch.arange(time * rows, device=x.device).view(time, rows)
    return indices, torch.full((rows,), time, device=x.device)
