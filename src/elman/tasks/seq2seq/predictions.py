"""A generated text as `elman predict` writes it: a line, or plain data for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from elman.console.terminal import json_line
from elman.tasks.predictions import as_lines

if TYPE_CHECKING:
    from elman.tasks.seq2seq.generation import GeneratedText


TOGETHER = 512
"""Inputs of a batch."""


def first_line(best: list[GeneratedText]) -> str:
    """The best text, on one line; "" where there is none."""
    return " ".join(best[0].text.splitlines()) if best else ""


def hypothesis_lines(
    places: Iterable[dict[str, Any]],
    found: Sequence[list[GeneratedText]],
    *,
    json: bool,
    nothing: str | None,
) -> str:
    """A line for each input: its best text, or a JSON object with all of them.

    Args:
        places: where each input stands, for JSON.
        found: the texts for each, the best first.
        nothing: the best text, in JSON, of an input with none.
    """
    if not json:
        return as_lines(map(first_line, found))
    return as_lines(
        json_line(
            {
                **place,
                "text": first_line(best) if best else nothing,
                "alternatives": list(map(as_plain, best)),
            }
        )
        for place, best in zip(places, found, strict=True)
    )


def as_plain(rewrite: GeneratedText) -> dict[str, Any]:
    """A generated text as plain data, with its attention weights token by token."""
    row: dict[str, Any] = {
        "text": rewrite.text,
        "score": rewrite.score,
        "probability": rewrite.probability,
        "words": [
            {"word": word, "probability": probability} for word, probability in rewrite.words
        ],
    }
    if rewrite.attention is not None:
        row["attention"] = {
            "source": rewrite.source,
            "target": rewrite.pieces,
            "weights": rewrite.attention,
        }
    return row
