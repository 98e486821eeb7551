"""The baseline beside every language model: the best Kneser-Ney n-gram of the same text.

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
LONGEST = 5_000_000  # tokens of the training text, from its end, that are counted
HELD_OUT = 0.1  # of them, to choose by

Tokens = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class NGramBaseline:
    """An n-gram, and whether it begins anew at each line.

    Attributes:
        newline: the token that it takes for a BOUNDARY, or None.
    """

    model: KneserNey
    newline: int | None

    @property
    def name(self) -> str:
        anew = ", anew at each line" if self.newline is not None else ""
        return f"interpolated modified Kneser-Ney, order {self.model.order}{anew}"

    def log_probabilities(self, ids: Tokens) -> Floats:
        """(N,) -> (N - 1,) nats; see `scoring.predictor.Predictor`."""
        return self.model.log_probabilities(_seen(ids, self.newline))

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """Rows (V,) of probabilities, in batches; see `scoring.predictor.Predictor`."""
        return self.model.distributions(_seen(ids, self.newline), positions)


def best_ngram(ids: Tokens, tokenizer: Tokenizer) -> NGramBaseline:
    """The n-gram of the training text that predicts its held-out tenth best.

    Orders are tried up to 8 for characters and 5 for words; for words also with each line a
    document of its own, which helps where lines are sentences in no order. A baseline that was
    not tuned would flatter the network.

    Raises:
        EmptyTextError: for a text without tokens.
    """
    ids = np.asarray(ids[-LONGEST:], dtype=np.int64)
    newlines: list[int | None] = [None]
    if tokenizer.name == "word":
        newlines += [int(token) for token in tokenizer.encode("\n")]
    cut = max(1, round(len(ids) * (1 - HELD_OUT)))

    def loss(order: int, newline: int | None) -> float:
        seen = _seen(ids, newline)
        model = KneserNey.train(seen[:cut], tokenizer.size, order)
        held_out = model.log_probabilities(seen[cut - 1 :])
        return -float(held_out.mean()) if held_out.size else 0.0

    choices = [(order, newline) for newline in newlines for order in ORDERS[tokenizer.name]]
    order, newline = min(choices, key=lambda choice: loss(*choice))
    return NGramBaseline(KneserNey.train(_seen(ids, newline), tokenizer.size, order), newline)


def _seen(ids: Tokens, newline: int | None) -> Tokens:
    return ids if newline is None else np.where(ids == newline, BOUNDARY, ids)
