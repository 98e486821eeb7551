"""The interface of what scores the tokens of a text: a network or an n-gram model.

Shapes: N tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.nn.blocks import NetworkState
from elman.nn.mixture import LanguageNetwork, Mixture, normalisation_of
from elman.nn.native_step import CompiledStep, step_of, stream_of

Tokens = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

BATCH = 2048  # tokens of a batch of texts, at most; a longer text is read alone
CHUNK = 1024  # tokens a forward pass; the state is carried over, so any number gives equal results


class Predictor(Protocol):
    """Predicts each token of a text from those before it; `KneserNey` implements it too."""

    def log_probabilities(self, ids: Tokens) -> Floats:
        """(N,) tokens -> the log-probability of each but the first, (N - 1,), in nats."""

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """For each position, in rising order, scores (V,) that order the tokens by probability."""


class NetworkPredictor:
    """Scores a text with a network in float32; the state is carried through the whole text.

    Args:
        network: in evaluation mode. Of a mixture, whole distributions are computed only where they
            are asked for; a token's probability takes the network's logits, and an n-gram.
        int8: step token by token with int8 products, as `step_of` does; without the native core
            float32 products are used.
    """

    def __init__(self, network: LanguageNetwork, *, int8: bool = False) -> None:
        self.mixture = network if isinstance(network, Mixture) else None
        self.network = network.network if isinstance(network, Mixture) else network
        self.device = next(network.parameters()).device
        step = step_of(self.network, int8=True) if int8 else None
        self._step = step if isinstance(step, CompiledStep) else None

    def log_probabilities(self, ids: Tokens) -> Floats:
        return self.by_parts(ids)["both"]

    def by_parts(self, ids: Tokens) -> dict[str, Floats]:
        """`log_probabilities` by `both` parts, and of a mixture by `network` and `counts` alone."""
        log_p, entropies = self.scored(ids)
        if self.mixture is None:
            return {"both": log_p}
        contexts = self.mixture.counts.states(np.asarray(ids, dtype=np.int64))[:-1]
        return self._mixed(log_p, entropies, contexts, ids[1:])

    def scored(self, ids: Tokens) -> tuple[Floats, Floats]:
        """The network's log-probability of each token but the first, and the entropy in nats of
        the distribution that it comes from, (N - 1,) each."""
        chunks = [self._scored(logits, ids[begin + 1 :]) for begin, logits in self._chunks(ids)]
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
            end = begin + 1
            while end < len(order) and len(rows[order[end]]) * (end + 1 - begin) <= BATCH:
                end += 1
            chosen, begin = order[begin:end], end
            if len(chosen) == 1:
                found[chosen[0]] = self.log_probabilities(rows[chosen[0]])
                continue
            batch = self._log_probabilities_of_batch([rows[row] for row in chosen])
            for row, log_p in zip(chosen, batch, strict=True):
                found[row] = log_p
        return found

    def _log_probabilities_of_batch(self, rows: Sequence[Tokens]) -> list[Floats]:
        width = max(map(len, rows))
        padded = np.zeros((len(rows), width), dtype=np.int64)
        for row, tokens in zip(padded, rows, strict=True):
            row[: len(tokens)] = tokens
        with torch.inference_mode():
            state = self.network.initial_state(len(rows))
            logits, _ = self._logits(self._tensor(padded[:, :-1]), state)
        targets = padded[:, 1:].ravel()
        log_p, entropies = self._scored(logits, targets)
        if self.mixture is not None:
            contexts = np.concatenate([self.mixture.counts.states(row)[:-1] for row in padded])
            log_p = self._mixed(log_p, entropies, contexts, targets)["both"]
        by_row = log_p.reshape(len(rows), width - 1)
        return [row[: len(tokens) - 1] for row, tokens in zip(by_row, rows, strict=True)]

    def distributions(self, ids: Tokens, positions: Tokens) -> Iterator[Floats]:
        """Batches (B, V) of logits, or of probabilities of both parts of a mixture."""
        mixture = self.mixture
        if mixture is not None:
            contexts = mixture.counts.states(np.asarray(ids, dtype=np.int64))
        for begin, logits in self._chunks(ids):
            low, high = np.searchsorted(positions, [begin + 1, begin + 1 + logits.shape[1]])
            rows = logits[0, self._tensor(positions[low:high]) - begin - 1]
            if len(rows) and mixture is not None:
                with torch.inference_mode():
                    rows = mixture.probabilities(rows, contexts[positions[low:high] - 1])
            if len(rows):
                yield rows.numpy(force=True)

    def _chunks(self, ids: Tokens) -> Iterator[tuple[int, Tensor]]:
        """Yield the offset of each chunk of a text without its last token, and the network's
        logits (1, T, V)."""
        ids = ids[:-1]
        state = self.network.initial_state(1)
        for begin in range(0, len(ids), CHUNK):
            with torch.inference_mode():
                tokens = self._tensor(ids[begin : begin + CHUNK])[None]
                logits, state = self._logits(tokens, state)
            yield begin, logits

    def _logits(self, tokens: Tensor, state: NetworkState) -> tuple[Tensor, NetworkState]:
        """tokens (B, T) -> logits (B, T, V), the state after."""
        if self._step is None:
            logits, state = self.network(tokens, state)
            return logits, state
        stream = stream_of(self._step, state)
        rows = [stream.read(column).copy() for column in tokens.t().tolist()]
        return torch.from_numpy(np.stack(rows, axis=1)), stream.state

    def _scored(self, logits: Tensor, targets: Tokens) -> tuple[Floats, Floats]:
        """The network's log-probability of targets, and the entropies, (B * T,) each.

        Args:
            logits: (B, T, V).
            targets: the first B * T of them.
        """
        with torch.inference_mode():
            rows = logits.flatten(0, 1)
            log_total, entropies = normalisation_of(rows)
            chosen = rows.gather(1, self._tensor(targets[: len(rows)])[:, None])[:, 0].float()
        return (chosen - log_total).numpy(force=True), entropies.numpy(force=True)

    def _mixed(
        self, log_p: Floats, entropies: Floats, contexts: npt.NDArray[np.int64], targets: Tokens
    ) -> dict[str, Floats]:
        """The log-probabilities of targets (T,) by both parts, and by each.

        Args:
            log_p, entropies: (T,) of the network.
            contexts: (T, N - 1) of the n-grams.
            targets: (T,).
        """
        assert self.mixture is not None
        counts, gate = self.mixture.counts, self.mixture.gate
        log_counts = np.log(counts.probabilities(contexts, np.asarray(targets, dtype=np.int64)))
        z = gate.log_odds(*counts.evidence(contexts), torch.from_numpy(entropies)).numpy()
        both = np.logaddexp(-np.logaddexp(0, -z) + log_p, -np.logaddexp(0, z) + log_counts)
        return {"both": both, "network": log_p, "counts": log_counts}

    def _tensor(self, ids: Tokens) -> Tensor:
        return torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(self.device)


def _joined(parts: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    if not parts:
        return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.float32)
    first, second = (np.concatenate(each) for each in zip(*parts, strict=True))
    return first, second
