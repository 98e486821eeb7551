"""Encode and decode the source or target texts of a sequence-to-sequence model.

Shapes: T tokens of a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.text.tokenizers.table import TOKENIZERS
from elman.text.tokenizers.tokenizer import BOUNDARY, FIRST_OWN, Tokenizer

if TYPE_CHECKING:
    from elman.training.dataset import TokenDataset

CODEC_TOKENIZERS = ("subword", "character")

MAX_SUBWORDS = 8_000

CHARACTERS_A_SUBWORD = 700
"""Characters of training text for each subword: rare subwords are hardly learned."""

FEW_SUBWORDS = 500
"""Minimum vocabulary even for less text, such as a few words that recur."""

_NO_CHARACTER = "\ufffd"
"""Replaces bytes that are not a character."""

Tokens = npt.NDArray[np.integer[Any]]


class TextCodec:
    """Encodes and decodes texts.

    Subwords include the space before them. A space is added before each text, so that its first
    word has the same token as elsewhere.

    Args:
        tokenizer: the vocabulary.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._prefix = " " if tokenizer.name == "subword" else ""

    @classmethod
    def learn(cls, tokenizer: str, texts: Sequence[str]) -> TextCodec:
        """Learn the vocabulary of texts, with the tokenizer of this name."""
        size = None
        if tokenizer == "subword":
            characters = sum(map(len, texts))
            most = max(characters // CHARACTERS_A_SUBWORD, min(FEW_SUBWORDS, characters // 20))
            size = FIRST_OWN + min(MAX_SUBWORDS, most)
        return cls(TOKENIZERS[tokenizer].learn((f" {text}\n" for text in texts), size=size))

    def encode(self, text: str) -> npt.NDArray[np.int64]:
        """Tokens (T,) of a text, with a BOUNDARY at the end."""
        tokens = self.tokenizer.encode(self._prefix + text)
        return np.append(tokens, BOUNDARY).astype(np.int64)

    def rows(self, texts: Iterable[str]) -> list[npt.NDArray[np.int64]]:
        """Encode texts, as `encode` does each."""
        return [self.encode(text) for text in texts]

    def examples(self, texts: Iterable[str]) -> TokenDataset:
        """Encode texts as a data set."""
        from elman.training.dataset import TokenDataset

        return TokenDataset(self.rows(texts))

    def decode(self, tokens: Sequence[int] | Tokens) -> str:
        """The text of tokens (T,), without bytes that are not a character."""
        return self.tokenizer.decode(tokens).replace(_NO_CHARACTER, "").strip()

    def pieces(self, tokens: Sequence[int] | Tokens) -> list[str]:
        """The text of each token; joined and stripped, they are the result of `decode`."""
        return [piece.replace(_NO_CHARACTER, "") for piece in self.tokenizer.pieces(tokens)]


def choose_tokenizer(texts: Sequence[str]) -> str:
    """Characters for single words and for scripts without spaces, else subwords."""
    return "subword" if np.median([len(text.split()) for text in texts]) > 1 else "character"
