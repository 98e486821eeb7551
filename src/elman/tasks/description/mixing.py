"""A describer's two parts as one model: p(description) = (1 - w t) p_network + w t p_counts.

Both are distributions over whole descriptions. p_counts is that of the nearest training vectors, t
the trust in them, which depends on how near the nearest one is, and w their weight.

Shapes: N vectors of D numbers, C candidates for one vector, T tokens, J neighbours' descriptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elman.counts.nearest_vectors import NearestVectors
from elman.decoding.beam import Hypothesis
from elman.nn.compiled.seq2seq import ArraySeq2Seq
from elman.tasks.seq2seq.generation import token_log_probabilities, with_end
from elman.text.tokenizers.tokenizer import BOUNDARY

if TYPE_CHECKING:
    from elman.tasks.seq2seq.explain import Continuations

Floats = npt.NDArray[np.floating[Any]]
Tokens = npt.NDArray[np.int64]

_MOST = 20.0  # log-odds of the weight


def fit_weight(log_network: Floats, counts: Floats, trust: Floats) -> float | None:
    """The w that maximises the likelihood of the descriptions of the validation set.

    Its log-odds have a standard normal prior: a few vectors that both parts describe right do not
    say which is better.

    Args:
        log_network: (N,) log-probability of each description by the network.
        counts: (N,) its probability by the neighbours.
        trust: (N,) of `Neighbours`.

    Returns:
        w, 0 to 1; None if the validation set is likelier under the network alone.
    """
    from scipy.optimize import minimize_scalar

    with np.errstate(divide="ignore"):
        log_counts = np.log(counts)

    def cost(log_odds: float) -> float:
        share = trust / (1 + np.exp(-log_odds))
        both = np.logaddexp(np.log1p(-share) + log_network, np.log(share) + log_counts)
        return 0.5 * log_odds**2 - float(both.sum())

    found = minimize_scalar(cost, bounds=(-_MOST, _MOST), method="bounded")
    return float(1 / (1 + np.exp(-found.x))) if found.fun < -log_network.sum() else None


@dataclass(frozen=True, eq=False)
class NearestDescriptions:
    """The training vectors beside the network, and how much they weigh.

    Attributes:
        nearest: the vectors; a label is an index into `targets`.
        targets: the tokens of each description, with the end token.
        weight: w, 0 to 1.
    """

    nearest: NearestVectors
    targets: tuple[Tokens, ...]
    weight: float

    def best(self, vectors: Floats) -> list[Tokens]:
        """The description (T,) of each vector (N, D) that is most probable by the neighbours."""
        found = self.nearest.of(vectors)
        every = map(_summed, found.labels, found.shares)
        return [self.targets[max(shares, key=lambda label: shares[label])] for shares in every]

    def mixed(
        self, network: ArraySeq2Seq, vectors: Floats, found: Sequence[Sequence[Hypothesis]]
    ) -> list[list[Hypothesis]]:
        """The descriptions by both parts, best first: those of a beam search, and the neighbours'.

        Args:
            network: the other part.
            vectors: (N, D).
            found: of the beam search, for each vector.
        """
        neighbours = self.nearest.of(vectors)
        theirs = list(map(_summed, neighbours.labels, neighbours.shares))
        candidates: list[list[tuple[Tokens, Floats]]] = [
            [(with_end(each), each.log_probabilities) for each in beam] for beam in found
        ]
        new: list[tuple[int, Tokens]] = []
        for row, (shares, beam) in enumerate(zip(theirs, candidates, strict=True)):
            known = {tokens.tobytes() for tokens, _ in beam}
            others = (self.targets[label] for label in shares)
            new += [(row, tokens) for tokens in others if tokens.tobytes() not in known]
        rows, targets = [row for row, _ in new], [tokens for _, tokens in new]
        scored = token_log_probabilities(network, vectors[rows], targets)
        for row, tokens, log_p in zip(rows, targets, scored, strict=True):
            candidates[row].append((tokens, log_p))
        weights = (self.weight * neighbours.trust).tolist()
        return list(map(self._ranked, candidates, theirs, weights))

    def _ranked(
        self,
        candidates: Sequence[tuple[Tokens, Floats]],
        theirs: dict[int, float],
        weight: float,
    ) -> list[Hypothesis]:
        """The descriptions of a vector by both parts, best first.

        Args:
            candidates: the tokens of each, and their log-probabilities by the network.
            theirs: the share of each description that the neighbours have.
            weight: of the neighbours.
        """
        targets = [tokens for tokens, _ in candidates]
        log_network = _padded([log_p for _, log_p in candidates], max(map(len, targets)), 0.0)
        descriptions, shares = [self.targets[label] for label in theirs], [*theirs.values()]
        begun = prefix_shares(targets, descriptions, np.array(shares))
        both = mixed_log_probabilities(log_network, begun, weight)
        ranked = []
        for tokens, row in zip(targets, both, strict=True):
            own = row[: len(tokens)]
            ended = int(tokens[-1] == BOUNDARY)
            ranked.append(Hypothesis(tokens[: len(tokens) - ended], float(own.mean()), own))
        return sorted(ranked, key=lambda each: -each.score)

    def continuations(self, vector: Floats, target: Tokens, vocabulary: int) -> Continuations:
        """What the neighbours of a vector (D,) make of a description (T,), token by token.

        Args:
            vocabulary: the number of tokens.
        """
        import torch

        from elman.tasks.seq2seq.explain import Continuations

        found = self.nearest.of(vector[None])
        next_tokens = np.zeros((len(target), vocabulary))
        for label, share in _summed(found.labels[0], found.shares[0]).items():
            tokens = self.targets[label]
            for index in range(min(len(target), len(tokens))):
                if np.array_equal(tokens[:index], target[:index]):
                    next_tokens[index, tokens[index]] += share
        begun = next_tokens.sum(1)
        return Continuations(
            torch.from_numpy(next_tokens / np.where(begun > 0, begun, 1)[:, None]),
            torch.from_numpy(begun),
            self.weight * float(found.trust[0]),
        )


def _summed(labels: npt.NDArray[np.integer[Any]], shares: Floats) -> dict[int, float]:
    """The share of each label."""
    found: dict[int, float] = {}
    for label, share in zip(labels.tolist(), shares.tolist(), strict=True):
        found[label] = found.get(label, 0.0) + share
    return found


def prefix_shares(
    candidates: Sequence[Tokens], descriptions: Sequence[Tokens], shares: Floats
) -> Floats:
    """(C, T) how probable the neighbours make each beginning of each candidate.

    Args:
        candidates, descriptions: C and J lists of tokens.
        shares: (J,) of the descriptions.
    """
    length = max(map(len, [*candidates, *descriptions]))
    ours, theirs = _padded(candidates, length, -1), _padded(descriptions, length, -2)
    begins = np.logical_and.accumulate(ours[:, None] == theirs, axis=2)  # (C, J, T)
    width = max(map(len, candidates))
    found: Floats = np.tensordot(shares, begins, ((0,), (1,)))[:, :width]
    return found


def _padded(rows: Sequence[npt.NDArray[Any]], length: int, value: float) -> npt.NDArray[Any]:
    """(C, T) rows of one length, filled up with a value."""
    table = np.full((len(rows), length), value, dtype=rows[0].dtype)
    for row, own in zip(table, rows, strict=True):
        row[: len(own)] = own
    return table


def mixed_log_probabilities(
    log_network: Floats, counts: Floats, weight: float
) -> npt.NDArray[np.float32]:
    """(C, T) the log-probability of each token by both parts, given the tokens before it.

    Args:
        log_network: (C, T) of each token by the network.
        counts: (C, T) of each beginning, by the neighbours.
        weight: of the neighbours, 0 to 1.
    """
    beginnings = np.cumsum(log_network, axis=1, dtype=np.float64)
    with np.errstate(divide="ignore"):
        both = np.logaddexp(beginnings + np.log1p(-weight), np.log(weight * counts))
    steps: npt.NDArray[np.floating[Any]] = np.diff(both, axis=1, prepend=0.0)
    return steps.clip(max=0.0).astype(np.float32)
