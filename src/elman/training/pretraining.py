"""The objective of pretraining: predict the next token, and the previous one.

Shapes: N examples, B rows of a batch, F distinct words of a batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.nn.encoder import PaddedBatch
from elman.nn.pretraining import PretrainingHead
from elman.training.dataset import TokenDataset, in_batches
from elman.training.example_objective import TokenObjective


class PretrainingObjective(TokenObjective):
    """Predict the next token and, in the backward direction, the previous one.

    Args:
        network: the encoder with its head.
        examples: unlabelled texts to train on.
        valid: unlabelled texts to validate on.
        batch_size: B.
        seed: of the order of the examples.
    """

    network: PretrainingHead

    def __init__(
        self,
        network: PretrainingHead,
        examples: TokenDataset,
        valid: TokenDataset,
        *,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(network, examples, valid, batch_size=batch_size, seed=seed)
        self.frequencies: np.ndarray[Any, Any] | None = None  # of each word, 0 to 1
        if examples.forms is not None:
            counts = np.bincount(np.concatenate(examples.rows), minlength=len(examples.forms))
            self.frequencies = np.maximum(counts, 1) / examples.tokens

    def _loss(self, padded: PaddedBatch, chosen: np.ndarray[Any, Any]) -> Tensor:  # noqa: ARG002
        return self._mean_loss(padded)

    def log_inclusion_probability(self, padded: PaddedBatch) -> Tensor:
        """(F,) log P(word in batch): one minus the probability that no token is that word."""
        if padded.words is None or self.frequencies is None:
            return torch.zeros(self.network.encoder.config.blocks.vocabulary)
        p = torch.from_numpy(self.frequencies[padded.words.form_indices.numpy()])
        return (-(padded.lengths.sum() * (-p).log1p()).expm1()).log().float()

    def validate(self) -> float:
        total = 0.0
        for chosen, loss in in_batches(self.network, self.valid, self._mean_loss):
            total += float(loss) * len(chosen)
        return total / len(self.valid)

    def _mean_loss(self, padded: PaddedBatch) -> Tensor:
        loss: Tensor = self.network(padded, self.log_inclusion_probability(padded))
        return loss
