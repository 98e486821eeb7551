"""What the traces of all networks have in common: a description, answers, and a limit.

Shapes: K answers, A places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from elman.cells import CELLS
from elman.errors import EmptyTextError, InputError
from elman.explain.activations import ActivationRecorder
from elman.explain.attribution import AttributionQuery
from elman.explain.trace import ModelSummary, StepOutput, TopPrediction
from elman.nn.blocks import StackConfig

LONGEST = 256
"""Tokens of a trace."""
TOP = 5
"""Answers that are named."""


def check_length(count: int, location: str, tokens: str = "tokens") -> None:
    """Whether a trace can hold so many tokens.

    Raises:
        EmptyTextError: where there are none; InputError: where they are too many.
    """
    if count == 0:
        raise EmptyTextError("nothing to read", location=location, hint="Give it some text.")
    if count > LONGEST:
        raise InputError(
            f"{count:,} {tokens}, and a trace holds {LONGEST} at most",
            location=location,
            hint="Explain a part of it.",
        )


def model_summary(
    network: nn.Module,
    blocks: StackConfig,
    watched: Sequence[ActivationRecorder],
    tokenizers: tuple[str, ...],
    labels: Iterable[object] | None = None,
    members: int = 1,
) -> ModelSummary:
    """The description of a network whose layers these are."""
    names = {kind: name for name, kind in CELLS.items()}
    cell = watched[0].mixer.cell
    backward = [each.backward for each in watched]
    return ModelSummary(
        cell=names[type(cell)],
        layers=blocks.layers,
        width=blocks.hidden_size,
        hidden=cell.hidden_size,
        components=tuple(blocks.components),
        directions=("forward",) * (not all(backward)) + ("backward",) * any(backward),
        tokenizers=tokenizers,
        labels=None if labels is None else tuple(map(str, labels)),
        parameters=sum(weight.numel() for weight in network.parameters()),
        meanings=cell.gates | cell.outputs,
        members=members,
    )


def outputs_of(
    question: AttributionQuery,
    places: Sequence[int],
    taken: Sequence[int | None],
    text: Callable[[int], str],
    *,
    reading: int = 0,
) -> tuple[StepOutput, ...]:
    """What is answered at each place: the likeliest, and what was taken.

    Args:
        taken: the number of the answer that was taken; None: none was, and an output rests on
            what the likeliest answer does.
        text: of an answer's number.
    """
    spread = question.spread()
    best = spread.topk(min(TOP, spread.shape[1]), dim=1).indices.tolist()

    def answer(place: int, number: int) -> TopPrediction:
        return TopPrediction(text(number), min(1.0, float(spread[place, number].exp())))

    pairs = list(zip(places, taken, strict=True))
    named = [best[place][0] if its is None else its for place, its in pairs]
    return tuple(
        StepOutput(
            reading,
            place,
            tuple(answer(place, number) for number in best[place]),
            None if its is None else answer(place, its),
            rests,
        )
        for (place, its), rests in zip(pairs, question.rests(places, named), strict=True)
    )


def side_by_side(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows x (T, B, W) without padding: as places (T, B) in a table, and their lengths (B,)."""
    time, rows = x.shape[:2]
    places = torch.arange(time * rows, device=x.device).view(time, rows)
    return places, torch.full((rows,), time, device=x.device)
