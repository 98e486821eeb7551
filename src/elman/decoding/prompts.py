"""Prompts: the context to read, and the prefix that the generated text must begin with."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from elman.text.tokenizers.subwords import Subwords
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.text.tokenizers.words import Words


def from_beginning(context: str, tokenizer: Tokenizer) -> npt.NDArray[Any]:
    """Tokens (N,) of a text from the start of a document.

    An empty context counts as the start of a line: a training text has many of those, and
    perhaps a single start of a document.
    """
    return np.concatenate([[BOUNDARY], tokenizer.encode(context or "\n")])


def split_prefix(prompt: str, tokenizer: Tokenizer) -> tuple[str, str]:
    """Split a prompt into (context, prefix): what to read, and what the next token must begin with.

    Tokens of words and subwords include the space before them. A space alone at the end would
    be a token that training hardly ever saw; so would the start of an unfinished word that is
    not itself in the vocabulary.
    """
    if isinstance(tokenizer, Words):
        # Several spaces after a word count as one.
        trimmed = prompt.rstrip(" ") + " " if prompt.endswith(" ") else prompt
        context, typed = tokenizer.split_typed(trimmed)
        if typed:
            unfinished = prompt[len(context) :]
            return (
                (context, unfinished)
                if _begins_words(context, unfinished, typed, tokenizer)
                else (prompt, "")
            )
        if len(context) < len(trimmed):
            return context, " "
    elif isinstance(tokenizer, Subwords) and prompt.endswith(" "):
        return prompt[:-1], " "
    return prompt, ""


def _begins_words(context: str, unfinished: str, typed: str, tokenizer: Words) -> bool:
    """Whether `typed` is not a word, but begins one that would be a single token here."""
    longer = next((token for token in tokenizer.spellings if token.startswith(typed)), None)
    if longer is None or typed in tokenizer.spellings:
        return False
    whole = context + unfinished.removesuffix(typed) + longer
    return len(tokenizer.encode(whole)) == len(tokenizer.encode(context)) + 1
