"""One side of a rewriting: its texts as tokens, and tokens as text again.

Shapes: T tokens of a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.text.tokenizers.table import TOKENIZERS
from elman.text.tokenizers.tokenizer import BOUNDARY, FIRST_OWN, Tokenizer
from elman.training.dataset import TokenDataset

CODEC_TOKENIZERS = ("subword", "character")

MAX_SUBWORDS = 8_000

CHARACTERS_A_SUBWORD = 700
"""So much text is wanted for each subword: what is seldom read is seldom written."""

FEW_SUBWORDS = 500
"""So many are learned from less, too: of a few words said again and again, these words."""

_NO_CHARACTER = "\ufffd"
"""What a tokenizer decodes bytes to that make none."""

Tokens = npt.NDArray[np.integer[Any]]


class TextCodec:
    """Texts of one side in a tokenizer of text.

    Subwords bring the space before them, so a text is read as if a space stood before it: its
    first word is then the same token as within a text.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._prefix = " " if tokenizer.name == "subword" else ""

    @classmethod
    def learn(cls, tokenizer: str, texts: Sequence[str]) -> TextCodec:
        """The vocabulary of some texts."""
        size = None
        if tokenizer == "subword":
            characters = sum(map(len, texts))
            most = max(characters // CHARACTERS_A_SUBWORD, min(FEW_SUBWORDS, characters // 20))
            size = FIRST_OWN + min(MAX_SUBWORDS, most)
        return cls(TOKENIZERS[tokenizer].learn((f" {text}\n" for text in texts), size=size))

    def encode(self, text: str) -> Tokens:
        """A text -> (T,), BOUNDARY at its end."""
        tokens = self.tokenizer.encode(self._prefix + text)
        return np.append(tokens, BOUNDARY).astype(np.int64)

    def examples(self, texts: Iterable[str]) -> TokenDataset:
        """Several texts, to be laid side by side."""
        return TokenDataset([self.encode(text) for text in texts])

    def decode(self, tokens: Sequence[int] | Tokens) -> str:
        """(T,) -> a text. Bytes that make no character, which no text has, are left out."""
        return self.tokenizer.decode(tokens).replace(_NO_CHARACTER, "").strip()

    def pieces(self, tokens: Sequence[int] | Tokens) -> list[str]:
        """The tokenizer's pieces without what is no character: joined they are what `decode` gives,
        but for space at either end."""
        return [piece.replace(_NO_CHARACTER, "") for piece in self.tokenizer.pieces(tokens)]


def choose_tokenizer(texts: Sequence[str]) -> str:
    """Characters for single words, such as spellings, and for scripts without spaces; subwords
    for all else."""
    return "subword" if np.median([len(text.split()) for text in texts]) > 1 else "character"
