"""A copy of a language model that goes on learning from what is written.

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

RATE = 0.01  # of a step
PULL = 0.01  # of the way back to the model's own weights, at each step
LONGEST = 200  # tokens that are learned from, a line's first
MOST = 10.0  # the length of a line's gradient; a longer one is shortened to it


class DynamicEvaluation:
    """A model's copy takes a step of gradient descent after each line.

    T. Mikolov et al., 'Recurrent Neural Network Based Language Model', 2010; the pull back to the
    weights that were trained is of section 5 of B. Krause et al., 'Dynamic Evaluation of Neural
    Sequence Models', 2018.

    Attributes:
        model: the copy, as it is by now.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.model = copy.deepcopy(model)
        self._weights = list(self.model.network_.parameters())
        self._trained = [each.detach().clone() for each in self._weights]

    def learn(self, line: str) -> None:
        """One step on a whole line, read from the beginning; none where it is empty, or where its
        gradient is not a number."""
        tokens = np.r_[BOUNDARY, self.model.tokenizer_.encode(line), BOUNDARY]
        if len(tokens) <= 2:  # boundaries alone
            return
        x = torch.from_numpy(tokens[:LONGEST].astype(np.int64)).to(self._weights[0].device)
        network = self.model.network_
        with torch.enable_grad():
            for weight in self._weights:
                weight.requires_grad_()
            logits, _ = network(x[None, :-1], network.initial_state(1))
            loss = functional.cross_entropy(logits[0], x[1:], reduction="sum")
            gradients = torch.autograd.grad(loss, self._weights)
        length = float(torch.linalg.vector_norm(torch.stack([each.norm() for each in gradients])))
        if not math.isfinite(length):
            return
        rate = RATE * MOST / max(length, MOST)
        with torch.no_grad():
            for weight, gradient, trained in zip(
                self._weights, gradients, self._trained, strict=True
            ):
                weight.sub_(gradient, alpha=rate).lerp_(trained, PULL)

    def forget(self) -> None:
        """Be what was trained again: single lines cannot be taken out of weights."""
        with torch.no_grad():
            for weight, trained in zip(self._weights, self._trained, strict=True):
                weight.copy_(trained)
