"""The lesson of a rewriter: a target for each source.

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

VALIDATED_TOGETHER = 2**13  # symbols of a batch, where nothing is learned from it
VALIDATED = 2**16  # symbols that a look reads, about: so much says which weights are the best


class Seq2SeqObjective(ExampleObjective):
    """A target for each source, symbol after symbol.

    Args:
        examples: the sources to learn from; targets: theirs, each ending with BOUNDARY.
        valid, valid_targets: to choose the best weights by.
        symbols: of a batch, of sources and targets together, padding among them.
        smoothing: of what is wanted, the share given to all symbols alike.
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
        symbols: int,
        smoothing: float,
        seed: int,
    ) -> None:
        passes = TokenBudgetSampler(examples.lengths + targets.lengths, symbols=symbols, seed=seed)
        super().__init__(network, examples, valid, passes)
        self.targets = targets
        self.valid_targets = valid_targets
        self.smoothing = smoothing
        # Of many pairs some, spread evenly: a look must not take long.
        lengths = valid.lengths + valid_targets.lengths
        every = max(1, int(lengths.sum()) // VALIDATED)
        self.looked_at = np.arange(0, len(lengths), every)

    def _loss(self, passages: PaddedBatch | Tensor, chosen: np.ndarray[Any, Any]) -> Tensor:
        return self.network.loss(passages, self.targets.passages(chosen), BOUNDARY, self.smoothing)

    def validate(self) -> float:
        """Nats a target symbol, smoothed as in training: weights that are too sure of themselves
        would otherwise be passed over although they write better."""
        total, symbols, network = 0.0, 0, self.network
        lengths = (self.valid.lengths + self.valid_targets.lengths)[self.looked_at]
        with eval_mode(network), torch.inference_mode(), fast_products(self.device):
            for places in by_length(lengths, len(lengths), VALIDATED_TOGETHER):
                chosen = self.looked_at[places]
                passages, targets = (
                    part.passages(chosen) for part in (self.valid, self.valid_targets)
                )
                loss = network.loss(passages, targets, BOUNDARY, self.smoothing)
                count = int(targets.lengths.sum())
                total, symbols = total + float(loss) * count, symbols + count
        return total / symbols
