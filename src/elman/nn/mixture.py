"""A network and n-grams as one model: p = g p_network + (1 - g) p_counts.

The gate g depends on what is known before the token comes: how long a context the counts have seen,
how much mass they leave to shorter ones, and how uncertain the network is.

Shapes: B rows, T time, V vocabulary, N order of the n-grams, K tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from elman.counts.ngrams import NGrams
from elman.nn.blocks import NetworkState, StackConfig
from elman.nn.language_model import LanguageModelNetwork

SMALL_MASS = 1e-3
"""Added to the mass before its logarithm. The native core and the page's runtime have the same; the
tests of the step and of the page hold all three equal."""

CLOSED = -40.0
"""Log-odds of a network whose share is 0 in the precision of probabilities."""

_RIDGE = 1e-4
_STEPS = 100


class MixtureState(NamedTuple):
    """The state of both parts."""

    network: NetworkState
    contexts: Tensor  # (B, N - 1) int64, see `elman.counts.ngrams.NGrams`


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
        features = torch.cat([torch.eye(orders), torch.zeros(orders, 2)], dim=1).double()
        x = features[torch.from_numpy(matched)]
        x[:, orders] = torch.from_numpy(np.log(mass + SMALL_MASS))
        x[:, orders + 1] = torch.from_numpy(entropy)
        network, counts = (torch.from_numpy(each).double() for each in (log_network, log_counts))
        weights = torch.zeros(orders + 2, dtype=torch.float64, requires_grad=True)
        search = torch.optim.LBFGS([weights], max_iter=_STEPS, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
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
        self, matched: npt.NDArray[Any], mass: npt.NDArray[Any], entropy: Tensor
    ) -> Tensor:
        """(K,) log(g / (1 - g)) of contexts; the arguments are those of `fit`."""
        known = np.asarray(self.bias)[matched] + self.mass * np.log(mass + SMALL_MASS)
        return torch.from_numpy(known).to(entropy) + self.entropy * entropy


class Weighed(NamedTuple):
    """Both parts of a mixture at K positions.

    Attributes:
        log_odds: (K,) log(g / (1 - g)).
        log_network: (K, V) log-probabilities of the network.
        counts: (K, V) probabilities of the counts.
    """

    log_odds: Tensor
    log_network: Tensor
    counts: Tensor


class Mixture(nn.Module):
    """A network beside n-grams; it answers as a `LanguageModelNetwork` does.

    Args:
        network: kept as `.network`.
        counts: of the same vocabulary; at least one order above 1.
        gate: between the two.
    """

    def __init__(self, network: LanguageModelNetwork, counts: NGrams, gate: Gate) -> None:
        super().__init__()
        self.network = network
        self.counts = counts
        self.gate = gate

    @property
    def config(self) -> StackConfig:
        return self.network.config

    def initial_state(self, batch_size: int) -> MixtureState:
        contexts = torch.from_numpy(self.counts.start(batch_size))
        return MixtureState(self.network.initial_state(batch_size), contexts)

    def forward(self, tokens: Tensor, state: MixtureState) -> tuple[Tensor, MixtureState]:
        """tokens (B, T) integers -> log-probabilities (B, T, V), the state after the last."""
        logits, after = self.network(tokens, state.network)
        pairs = zip(tokens.cpu().numpy(), state.contexts.cpu().numpy(), strict=True)
        contexts = np.stack([self.counts.states(row, before) for row, before in pairs])
        log_p = self.mix(logits.flatten(0, 1), contexts.reshape(-1, contexts.shape[-1]))
        last = torch.from_numpy(contexts[:, -1].copy())
        return log_p.view_as(logits), MixtureState(after, last)

    def step(self, tokens: Tensor, logits: Tensor, contexts: Tensor) -> tuple[Tensor, Tensor]:
        """The log-probabilities (B, V) after one more token (B,) of each row.

        Args:
            tokens: (B,) the tokens.
            logits: (B, V) of the network, after them.
            contexts: (B, N - 1) before them.

        Returns:
            The log-probabilities, and the contexts after the tokens.
        """
        after = self.counts.advance(contexts.cpu().numpy(), tokens.cpu().numpy())
        return self.mix(logits, after), torch.from_numpy(after)

    def mix(self, logits: Tensor, contexts: npt.NDArray[np.int64]) -> Tensor:
        """(K, V) the log-probabilities of both.

        Args:
            logits: (K, V) of the network.
            contexts: (K, N - 1) of the counts.
        """
        odds, log_network, counts = self.weigh(logits, contexts)
        z = odds[:, None]
        return torch.logaddexp(logsigmoid(z) + log_network, logsigmoid(-z) + counts.log())

    def probabilities(self, logits: Tensor, contexts: npt.NDArray[np.int64]) -> Tensor:
        """The exponential of `mix`, (K, V), without a logarithm of each token."""
        log_total, entropy = normalisation_of(logits)
        network = (logits.float() - log_total[:, None]).exp_()
        log_odds = self.gate.log_odds(*self.counts.evidence(contexts), entropy)
        counts = torch.from_numpy(self.counts.distribution(contexts)).to(network)
        return counts.lerp_(network, log_odds.sigmoid()[:, None])

    def weigh(self, logits: Tensor, contexts: npt.NDArray[np.int64]) -> Weighed:
        """What each part says, and how much it counts; the arguments are those of `mix`."""
        log_total, entropy = normalisation_of(logits)
        log_network = logits.float() - log_total[:, None]
        log_odds = self.gate.log_odds(*self.counts.evidence(contexts), entropy)
        counts = torch.from_numpy(self.counts.distribution(contexts)).to(log_network)
        return Weighed(log_odds, log_network, counts)


def normalisation_of(logits: Tensor) -> tuple[Tensor, Tensor]:
    """(..., V) finite logits -> the logarithm of the sum of their exponentials (...), and the
    entropy of their softmax in nats (...), in float32 from one exponential each."""
    logits = logits.float()
    highest = logits.amax(-1, keepdim=True)
    exponentials = (logits - highest).exp_()
    total = exponentials.sum(-1)
    log_total = highest[..., 0] + total.log()
    return log_total, log_total - torch.linalg.vecdot(exponentials, logits) / total


LanguageNetwork = LanguageModelNetwork | Mixture
"""What maps tokens and a state to the next token's logits and the state after."""

LanguageState = NetworkState | MixtureState
"""The state of a `LanguageNetwork`."""
