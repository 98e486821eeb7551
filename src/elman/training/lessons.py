"""Lessons of a reader: a class for each text, a tag for each word, or the word to come.

Shapes: N examples, B rows of a batch, T time, K classes or tags.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from elman.network import ClassNetwork, Foreteller, Passages, TagNetwork
from elman.training.examples import Examples, Sources, answers
from elman.training.passes import Passes, RowPasses
from elman.training.precision import fast_products


class ExampleLesson(ABC):
    """Pass after pass over examples; nothing is carried from step to step but the weights.

    Args:
        examples: to learn from; valid: to choose the best weights by.
        passes: which of the examples each step reads, and how long they are.
    """

    def __init__(
        self, network: nn.Module, examples: Sources, valid: Sources, passes: Passes
    ) -> None:
        self.network = network
        self.examples = examples
        self.valid = valid
        self.passes = passes
        self.device = next(network.parameters()).device

    def loss(self, step: int) -> tuple[Tensor, int]:
        """The mean loss of a step's batch, and how many symbols it read."""
        chosen = self.passes.at(step)
        passages = self.examples.passages(chosen)
        with fast_products(self.device):
            return self._loss(passages, chosen), int(self.passes.lengths[chosen].sum())

    @abstractmethod
    def _loss(self, passages: Any, chosen: np.ndarray[Any, Any]) -> Tensor:
        """Of the examples chosen (B,)."""

    @abstractmethod
    def validate(self) -> float:
        """The mean loss of the validation examples."""

    def carried(self) -> Iterator[Tensor]:
        """Nothing: every text is read from its beginning."""
        return iter(())

    def carry(self, tensors: Iterator[Tensor]) -> None:  # noqa: B027
        """There is nothing to put back."""


class ClassLesson(ExampleLesson):
    """Which class a text is of.

    Args:
        classes: (N,) of the examples; valid_classes: of those to choose by.
        judge: logits (N, K) and classes (N,) -> a loss, smaller is better.
        rows: B; seed: of the order of the examples.
        weights: (K,) of the classes, or None where all weigh the same.
        smoothing: of the labels, the share given to all classes alike (C. Szegedy et al.,
            'Rethinking the Inception Architecture for Computer Vision', 2016, section 7).
    """

    network: ClassNetwork
    valid: Examples

    def __init__(
        self,
        network: ClassNetwork,
        examples: Examples,
        valid: Examples,
        *,
        classes: np.ndarray[Any, Any],
        valid_classes: np.ndarray[Any, Any],
        judge: Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any]], float],
        weights: Tensor | None,
        smoothing: float,
        rows: int,
        seed: int,
    ) -> None:
        super().__init__(
            network, examples, valid, RowPasses(examples.lengths, rows=rows, seed=seed)
        )
        self.classes = torch.from_numpy(classes)
        self.valid_classes = valid_classes
        self.judge = judge
        self.weights = weights
        self.smoothing = smoothing

    def _loss(self, passages: Passages, chosen: np.ndarray[Any, Any]) -> Tensor:
        logits, _ = self.network.each(passages)
        wanted = self.classes[torch.from_numpy(chosen)].repeat(len(logits))
        return functional.cross_entropy(
            logits.flatten(0, 1), wanted, weight=self.weights, label_smoothing=self.smoothing
        )

    def validate(self) -> float:
        return self.judge(class_logits(self.network, self.valid), self.valid_classes)


def class_logits(network: ClassNetwork, examples: Examples) -> np.ndarray[Any, Any]:
    """(N, K) float32, in the examples' order."""
    logits = np.empty((len(examples), network.classes), dtype=np.float32)
    for chosen, found in answers(network, examples, lambda passages: network(passages)[0]):
        logits[chosen] = found.numpy(force=True)
    return logits


class TagLesson(ExampleLesson):
    """A tag for each word.

    Args:
        tags: of each example its tags (T,).
        judge: the tags found in the validation examples, (T,) each -> a loss, smaller is better.
        rows: B; seed: of the order of the examples.
    """

    network: TagNetwork
    valid: Examples

    def __init__(
        self,
        network: TagNetwork,
        examples: Examples,
        valid: Examples,
        *,
        tags: Sequence[np.ndarray[Any, Any]],
        judge: Callable[[list[np.ndarray[Any, Any]]], float],
        rows: int,
        seed: int,
    ) -> None:
        super().__init__(
            network, examples, valid, RowPasses(examples.lengths, rows=rows, seed=seed)
        )
        self.tags = tags
        self.judge = judge

    def _loss(self, passages: Passages, chosen: np.ndarray[Any, Any]) -> Tensor:
        picked = [torch.from_numpy(self.tags[place]) for place in chosen.tolist()]
        return self.network.loss(passages, nn.utils.rnn.pad_sequence(picked))

    def validate(self) -> float:
        return self.judge(best_tags(self.network, self.valid))


def best_tags(network: TagNetwork, examples: Examples) -> list[np.ndarray[Any, Any]]:
    """Of each example its best tags (T,), in the examples' order."""
    found: list[np.ndarray[Any, Any]] = [np.empty(0)] * len(examples)
    for chosen, tags in answers(network, examples, network.best):
        rows = tags.t().numpy(force=True)
        for row, place in zip(rows, chosen.tolist(), strict=True):
            found[place] = row[: examples.lengths[place]]
    return found


class NextWordLesson(ExampleLesson):
    """The word to come, and in the other direction the word before."""

    network: Foreteller
    valid: Examples

    def __init__(
        self, network: Foreteller, examples: Examples, valid: Examples, *, rows: int, seed: int
    ) -> None:
        super().__init__(
            network, examples, valid, RowPasses(examples.lengths, rows=rows, seed=seed)
        )
        self.shares: np.ndarray[Any, Any] | None = None  # (places,) of each word in the text
        if examples.forms is not None:
            counts = np.bincount(np.concatenate(examples.rows), minlength=len(examples.forms))
            self.shares = np.maximum(counts, 1) / examples.symbols

    def _loss(self, passages: Passages, chosen: np.ndarray[Any, Any]) -> Tensor:  # noqa: ARG002
        return self._answer(passages)

    def _log_chances(self, passages: Passages) -> Tensor:
        """Of each row of the reader's table to be in a batch of as many symbols: one minus the
        chance that every one of them is another."""
        if passages.words is None or self.shares is None:
            return torch.zeros(self.network.reader.reading.blocks.vocabulary)
        share = torch.from_numpy(self.shares[passages.words.places.numpy()])
        return (-(passages.lengths.sum() * (-share).log1p()).expm1()).log().float()

    def validate(self) -> float:
        total = 0.0
        for chosen, loss in answers(self.network, self.valid, self._answer):
            total += float(loss) * len(chosen)
        return total / len(self.valid)

    def _answer(self, passages: Passages) -> Tensor:
        loss: Tensor = self.network(passages, self._log_chances(passages))
        return loss
