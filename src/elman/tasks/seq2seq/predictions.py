"""A generated text as `elman predict` writes it: a line, or plain data for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.tasks.seq2seq.generation import GeneratedText


TOGETHER = 512
"""Sources between two looks at what has been written."""


def first_line(best: list[GeneratedText]) -> str:
    """The best text, on one line; "" where there is none."""
    return " ".join(best[0].text.splitlines()) if best else ""


def as_plain(rewrite: GeneratedText) -> dict[str, Any]:
    """As JSON has it: what attention looked at stands beside it, token by token."""
    said: dict[str, Any] = {
        "text": rewrite.text,
        "score": rewrite.score,
        "probability": rewrite.probability,
        "words": [
            {"word": word, "probability": probability} for word, probability in rewrite.words
        ],
    }
    if rewrite.attention is not None:
        said["attention"] = {
            "source": rewrite.source,
            "target": rewrite.pieces,
            "weights": rewrite.attention,
        }
    return said
