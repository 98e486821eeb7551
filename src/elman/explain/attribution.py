"""Attribution of an output to the tokens that it depends on, by two methods.

    gradient_x_input[j] = sum over the vector of d log p / d x[j] * (x[j] - r[j])
    occlusion[j] = log p - log p without token j

r is the reference of a token. Tokens of a text have none: r is zero, and occlusion removes the
token. Numbers are replaced by a reference value.

Source: M. Denil, A. Demiraj, N. de Freitas, 'Extraction of Salient Sentences from Labelled
Documents' (2014), section 4; A. Shrikumar et al., 'Not Just a Black Box: Learning Important
Features Through Propagating Activation Differences' (2016), section 2; J. Li, W. Monroe, D.
Jurafsky, 'Understanding Neural Networks through Representation Erasure' (2016), equation 2.

Shapes: T tokens of an input, W vector size, B rows, A positions of outputs, F features of a
position, K predictions, O explained outputs, N selected positions. Time comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from elman.explain.trace import Attribution, Values

MAX_NUMBERS = 2**23
"""Approximate limit of the numbers of all rows of a batch."""


@dataclass(frozen=True)
class AttributionInput:
    """A sequence that outputs depend on.

    Attributes:
        vectors: (T, W) of its tokens.
        references: (T, W) replacements of the tokens; None: occlusion removes the token.
    """

    vectors: Tensor
    references: Tensor | None = None


@dataclass(frozen=True)
class AttributionQuery:
    """A network as a function of its inputs, whose outputs are to be explained.

    Args:
        inputs: the sequences that outputs depend on.
        features: from (T, B, W) of each input to (A, B, F), the features of each output.
        head: from features (N, F) to log-probabilities (N, K). It may be the most expensive part,
            so it runs only at the positions that are needed.
        output_size: K, to bound the memory of a batch.
        aligned_input: index of the input with one output after each token; None: outputs have
            positions of their own.
        tagging: whether an output labels the token at its position. Later tokens then count too,
            and the output is gone when that token is removed.
    """

    inputs: tuple[AttributionInput, ...]
    features: Callable[[Sequence[Tensor]], Tensor]
    head: Callable[[Tensor], Tensor]
    output_size: int
    aligned_input: int | None = None
    tagging: bool = False

    def log_probabilities(self) -> Tensor:
        """Log-probabilities (A, K) of all predictions at all positions."""
        with torch.inference_mode():
            return self.head(self.features([x.vectors[:, None] for x in self.inputs])[:, 0])

    def attributions(
        self, positions: Sequence[int], targets: Sequence[int]
    ) -> list[tuple[Attribution, ...]]:
        """The attributions of outputs to each input.

        Args:
            positions: (O,) index of each output.
            targets: (O,) index of the prediction whose log-probability is explained.
        """
        gradients = self._gradients(positions, targets)
        occlusions = [
            self._occlusions(index, positions, targets) for index in range(len(self.inputs))
        ]
        return [
            tuple(
                Attribution(index, gradients[index][row, :length], occlusions[index][row, :length])
                for index, length in enumerate(self._lengths(position))
            )
            for row, position in enumerate(positions)
        ]

    def _lengths(self, position: int) -> list[int]:
        """Tokens of each input that an output depends on."""
        lengths = [len(each.vectors) for each in self.inputs]
        if self.aligned_input is not None and not self.tagging:
            lengths[self.aligned_input] = position + 1
        return lengths

    def _batches(self, count: int, positions: Sequence[int]) -> Iterator[range]:
        """Ranges of `count` rows, each small enough for one batch."""
        size = sum(each.vectors.numel() for each in self.inputs)
        rows = max(1, MAX_NUMBERS // (16 * size + (max(positions) + 1) * self.output_size))
        for start in range(0, count, rows):
            yield range(start, min(start + rows, count))

    def _gradients(self, positions: Sequence[int], targets: Sequence[int]) -> list[Values]:
        """Gradient times input, (O, T) for each input."""
        products: list[list[Tensor]] = [[] for _ in self.inputs]
        for batch in self._batches(len(positions), positions):
            # Outputs do not depend on the tokens after the last of these positions.
            ends = np.array([self._lengths(positions[row]) for row in batch]).max(0).tolist()
            xs = [
                each.vectors.detach()[:end, None].repeat(1, len(batch), 1).requires_grad_()
                for each, end in zip(self.inputs, ends, strict=True)
            ]
            at = torch.tensor([positions[row] for row in batch])
            rows = torch.arange(len(batch))
            log_p = self.head(self.features(xs)[at, rows])
            total = log_p[rows, [targets[row] for row in batch]].sum()
            gradients = torch.autograd.grad(total, xs)
            for collected, each, gradient in zip(products, self.inputs, gradients, strict=True):
                x = each.vectors if each.references is None else each.vectors - each.references
                product = (gradient * x.detach()[: len(gradient), None]).sum(2).t()
                collected.append(functional.pad(product, (0, len(x) - len(gradient))))
        return [torch.cat(each).numpy(force=True) for each in products]

    @torch.inference_mode()
    def _occlusions(self, index: int, positions: Sequence[int], targets: Sequence[int]) -> Values:
        """(O, T) for the tokens of one input; NaN where nothing remains to predict from."""
        occluded = self.inputs[index]
        count, removed = len(occluded.vectors), occluded.references is None
        drops = np.full((len(positions), count), np.nan)
        if removed and count == 1:
            return drops
        log_p = self.log_probabilities()
        at, target = np.array(positions), np.array(targets)
        lengths = np.array([self._lengths(position)[index] for position in positions])
        for batch in self._batches(count, positions):
            xs = [each.vectors[:, None].expand(-1, len(batch), -1) for each in self.inputs]
            xs[index] = _occluded_rows(occluded, batch)
            features = self.features(xs)
            tokens = np.array(batch)
            shifted = np.repeat(at[:, None], len(batch), 1)
            if removed and index == self.aligned_input:
                shifted -= tokens <= at[:, None]
                if self.tagging:
                    shifted[tokens == at[:, None]] = -1
            # Without tagging, an output does not depend on the tokens after it.
            outputs, columns = np.nonzero((shifted >= 0) & (tokens < lengths[:, None]))
            without = self.head(features[shifted[outputs, columns], columns])
            drop = (
                log_p[at[outputs], target[outputs]] - without[range(len(without)), target[outputs]]
            )
            drops[outputs, tokens[columns]] = drop.numpy(force=True)
        return drops


def identity(features: Tensor) -> Tensor:
    """The head of a network whose features are its log-probabilities."""
    return features


def _occluded_rows(given: AttributionInput, tokens: range) -> Tensor:
    """One row for each occluded token: (T, B, W) with references, else (T - 1, B, W)."""
    if given.references is not None:
        xs = given.vectors[:, None].repeat(1, len(tokens), 1)
        for row, token in enumerate(tokens):
            xs[token, row] = given.references[token]
        return xs
    indices = torch.arange(len(given.vectors), device=given.vectors.device)
    remaining = torch.stack([indices[indices != token] for token in tokens], 1)
    return given.vectors[remaining]
