"""The answers of a beam search over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

MAX_BEAM = 16

BeamCount = Annotated[int, Field(ge=1, le=MAX_BEAM)]


class TargetHypothesis(TypedDict):
    """A target text of a beam search, its tokens, and the attention (target tokens x source
    tokens) where it was requested."""

    text: str
    probability: float
    tokens: list[str]
    token_probabilities: list[float]
    attention: list[list[float]] | None
    source_tokens: list[str] | None


class HypothesesResponse(TypedDict):
    """The hypotheses of each input, the most probable first."""

    hypotheses: list[list[TargetHypothesis]]


def as_hypotheses(found: Sequence[Sequence[Any]]) -> list[Any]:
    """The hypotheses of each input as plain data."""
    return [
        [
            {
                "text": each.text,
                "probability": each.probability,
                "tokens": each.pieces,
                "token_probabilities": each.probabilities,
                "attention": each.attention,
                "source_tokens": each.source,
            }
            for each in best
        ]
        for best in found
    ]
