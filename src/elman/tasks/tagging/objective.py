from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from elman.nn.encoder import PaddedBatch
from elman.nn.tagger import TaggerNetwork
from elman.tasks.tagging.dataset import SentenceDataset
from elman.training.dataset import in_batches
from elman.training.example_objective import TokenObjective


class TaggingObjective(TokenObjective):
    """A tag for each word.

    Args:
        tags: of each example its tags (T,).
        validation_metric: the tags found in the validation examples, (T,) each -> a loss,
            smaller is better.
        batch_size: B; seed: of the order of the examples.
    """

    network: TaggerNetwork
    valid: SentenceDataset

    def __init__(
        self,
        network: TaggerNetwork,
        examples: SentenceDataset,
        valid: SentenceDataset,
        *,
        tags: Sequence[np.ndarray[Any, Any]],
        validation_metric: Callable[[list[np.ndarray[Any, Any]]], float],
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(network, examples, valid, batch_size=batch_size, seed=seed)
        self.tags = tags
        self.validation_metric = validation_metric

    def _loss(self, padded: PaddedBatch, chosen: np.ndarray[Any, Any]) -> Tensor:
        picked = [torch.from_numpy(self.tags[place]) for place in chosen.tolist()]
        return self.network.loss(padded, nn.utils.rnn.pad_sequence(picked))

    def validate(self) -> float:
        return self.validation_metric(best_tags(self.network, self.valid))


def best_tags(
    network: TaggerNetwork,
    examples: SentenceDataset,
    best: Callable[[PaddedBatch], Tensor] | None = None,
) -> list[np.ndarray[Any, Any]]:
    """Of each example its best tags (T,), in the examples' order.

    Args:
        best: finds the tags (T, B) of a batch, with a part of the network; None: with all of it.
    """
    return of_each(examples, in_batches(network, examples, best or network.best))


def of_each(
    examples: SentenceDataset, batches: Iterable[tuple[np.ndarray[Any, Any], Tensor]]
) -> list[np.ndarray[Any, Any]]:
    """The tags (T,) of each example, in the examples' order.

    Args:
        examples: N sentences.
        batches: the indices (B,) of the examples in a batch, and their tags (T, B).
    """
    found: list[np.ndarray[Any, Any]] = [np.empty(0)] * len(examples)
    for chosen, tags in batches:
        rows = tags.t().numpy(force=True)
        for row, place in zip(rows, chosen.tolist(), strict=True):
            found[place] = row[: examples.lengths[place]]
    return found
