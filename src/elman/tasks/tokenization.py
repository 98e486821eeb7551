"""Texts -> the tokens that a reader of their tokenizer reads.

Shapes: N texts, T tokens of a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from elman.explain.summary import check_length
from elman.nn.blocks import StackConfig
from elman.nn.encoder import EncoderConfig, PaddedBatch
from elman.tasks.inputs import as_texts
from elman.text.progress import ProgressCallback
from elman.text.subword_hashing import BUCKETS, HashedVocabulary, WordForms, words_of
from elman.text.tokenizers.table import TOKENIZERS
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.training.dataset import TokenDataset

ENCODER_TOKENIZERS = ("character", "subword", "word")

LONGEST = {"character": 2_000, "subword": 600, "word": 400}
"""Tokens of a text that are read; of a longer one the first and the last half of them."""

SUBWORDS = 8_000

TOLD = 500  # texts between two words on progress


def told(texts: Sequence[str], step: str, progress: ProgressCallback | None) -> Iterator[str]:
    """The texts one by one; `progress` hears the step, the characters done, all of them."""
    if progress is None:
        yield from texts
        return
    done, total = 0, sum(map(len, texts))
    for number, text in enumerate(texts, start=1):
        yield text
        done += len(text)
        if number % TOLD == 0 or number == len(texts):
            progress(step, done, total)


def learned_tokenizer(name: str, texts: Iterable[str]) -> Tokenizer | HashedVocabulary:
    """The vocabulary of some texts."""
    if name == "word":
        return HashedVocabulary.learn(words_of(text) for text in texts)
    size = SUBWORDS if name == "subword" else None
    return TOKENIZERS[name].learn((f"{text}\n" for text in texts), size=size)


def encoded(
    texts: Iterable[str], tokenizer: Tokenizer | HashedVocabulary, forms: WordForms | None = None
) -> TokenDataset:
    """Texts as rows of tokens.

    Args:
        forms: for words, those met before, which then are not looked up again.
    """
    if isinstance(tokenizer, HashedVocabulary):
        forms = WordForms(tokenizer) if forms is None else forms
        # A text without words is read as one empty word.
        return TokenDataset(
            [_cut(forms.indices(words_of(text) or [""]), tokenizer.name) for text in texts], forms
        )
    ends = np.array([BOUNDARY])
    return TokenDataset(
        [
            _cut(np.concatenate([ends, tokenizer.encode(text), ends]), tokenizer.name)
            for text in texts
        ]
    )


def shown(text: str, tokenizer: Tokenizer | HashedVocabulary) -> tuple[PaddedBatch, list[str]]:
    """A text as one row, and its tokens as a person sees them.

    Raises:
        InputError: for a text without tokens, or with more than a trace holds.
    """
    (text,) = as_texts([text], "text")
    tokens: Any = (
        words_of(text) if isinstance(tokenizer, HashedVocabulary) else tokenizer.encode(text)
    )
    check_length(len(tokens), "text")
    examples = encoded([text], tokenizer)
    if isinstance(tokenizer, HashedVocabulary):
        pieces = _cut(np.array(tokens, dtype=object), tokenizer.name).tolist()
    else:
        pieces = tokenizer.pieces(examples.rows[0])
    return examples.collate(np.array([0])), pieces


def encoder_config(
    tokenizer: Tokenizer | HashedVocabulary, blocks: StackConfig, directions: int
) -> EncoderConfig:
    """What a reader of this tokenizer is built from."""
    return EncoderConfig(
        blocks, directions, BUCKETS if isinstance(tokenizer, HashedVocabulary) else 0
    )


def _cut(tokens: np.ndarray[Any, Any], tokenizer: str) -> np.ndarray[Any, Any]:
    longest = LONGEST[tokenizer]
    if len(tokens) <= longest:
        return tokens
    return np.concatenate([tokens[: longest // 2], tokens[-longest // 2 :]])
