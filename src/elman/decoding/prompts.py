"""Prompts: where the text that is read ends, and what is written has to begin."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from elman.text.tokenizers.subwords import Subwords
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.text.tokenizers.words import Words


def from_beginning(context: str, tokenizer: Tokenizer) -> npt.NDArray[Any]:
    """The tokens of a text from its beginning, (N,).

    Nothing yet is read as the beginning of a line: of those there are many in a text, and of
    documents perhaps one.
    """
    return np.concatenate([[BOUNDARY], tokenizer.encode(context or "\n")])


def split_prefix(prompt: str, tokenizer: Tokenizer) -> tuple[str, str]:
    """(context, lead): what to read of a prompt, and its end, which the next token brings again.

    Words and subwords bring the space before them. A space alone at the end, which people leave
    there, would be a token that a network has hardly ever read. Likewise a word begun that the
    vocabulary does not hold, but that begins some of its words.
    """
    if isinstance(tokenizer, Words):
        # After a word several spaces are taken for a slip.
        trimmed = prompt.rstrip(" ") + " " if prompt.endswith(" ") else prompt
        context, typed = tokenizer.split_typed(trimmed)
        if typed:
            begun = prompt[len(context) :]
            return (
                (context, begun)
                if _begins_words(context, begun, typed, tokenizer)
                else (prompt, "")
            )
        if len(context) < len(trimmed):
            return context, " "
    elif isinstance(tokenizer, Subwords) and prompt.endswith(" "):
        return prompt[:-1], " "
    return prompt, ""


def _begins_words(context: str, begun: str, typed: str, tokenizer: Words) -> bool:
    """Whether what was typed is no word, but a part of some that would be one token there."""
    longer = next((token for token in tokenizer.spellings if token.startswith(typed)), None)
    if longer is None or typed in tokenizer.spellings:
        return False
    whole = context + begun.removesuffix(typed) + longer
    return len(tokenizer.encode(whole)) == len(tokenizer.encode(context)) + 1
