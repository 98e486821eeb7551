"""The baseline of language models: the best Kneser-Ney n-gram model of the training text.

Shapes: N tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.counts.kneser_ney import KneserNey
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer

ORDERS = {"character": (5, 6, 7, 8), "subword": (3, 4, 5), "word": (3, 4, 5)}
MAX_TOKENS = 5_000_000  # of the training text, from its end
VALIDATION_FRACTION = 0.1  # of these tokens, to choose the order

Tokens = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class NGramBaseline:
    """An n-gram model, which may treat each line as a document.

    Attributes:
        model: the n-gram model.
        newline: the token that counts as a BOUNDARY; None for none.
    """

    model: KneserNey
    newline: int | None

    @property
    def name(self) -> str:
        restarted = ", restarted at each line" if self.newline is not None else ""
        return f"interpolated modified Kneser-Ney, order {self.model.order}{restarted}"

    def log_probabilities(self, ids: Tokens) -> Floats:
        """Log-probabilities (N - 1,) in nats of tokens (N,); see `elman.nn.predictor.Predictor`."""
        return self.model.log_probabilities(_with_boundaries(ids, self.newline))

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """Rows (V,) of probabilities, in batches; see `elman.nn.predictor.Predictor`."""
        return self.model.distributions(_with_boundaries(ids, self.newline), positions)


def best_ngram(ids: Tokens, tokenizer: Tokenizer) -> NGramBaseline:
    """The n-gram model with the lowest loss on the last tenth of the training text.

    Tunes the order, up to 8 for characters and 5 for words; for words also whether each line is a
    document, which helps if lines are unrelated sentences.

    Args:
        ids: (N,) training tokens.
        tokenizer: their vocabulary.

    Raises:
        EmptyTextError: there are no tokens.
    """
    ids = np.asarray(ids[-MAX_TOKENS:], dtype=np.int64)
    newlines: list[int | None] = [None]
    if tokenizer.name == "word":
        newlines += [int(token) for token in tokenizer.encode("\n")]
    cut = max(1, round(len(ids) * (1 - VALIDATION_FRACTION)))

    def loss(order: int, newline: int | None) -> float:
        text = _with_boundaries(ids, newline)
        model = KneserNey.train(text[:cut], tokenizer.size, order)
        log_p = model.log_probabilities(text[cut - 1 :])
        return -float(log_p.mean()) if log_p.size else 0.0

    choices = [(order, newline) for newline in newlines for order in ORDERS[tokenizer.name]]
    order, newline = min(choices, key=lambda choice: loss(*choice))
    return NGramBaseline(
        KneserNey.train(_with_boundaries(ids, newline), tokenizer.size, order), newline
    )


def _with_boundaries(ids: Tokens, newline: int | None) -> Tokens:
    return ids if newline is None else np.where(ids == newline, BOUNDARY, ids)
