from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.nn.encoder import PaddedBatch
from elman.nn.pretraining import PretrainingHead
from elman.training.dataset import TokenDataset, in_batches
from elman.training.example_objective import ExampleObjective
from elman.training.samplers import BucketSampler


class PretrainingObjective(ExampleObjective):
    """The word to come, and in the other direction the word before."""

    network: PretrainingHead
    valid: TokenDataset

    def __init__(
        self,
        network: PretrainingHead,
        examples: TokenDataset,
        valid: TokenDataset,
        *,
        rows: int,
        seed: int,
    ) -> None:
        super().__init__(
            network, examples, valid, BucketSampler(examples.lengths, rows=rows, seed=seed)
        )
        self.shares: np.ndarray[Any, Any] | None = None  # (places,) of each word in the text
        if examples.forms is not None:
            counts = np.bincount(np.concatenate(examples.rows), minlength=len(examples.forms))
            self.shares = np.maximum(counts, 1) / examples.tokens

    def _loss(self, padded: PaddedBatch, chosen: np.ndarray[Any, Any]) -> Tensor:  # noqa: ARG002
        return self._answer(padded)

    def _log_chances(self, padded: PaddedBatch) -> Tensor:
        """Of each row of the reader's table to be in a batch of as many tokens: one minus the
        chance that every one of them is another."""
        if padded.words is None or self.shares is None:
            return torch.zeros(self.network.encoder.config.blocks.vocabulary)
        share = torch.from_numpy(self.shares[padded.words.form_indices.numpy()])
        return (-(padded.lengths.sum() * (-share).log1p()).expm1()).log().float()

    def validate(self) -> float:
        total = 0.0
        for chosen, loss in in_batches(self.network, self.valid, self._answer):
            total += float(loss) * len(chosen)
        return total / len(self.valid)

    def _answer(self, padded: PaddedBatch) -> Tensor:
        loss: Tensor = self.network(padded, self._log_chances(padded))
        return loss
