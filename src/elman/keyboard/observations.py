"""What a line of writing teaches: its words, each with the two tokens before it."""

from __future__ import annotations

from typing import NamedTuple

from elman.text.tokenizers.pretokenization import Kind, kind_of, pieces

LINE = "\n"
"""The token before the first of a line."""

Context = tuple[str, ...]
"""Tokens, the last nearest to the word."""

ORDER = 2  # tokens of a context


class Observation(NamedTuple):
    context: Context
    word: str


def tokens_of(text: str) -> list[str]:
    """Words and punctuation; white space is none."""
    found = (piece.strip() for piece in pieces().findall(text))
    return [token for token in found if token]


def is_word(token: str) -> bool:
    return kind_of(token) & Kind.WORD > 0


def context_of(line: str) -> Context:
    """What a word that follows these whole words is written after."""
    return (*[LINE] * ORDER, *tokens_of(line))[-ORDER:]


def observations_of(line: str) -> list[Observation]:
    """The words of a line, in order."""
    tokens = [LINE] * ORDER + tokens_of(line)
    return [
        Observation(tuple(tokens[place - ORDER : place]), tokens[place])
        for place in range(ORDER, len(tokens))
        if is_word(tokens[place])
    ]
