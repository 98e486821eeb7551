"""Observations in a line of text: its words, each with the two tokens before it."""

from __future__ import annotations

from typing import NamedTuple

from elman.text.tokenizers.pretokenization import Kind, kind_of, pieces

LINE = "\n"
"""Stands for the tokens before the start of a line."""

Context = tuple[str, ...]
"""Tokens before a word, the nearest last."""

ORDER = 2  # tokens of a context


class Observation(NamedTuple):
    """A word, and the tokens before it."""

    context: Context
    word: str


def tokens_of(text: str) -> list[str]:
    """Words and punctuation of a text, without white space."""
    stripped = (piece.strip() for piece in pieces().findall(text))
    return [token for token in stripped if token]


def is_word(token: str) -> bool:
    return kind_of(token) & Kind.WORD > 0


def context_of(line: str) -> Context:
    """The context of a word that follows this start of a line."""
    return (*[LINE] * ORDER, *tokens_of(line))[-ORDER:]


def observations_of(line: str) -> list[Observation]:
    """The observations of a line, in order."""
    tokens = [LINE] * ORDER + tokens_of(line)
    return [
        Observation(tuple(tokens[index - ORDER : index]), tokens[index])
        for index in range(ORDER, len(tokens))
        if is_word(tokens[index])
    ]
