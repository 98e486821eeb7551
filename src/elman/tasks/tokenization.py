"""Tokenize texts for an encoder.

Shapes: N texts, T tokens of a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.nn.config import EncoderConfig, StackConfig
from elman.tasks.inputs import as_texts
from elman.text.progress import ProgressCallback
from elman.text.subword_hashing import HashedVocabulary, WordForms, buckets_of, words_of
from elman.text.tokenizers.table import TOKENIZERS
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer

if TYPE_CHECKING:
    from elman.nn.encoder import PaddedBatch
    from elman.training.dataset import TokenDataset

ENCODER_TOKENIZERS = ("character", "subword", "word")

LONGEST = {"character": 2_000, "subword": 600, "word": 400}
"""Maximum number of tokens of a text; of a longer one the first and last half of them are used."""

SUBWORDS = 8_000

PROGRESS_INTERVAL = 500  # texts between two calls


def with_progress(
    texts: Sequence[str], step: str, progress: ProgressCallback | None
) -> Iterator[str]:
    """Yield the texts, and call `progress` with the step, the characters done, and their total."""
    if progress is None:
        yield from texts
        return
    done, total = 0, sum(map(len, texts))
    for number, text in enumerate(texts, start=1):
        yield text
        done += len(text)
        if number % PROGRESS_INTERVAL == 0 or number == len(texts):
            progress(step, done, total)


def learned_tokenizer(name: str, texts: Iterable[str]) -> Tokenizer | HashedVocabulary:
    """Learn the vocabulary of texts, with the tokenizer of this name."""
    if name == "word":
        return HashedVocabulary.learn(words_of(text) for text in texts)
    size = SUBWORDS if name == "subword" else None
    return TOKENIZERS[name].learn((f"{text}\n" for text in texts), size=size)


def encoded(
    texts: Iterable[str], tokenizer: Tokenizer | HashedVocabulary, forms: WordForms | None = None
) -> TokenDataset:
    """Tokenize texts.

    Args:
        texts: N texts.
        tokenizer: their vocabulary.
        forms: words that are already hashed; default: none.
    """
    from elman.training.dataset import TokenDataset

    if isinstance(tokenizer, HashedVocabulary):
        forms = WordForms(tokenizer) if forms is None else forms
        # An encoder needs a token, so a text without words becomes one empty word.
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


def tokenize_for_trace(
    text: str, tokenizer: Tokenizer | HashedVocabulary
) -> tuple[PaddedBatch, list[str]]:
    """Tokenize a text as a batch of one row; returns it and the text of each token.

    Raises:
        InputError: the text has no tokens, or more than a trace holds.
    """
    from elman.explain.summary import check_length

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
    """The configuration of an encoder for this tokenizer."""
    return EncoderConfig(blocks, directions, buckets_of(tokenizer))


def _cut(tokens: np.ndarray[Any, Any], tokenizer: str) -> np.ndarray[Any, Any]:
    longest = LONGEST[tokenizer]
    if len(tokens) <= longest:
        return tokens
    return np.concatenate([tokens[: longest // 2], tokens[-longest // 2 :]])
