"""What an output rests on: gradient times input, and what it loses when a token is left out.

    gradient[j] = d log p / d x[j] * (x[j] - r[j]), summed over the vector
    left_out[j] = log p - log p without token j

r is what stands in for a token: nothing (zero) for those of a text, which are removed; for numbers
a usual value, in whose place they are read.

Source: M. Denil, A. Demiraj, N. de Freitas, 'Extraction of Salient Sentences from Labelled
Documents' (2014), section 4; A. Shrikumar et al., 'Not Just a Black Box: Learning Important
Features Through Propagating Activation Differences' (2016), section 2; J. Li, W. Monroe, D.
Jurafsky, 'Understanding Neural Networks through Representation Erasure' (2016), equation 2.

Shapes: T tokens of an input, W width, B rows, A places where answers are given, F width of what is
known there, K answers, O outputs. Time comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from elman.explain.trace import Attribution, Values

ROOM = 2**23
"""Numbers of all rows that are answered at once, about."""


@dataclass(frozen=True)
class AttributionInput:
    """The vectors (T, W) of a reading's tokens, and what stands in for each; None: they are
    removed."""

    vectors: Tensor
    stand_ins: Tensor | None = None


@dataclass(frozen=True)
class AttributionQuery:
    """What can be asked of a network, once for each output.

    Args:
        inputs: of each reading that outputs rest on.
        features: (T, B, W) of each input -> (A, B, F) what each answer is made from.
        answers: (N, F) -> (N, K) the log-probability of each answer. It may take longest, so it is
            asked of those places alone that matter.
        size: K, so as not to ask of too many at once.
        speaker: the input after whose tokens the answers are given; None: they have places of
            their own.
        about_itself: whether an answer is about the token after which it stands, and rests on
            those behind it too.
    """

    inputs: tuple[AttributionInput, ...]
    features: Callable[[Sequence[Tensor]], Tensor]
    answers: Callable[[Tensor], Tensor]
    size: int
    speaker: int | None = None
    about_itself: bool = False

    def spread(self) -> Tensor:
        """(A, K) the log-probabilities of all answers."""
        with torch.inference_mode():
            return self.answers(self.features([x.vectors[:, None] for x in self.inputs])[:, 0])

    def rests(self, places: Sequence[int], answers: Sequence[int]) -> list[tuple[Attribution, ...]]:
        """Of outputs, given by place and answer (O,), what each rests on."""
        gradients = self._gradients(places, answers)
        left_out = [self._left_out(number, places, answers) for number in range(len(self.inputs))]
        return [
            tuple(
                Attribution(number, gradients[number][row, :reach], left_out[number][row, :reach])
                for number, reach in enumerate(self._reaches(place))
            )
            for row, place in enumerate(places)
        ]

    def _reaches(self, place: int) -> list[int]:
        """How many tokens of each input an answer can rest on."""
        heard = [len(each.vectors) for each in self.inputs]
        if self.speaker is not None and not self.about_itself:
            heard[self.speaker] = place + 1
        return heard

    def _rows(self, count: int, places: Sequence[int]) -> Iterator[range]:
        """So many rows, in parts that can be answered at once."""
        read = sum(each.vectors.numel() for each in self.inputs)
        together = max(1, ROOM // (16 * read + (max(places) + 1) * self.size))
        for start in range(0, count, together):
            yield range(start, min(start + together, count))

    def _gradients(self, places: Sequence[int], answers: Sequence[int]) -> list[Values]:
        """For each input (O, T)."""
        found: list[list[Tensor]] = [[] for _ in self.inputs]
        for rows in self._rows(len(places), places):
            # What stands behind the last of these places has no say in them.
            ends = np.array([self._reaches(places[row]) for row in rows]).max(0).tolist()
            xs = [
                each.vectors.detach()[:end, None].repeat(1, len(rows), 1).requires_grad_()
                for each, end in zip(self.inputs, ends, strict=True)
            ]
            at = torch.tensor([places[row] for row in rows])
            own = torch.arange(len(rows))
            spread = self.answers(self.features(xs)[at, own])
            total = spread[own, [answers[row] for row in rows]].sum()
            slopes = torch.autograd.grad(total, xs)
            for kept, each, slope in zip(found, self.inputs, slopes, strict=True):
                way = each.vectors if each.stand_ins is None else each.vectors - each.stand_ins
                product = (slope * way.detach()[: len(slope), None]).sum(2).t()
                kept.append(functional.pad(product, (0, len(way) - len(slope))))
        return [torch.cat(each).numpy(force=True) for each in found]

    @torch.inference_mode()
    def _left_out(self, number: int, places: Sequence[int], answers: Sequence[int]) -> Values:
        """(O, T) of one input's tokens; NaN where nothing is left to answer from."""
        given = self.inputs[number]
        count, removed = len(given.vectors), given.stand_ins is None
        found = np.full((len(places), count), np.nan)
        if removed and count == 1:
            return found
        whole = self.spread()
        at, asked = np.array(places), np.array(answers)
        reach = np.array([self._reaches(place)[number] for place in places])
        for rows in self._rows(count, places):
            xs = [each.vectors[:, None].expand(-1, len(rows), -1) for each in self.inputs]
            xs[number] = _occluded(given, rows)
            features = self.features(xs)
            tokens = np.array(rows)
            moved = np.repeat(at[:, None], len(rows), 1)
            if removed and number == self.speaker:
                moved -= tokens <= at[:, None]
                if self.about_itself:
                    moved[tokens == at[:, None]] = -1
            # Nothing that stands behind a place has a say in it, unless it is about itself.
            outputs, columns = np.nonzero((moved >= 0) & (tokens < reach[:, None]))
            left = self.answers(features[moved[outputs, columns], columns])
            lost = whole[at[outputs], asked[outputs]] - left[range(len(left)), asked[outputs]]
            found[outputs, tokens[columns]] = lost.numpy(force=True)
        return found


def unmodified(answers: Tensor) -> Tensor:
    """Of a network that gives no features but the answers themselves."""
    return answers


def _occluded(given: AttributionInput, rows: range) -> Tensor:
    """The input once for each of these tokens, which is left out: (T, B, W), or one shorter."""
    if given.stand_ins is not None:
        xs = given.vectors[:, None].repeat(1, len(rows), 1)
        for row, token in enumerate(rows):
            xs[token, row] = given.stand_ins[token]
        return xs
    tokens = torch.arange(len(given.vectors), device=given.vectors.device)
    kept = torch.stack([tokens[tokens != token] for token in rows], 1)
    return given.vectors[kept]
