"""Dynamic evaluation: a copy of a language model that trains on what is written.

Shapes: N tokens of a line.
"""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from torch.nn import functional

from elman.tasks.language_modeling.model import LanguageModel
from elman.text.tokenizers.tokenizer import BOUNDARY

LEARNING_RATE = 0.01
DECAY = 0.01  # fraction of the distance to the trained weights that each step goes back
MAX_TOKENS = 200  # of a line; the rest is not trained on
MAX_GRAD_NORM = 10.0


class DynamicEvaluation:
    """A copy of a model that takes one step of gradient descent after each line.

    Source: T. Mikolov et al., 'Recurrent Neural Network Based Language Model' (2010); the decay
    towards the trained weights: B. Krause et al., 'Dynamic Evaluation of Neural Sequence Models'
    (2018), section 5.

    Args:
        model: the trained model, which stays unchanged.

    Attributes:
        model: the copy.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.model = copy.deepcopy(model)
        self._weights = list(self.model.network_.parameters())
        self._trained = [each.detach().clone() for each in self._weights]

    def learn(self, line: str) -> None:
        """Take one step on a line. Skips an empty line, and a gradient that is not finite."""
        tokens = np.r_[BOUNDARY, self.model.tokenizer_.encode(line), BOUNDARY]
        if len(tokens) <= 2:  # boundaries only
            return
        x = torch.from_numpy(tokens[:MAX_TOKENS].astype(np.int64)).to(self._weights[0].device)
        network = self.model.network_
        with torch.enable_grad():
            for weight in self._weights:
                weight.requires_grad_()
            logits, _ = network(x[None, :-1], network.initial_state(1))
            loss = functional.cross_entropy(logits[0], x[1:], reduction="sum")
            gradients = torch.autograd.grad(loss, self._weights)
        norm = float(torch.linalg.vector_norm(torch.stack([each.norm() for each in gradients])))
        if not math.isfinite(norm):
            return
        rate = LEARNING_RATE * MAX_GRAD_NORM / max(norm, MAX_GRAD_NORM)
        with torch.no_grad():
            for weight, gradient, trained in zip(
                self._weights, gradients, self._trained, strict=True
            ):
                weight.sub_(gradient, alpha=rate).lerp_(trained, DECAY)

    def forget(self) -> None:
        """Restore the trained weights: the effect of single lines cannot be removed."""
        with torch.no_grad():
            for weight, trained in zip(self._weights, self._trained, strict=True):
                weight.copy_(trained)
