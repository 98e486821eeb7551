"""Many to one: an encoder's vectors, pooled over time, and one linear layer.

Shapes: B batch, T time, R the encoder's hidden size (all directions), K classes, M members.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from elman.nn.blocks import NetworkState, linear
from elman.nn.config import EncoderConfig
from elman.nn.encoder import Encoder, EncoderStep, PaddedBatch

BELOW_ALL = -1e4  # below every element of a vector, and finite in every dtype


class PoolingState(NamedTuple):
    """The running pooled state of a text; its size does not depend on the text's length."""

    states: tuple[NetworkState, ...]
    most: Tensor  # (B, R) the running maximum of each element
    total: Tensor  # (B, R) the running sum of each element
    tokens: Tensor  # (B, 1) the number of tokens so far


class ClassifierNetwork(nn.Module):
    """An ensemble of classifiers: the mean of its members' probabilities.

    A member pools its encoder's vectors over time, by maximum and by mean, and maps them to logits.
    Both can be updated token by token, so a running prediction costs one forward pass. Members
    differ in their initial weights only; an ensemble helps most where there are few texts.

    Source: J. Howard, S. Ruder, 'Universal Language Model Fine-tuning for Text Classification'
    (2018), section 3.3, for the pooling (here without the last state); B. Lakshminarayanan,
    A. Pritzel, C. Blundell, 'Simple and Scalable Predictive Uncertainty Estimation using Deep
    Ensembles' (2017), section 2.4.

    Args:
        config: of each member's encoder; kept as `.config`.
        classes: K.
        dropout: the probability for the encoder's inputs and for the pooled vector.
        members: M.
    """

    def __init__(
        self, config: EncoderConfig, classes: int, dropout: float, members: int = 1
    ) -> None:
        super().__init__()
        self.config = config
        self.classes = classes
        self.dropout = nn.Dropout(dropout)
        self.members = nn.ModuleList(
            nn.ModuleDict(
                {
                    "encoder": Encoder(config, dropout),
                    "output": linear(2 * config.hidden_size, classes, scale=0.5),
                }
            )
            for _ in range(members)
        )

    @property
    def encoders(self) -> list[Encoder]:
        """One for each member."""
        return [cast("Encoder", member["encoder"]) for member in self._members()]

    @property
    def outputs(self) -> list[nn.Linear]:
        """The last layer of each member, from maximum and mean (2 R) to logits (K)."""
        return [cast("nn.Linear", member["output"]) for member in self._members()]

    def _members(self) -> list[nn.ModuleDict]:
        return [cast("nn.ModuleDict", member) for member in self.members]

    def initial_state(self, batch_size: int) -> tuple[PoolingState, ...]:
        """Each member's state before the first token."""
        zeros = self.outputs[0].weight.new_zeros(batch_size, self.config.hidden_size)
        return tuple(
            PoolingState(
                encoder.initial_states(batch_size),
                torch.full_like(zeros, BELOW_ALL),
                zeros,
                zeros.new_zeros(batch_size, 1),
            )
            for encoder in self.encoders
        )

    def member_logits(
        self,
        padded: PaddedBatch,
        states: tuple[PoolingState, ...] | None = None,
        encoders: Sequence[EncoderStep] | None = None,
    ) -> tuple[Tensor, tuple[PoolingState, ...]]:
        """The logits of each member after each row's last token; the loss of each is its own.

        Args:
            padded: B texts, or the next tokens of each.
            states: each member's state before these tokens. Only an encoder of one direction can
                continue: the other direction starts at the end of a text.
            encoders: replacements for the members' encoders that compute the same.

        Returns:
            (M, B, K) float32, and each member's state after these tokens.
        """
        states = self.initial_state(len(padded.lengths)) if states is None else states
        steps: Sequence[EncoderStep] = encoders or self.encoders
        logits, after = [], []
        for encoder, output, before in zip(steps, self.outputs, states, strict=True):
            vectors, encoder_states = encoder(padded, before.states)
            pooled = _pooled(before, vectors, padded, encoder_states)
            # A row that has had no token yet is pooled to zeros.
            most = pooled.most.where(pooled.tokens > 0, 0.0)
            mean = pooled.total / pooled.tokens.clamp(min=1)
            logits.append(self._logits(output, most, mean).float())
            after.append(pooled)
        return torch.stack(logits), tuple(after)

    def forward(
        self,
        padded: PaddedBatch,
        states: tuple[PoolingState, ...] | None = None,
        encoders: Sequence[EncoderStep] | None = None,
    ) -> tuple[Tensor, tuple[PoolingState, ...]]:
        """As `member_logits`, but the logs of the members' mean probabilities (B, K)."""
        logits, after = self.member_logits(padded, states, encoders)
        return self.log_mean_probabilities(logits), after

    def running_logits(self, member: int, vectors: tuple[Tensor, ...]) -> Tensor:
        """The logits (T, B, K) of one member after each token.

        Args:
            member: its index.
            vectors: what its encoder returned for rows without padding. With two directions only
                the logits after the last token are those of the text.
        """
        y = torch.cat(vectors, 2)
        counts = torch.arange(1, len(y) + 1, device=y.device)[:, None, None]
        return self._logits(self.outputs[member], y.cummax(0).values, y.cumsum(0) / counts)

    def _logits(self, output: nn.Linear, most: Tensor, mean: Tensor) -> Tensor:
        logits: Tensor = output(self.dropout(torch.cat([most, mean], -1)))
        return logits

    @staticmethod
    def log_mean_probabilities(logits: Tensor) -> Tensor:
        """Each member's logits (M, ..., K) -> the logs of their mean probabilities (..., K)."""
        return logits.log_softmax(-1).logsumexp(0) - math.log(len(logits))


def _pooled(
    before: PoolingState,
    vectors: tuple[Tensor, ...],
    padded: PaddedBatch,
    encoder_states: tuple[NetworkState, ...],
) -> PoolingState:
    """The state after more vectors, (T, B, R / directions) for each direction."""
    padding = ~padded.real
    most, total = [], []
    for y in vectors:
        most.append(y.masked_fill(padding, BELOW_ALL).amax(0).float())
        total.append(y.masked_fill(padding, 0).sum(0, dtype=torch.float32))
    return PoolingState(
        encoder_states,
        torch.maximum(before.most, torch.cat(most, 1)),
        before.total + torch.cat(total, 1),
        before.tokens + padded.lengths[:, None],
    )
