"""A network and n-grams as one model: p = g p_network + (1 - g) p_counts.

The gate g depends on what is known before the token comes: how long a context the counts have seen,
how much mass they leave to shorter ones, and how uncertain the network is.

Shapes: V vocabulary, N order of the n-grams, K tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from elman.counts.ngrams import NGrams

Floats = npt.NDArray[np.floating[Any]]
Contexts = npt.NDArray[np.int64]

SMALL_MASS = 1e-3
"""Added to the mass before its logarithm. The native core and the page's runtime have the same; the
tests of the step and of the page hold all three equal."""

CLOSED = -40.0
"""Log-odds of a network whose share is 0 in the precision of probabilities."""

_RIDGE = 1e-4
_STEPS = 100


_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")
"""Where weights are too large, results are not numbers, as torch's are: whoever draws from them
refuses them."""


@dataclass(frozen=True)
class Gate:
    """The log-odds of the network: bias[matched] + mass log(m + 0.001) + entropy H.

    Attributes:
        bias: (N,) by the number of orders above 1 that have seen the context.
        mass: weight of the logarithm of m, the mass that the highest of them leaves.
        entropy: weight of H, the entropy of the network's distribution in nats.
    """

    bias: tuple[float, ...]
    mass: float
    entropy: float

    @classmethod
    def closed(cls, orders: int) -> Gate:
        """The gate that leaves the network no share, for N orders of n-grams."""
        return cls((CLOSED,) * orders, 0.0, 0.0)

    @classmethod
    def fit(
        cls,
        orders: int,
        matched: npt.NDArray[Any],
        mass: npt.NDArray[Any],
        entropy: npt.NDArray[Any],
        log_network: npt.NDArray[Any],
        log_counts: npt.NDArray[Any],
    ) -> Gate:
        """Maximise the likelihood of held-out tokens.

        Args:
            orders: N.
            matched, mass: (K,) of `NGrams.evidence`.
            entropy: (K,) of the network.
            log_network, log_counts: (K,) the log-probability of each token by either part.
        """
        import torch
        from torch.nn.functional import logsigmoid

        features = torch.cat([torch.eye(orders), torch.zeros(orders, 2)], dim=1).double()
        x = features[torch.from_numpy(matched)]
        x[:, orders] = torch.from_numpy(np.log(mass + SMALL_MASS))
        x[:, orders + 1] = torch.from_numpy(entropy)
        network, counts = (torch.from_numpy(each).double() for each in (log_network, log_counts))
        weights = torch.zeros(orders + 2, dtype=torch.float64, requires_grad=True)
        search = torch.optim.LBFGS([weights], max_iter=_STEPS, line_search_fn="strong_wolfe")

        def loss() -> torch.Tensor:
            search.zero_grad()
            z = x @ weights
            both = torch.logaddexp(logsigmoid(z) + network, logsigmoid(-z) + counts)
            total = _RIDGE * weights.square().sum() - both.mean()
            total.backward()  # type: ignore[no-untyped-call]
            return total

        search.step(loss)  # type: ignore[no-untyped-call]
        *bias, of_mass, of_entropy = weights.tolist()
        return cls(tuple(bias), of_mass, of_entropy)

    def log_odds(
        self, matched: npt.NDArray[Any], mass: npt.NDArray[Any], entropy: Floats
    ) -> Floats:
        """(K,) log(g / (1 - g)) of contexts; the arguments are those of `fit`."""
        known = np.asarray(self.bias)[matched] + self.mass * np.log(mass + SMALL_MASS)
        odds: Floats = (known + self.entropy * entropy).astype(entropy.dtype)
        return odds


class Weighed(NamedTuple):
    """Both parts of a mixture at K positions.

    Attributes:
        log_odds: (K,) log(g / (1 - g)).
        log_network: (K, V) log-probabilities of the network.
        counts: (K, V) probabilities of the counts.
    """

    log_odds: Floats
    log_network: Floats
    counts: Floats


@dataclass(frozen=True, eq=False)
class Mixture:
    """N-grams beside a network, and the gate between the two."""

    counts: NGrams
    gate: Gate

    @_quiet
    def mix(self, logits: Floats, contexts: Contexts) -> Floats:
        """(K, V) the log-probabilities of both.

        Args:
            logits: (K, V) of the network.
            contexts: (K, N - 1) of the counts.
        """
        odds, log_network, counts = self.weigh(logits, contexts)
        z = odds[:, None]
        both: Floats = np.logaddexp(
            log_network - np.logaddexp(0, -z), np.log(counts) - np.logaddexp(0, z)
        )
        return both

    @_quiet
    def probabilities(self, logits: Floats, contexts: Contexts) -> Floats:
        """The exponential of `mix`, (K, V), without a logarithm of each token."""
        log_total, entropy = normalisation_of(logits)
        network = np.exp(logits - log_total[:, None])
        odds = self.gate.log_odds(*self.counts.evidence(contexts), entropy)
        counts = self.counts.distribution(contexts).astype(network.dtype)
        share = np.exp(-np.logaddexp(0, -odds))[:, None]
        both: Floats = counts + share * (network - counts)
        return both

    @_quiet
    def mixed(
        self, log_p: Floats, entropies: Floats, contexts: Contexts, targets: npt.NDArray[Any]
    ) -> dict[str, Floats]:
        """The log-probabilities of targets (K,) by both parts, and by each.

        Args:
            log_p, entropies: (K,) of the network.
            contexts: (K, N - 1) of the n-grams.
            targets: (K,).
        """
        log_counts = np.log(self.counts.probabilities(contexts, np.asarray(targets, np.int64)))
        z = self.gate.log_odds(*self.counts.evidence(contexts), entropies)
        both = np.logaddexp(log_p - np.logaddexp(0, -z), log_counts - np.logaddexp(0, z))
        return {"both": both, "network": log_p, "counts": log_counts}

    @_quiet
    def weigh(self, logits: Floats, contexts: Contexts) -> Weighed:
        """What each part says, and how much it counts; the arguments are those of `mix`."""
        log_total, entropy = normalisation_of(logits)
        log_network = logits - log_total[:, None]
        odds = self.gate.log_odds(*self.counts.evidence(contexts), entropy)
        counts = self.counts.distribution(contexts).astype(log_network.dtype)
        return Weighed(odds, log_network, counts)


@_quiet
def normalisation_of(logits: Floats) -> tuple[Floats, Floats]:
    """(..., V) finite logits -> the logarithm of the sum of their exponentials (...), and the
    entropy of their softmax in nats (...)."""
    less = logits - logits.max(-1, keepdims=True)
    exponentials = np.exp(less)
    total = exponentials.sum(-1)
    log_sum = np.log(total)
    entropy = log_sum - np.einsum("...v,...v->...", exponentials, less) / total
    return logits.max(-1) + log_sum, entropy


@_quiet
def log_softmax(logits: Floats) -> Floats:
    """(..., V) logits -> the logarithms of their softmax."""
    return logits - normalisation_of(logits)[0][..., None]
