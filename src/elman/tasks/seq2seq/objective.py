"""The objective of an encoder-decoder: a target for each source.

Shapes: N examples, B rows of a batch, D width of a vector.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.nn.encoder import PaddedBatch
from elman.nn.seq2seq import EncoderDecoder
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.training.dataset import Dataset, TokenDataset
from elman.training.eval_mode import eval_mode
from elman.training.example_objective import ExampleObjective
from elman.training.precision import fast_products
from elman.training.samplers import TokenBudgetSampler, by_length

VALIDATED_TOGETHER = 2**13  # tokens of a batch, where nothing is learned from it
VALIDATED = 2**16  # tokens that a look reads, about: so much says which weights are the best


class Seq2SeqObjective(ExampleObjective):
    """A target for each source, token after token.

    Args:
        examples: the sources to learn from; targets: theirs, each ending with BOUNDARY.
        valid, valid_targets: to choose the best weights by.
        tokens: of a batch, of sources and targets together, padding among them.
        smoothing: of what is wanted, the share given to all tokens alike.
        seed: of the order of the examples.
    """

    network: EncoderDecoder

    def __init__(
        self,
        network: EncoderDecoder,
        examples: Dataset,
        valid: Dataset,
        *,
        targets: TokenDataset,
        valid_targets: TokenDataset,
        tokens: int,
        smoothing: float,
        seed: int,
    ) -> None:
        sampler = TokenBudgetSampler(
            examples.lengths + targets.lengths, tokens_per_batch=tokens, seed=seed
        )
        super().__init__(network, examples, valid, sampler)
        self.targets = targets
        self.valid_targets = valid_targets
        self.smoothing = smoothing
        # Of many pairs some, spread evenly: a look must not take long.
        lengths = valid.lengths + valid_targets.lengths
        every = max(1, int(lengths.sum()) // VALIDATED)
        self.looked_at = np.arange(0, len(lengths), every)

    def _loss(self, padded: PaddedBatch | Tensor, chosen: np.ndarray[Any, Any]) -> Tensor:
        return self.network.loss(padded, self.targets.collate(chosen), BOUNDARY, self.smoothing)

    def validate(self) -> float:
        """Nats a target token, smoothed as in training: weights that are too sure of themselves
        would otherwise be passed over although they write better."""
        total, tokens, network = 0.0, 0, self.network
        lengths = (self.valid.lengths + self.valid_targets.lengths)[self.looked_at]
        with eval_mode(network), torch.inference_mode(), fast_products(self.device):
            for places in by_length(lengths, len(lengths), VALIDATED_TOGETHER):
                chosen = self.looked_at[places]
                padded, targets = (
                    part.collate(chosen) for part in (self.valid, self.valid_targets)
                )
                loss = network.loss(padded, targets, BOUNDARY, self.smoothing)
                count = int(targets.lengths.sum())
                total, tokens = total + float(loss) * count, tokens + count
        return total / tokens
