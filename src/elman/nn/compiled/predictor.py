"""The interface of what scores the tokens of a text: a network or an n-gram model.

Shapes: N tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from elman.nn.compiled.language_model import CompiledLanguageModel, Tokens

Floats = npt.NDArray[np.floating[Any]]

CHUNK = 4096  # tokens read at once; the state is carried over, so any number gives equal results
ROWS = 128  # distributions computed at once


class Predictor(Protocol):
    """Predicts each token of a text from those before it; `KneserNey` implements it too."""

    def log_probabilities(self, ids: Tokens) -> Floats:
        """(N,) tokens -> the log-probability of each but the first, (N - 1,), in nats."""

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """For each position, in rising order, scores (V,) that order the tokens by probability."""


class NetworkPredictor:
    """Scores a text with a language model; the state is carried through the whole text.

    With counts, whole distributions are computed only where they are asked for; a token's
    probability takes the network's logits, and an n-gram.

    Args:
        network: of the language model.
    """

    def __init__(self, network: CompiledLanguageModel) -> None:
        self.network, self.mixture = network, network.mixture

    def log_probabilities(self, ids: Tokens) -> Floats:
        return self.by_parts(ids)["both"]

    def by_parts(self, ids: Tokens) -> dict[str, Floats]:
        """`log_probabilities` by `both` parts, and of a mixture by `network` and `counts` alone."""
        log_p, entropies = self.scored(ids)
        if self.mixture is None:
            return {"both": log_p}
        contexts = self.mixture.counts.states(np.asarray(ids, dtype=np.int64))[:-1]
        return self.mixture.mixed(log_p, entropies, contexts, ids[1:])

    def scored(self, ids: Tokens) -> tuple[Floats, Floats]:
        """The network's log-probability of each token but the first, and the entropy in nats of
        the distribution that it comes from, (N - 1,) each."""
        chunks = [
            self.network.scored(features, ids[begin + 1 : begin + 1 + len(features)])
            for begin, features in self._chunks(ids)
        ]
        return _joined(chunks)

    def fresh_log_probabilities(self, ids: Tokens, block: int = 64) -> Floats:
        """`log_probabilities` with the state reset after every `block` tokens."""
        count = (len(ids) - 1) // block
        blocks = [ids[begin * block : (begin + 1) * block + 1] for begin in range(count)]
        found = self.log_probabilities_of_rows(blocks)
        return np.concatenate(found) if found else np.zeros(0, dtype=np.float32)

    def log_probabilities_of_rows(self, rows: Sequence[Tokens]) -> list[Floats]:
        """`log_probabilities` of each of several texts (N,), in batches of similar lengths."""
        found: list[Floats] = [np.zeros(0, dtype=np.float32)] * len(rows)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        begin = 0
        while begin < len(order):
            end, tokens = begin + 1, len(rows[order[begin]])
            while end < len(order) and tokens + len(rows[order[end]]) <= CHUNK:
                tokens += len(rows[order[end]])
                end += 1
            chosen, begin = order[begin:end], end
            batch = self._of_batch([rows[row] for row in chosen])
            for row, log_p in zip(chosen, batch, strict=True):
                found[row] = log_p
        return found

    def _of_batch(self, rows: Sequence[Tokens]) -> list[Floats]:
        if len(rows) == 1:
            return [self.log_probabilities(rows[0])]
        before = np.concatenate([row[:-1] for row in rows])
        targets = np.concatenate([row[1:] for row in rows])
        lengths = np.array([max(0, len(row) - 1) for row in rows])
        features, _ = self.network.features(before, lengths)
        log_p, entropies = self.network.scored(features, targets)
        if self.mixture is not None:
            states = [self.mixture.counts.states(np.asarray(row, np.int64))[:-1] for row in rows]
            mixed = self.mixture.mixed(log_p, entropies, np.concatenate(states), targets)
            log_p = mixed["both"]
        return np.split(log_p, np.cumsum(lengths)[:-1])

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """Batches (B, V) of logits, or of probabilities of both parts of a mixture."""
        mixture = self.mixture
        if mixture is not None:
            contexts = mixture.counts.states(np.asarray(ids, dtype=np.int64))
        for begin, features in self._chunks(ids):
            low, high = np.searchsorted(positions, [begin + 1, begin + 1 + len(features)])
            for first in range(low, high, ROWS):
                wanted = positions[first : min(first + ROWS, high)]
                rows: Floats = self.network.logits(features[wanted - begin - 1])
                if mixture is not None:
                    rows = mixture.probabilities(rows, contexts[wanted - 1])
                yield rows

    def _chunks(self, ids: Tokens) -> Iterator[tuple[int, Floats]]:
        """Yield the offset of each chunk of a text without its last token, and the inputs of the
        output layer (T, W)."""
        ids, state = ids[:-1], None
        for begin in range(0, len(ids), CHUNK):
            part = ids[begin : begin + CHUNK]
            features, state = self.network.features(part, np.array([len(part)]), state)
            yield begin, features


def _joined(parts: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    if not parts:
        return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32)
    first, second = (np.concatenate(each) for each in zip(*parts, strict=True))
    return first, second
