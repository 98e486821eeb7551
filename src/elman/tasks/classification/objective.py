from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from elman.nn.classifier import ClassifierNetwork
from elman.nn.encoder import PaddedBatch
from elman.training.dataset import TokenDataset, in_batches
from elman.training.example_objective import TokenObjective


class ClassificationObjective(TokenObjective):
    """Which class a text is of.

    Args:
        classes: (N,) of the examples; valid_classes: of those to choose by.
        validation_metric: logits (N, K) and classes (N,) -> a loss, smaller is better.
        batch_size: B; seed: of the order of the examples.
        class_weights: (K,) of the classes, or None where all weigh the same.
        sample_weights: (N,) of the examples, with a mean of 1, or None where all weigh the same.
        smoothing: of the labels, the share given to all classes alike (C. Szegedy et al.,
            'Rethinking the Inception Architecture for Computer Vision', 2016, section 7).
    """

    network: ClassifierNetwork

    def __init__(
        self,
        network: ClassifierNetwork,
        examples: TokenDataset,
        valid: TokenDataset,
        *,
        classes: np.ndarray[Any, Any],
        valid_classes: np.ndarray[Any, Any],
        validation_metric: Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any]], float],
        class_weights: Tensor | None,
        sample_weights: Tensor | None,
        smoothing: float,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(network, examples, valid, batch_size=batch_size, seed=seed)
        self.classes = torch.from_numpy(classes)
        self.valid_classes = valid_classes
        self.validation_metric = validation_metric
        self.class_weights = class_weights
        self.sample_weights = sample_weights
        self.smoothing = smoothing

    def _loss(self, padded: PaddedBatch, chosen: np.ndarray[Any, Any]) -> Tensor:
        logits, _ = self.network.member_logits(padded)
        rows = torch.from_numpy(chosen)
        wanted = self.classes[rows].repeat(len(logits))
        loss = partial(
            functional.cross_entropy,
            logits.flatten(0, 1),
            wanted,
            weight=self.class_weights,
            label_smoothing=self.smoothing,
        )
        if self.sample_weights is None:
            mean: Tensor = loss()
            return mean
        weights = self.sample_weights[rows].repeat(len(logits))
        total = len(wanted) if self.class_weights is None else self.class_weights[wanted].sum()
        weighted: Tensor = (weights * loss(reduction="none")).sum() / total
        return weighted

    def validate(self) -> float:
        return self.validation_metric(class_logits(self.network, self.valid), self.valid_classes)


def class_logits(network: ClassifierNetwork, examples: TokenDataset) -> np.ndarray[Any, Any]:
    """(N, K) float32, in the examples' order."""
    logits = np.empty((len(examples), network.classes), dtype=np.float32)
    for chosen, found in in_batches(network, examples, lambda padded: network(padded)[0]):
        logits[chosen] = found.numpy(force=True)
    return logits
