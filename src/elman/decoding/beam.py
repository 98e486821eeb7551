"""Beam search over many sources at once; with a beam of 1 it is greedy.

Shapes: R sources, K the beam, V vocabulary, T target tokens so far, S source tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.cells import map_state
from elman.decoding.sampling import not_a_number
from elman.nn.encoder import PaddedBatch
from elman.nn.native_step import Step, step_of
from elman.nn.seq2seq import DecoderState, EncoderDecoder
from elman.ranges import check_integer, check_number

MAX_PHRASE = 8
"""Tokens; longer phrases may repeat without limit."""


@dataclass(frozen=True)
class BeamSettings:
    """Settings of the search.

    Args:
        beam: K, hypotheses kept at each step, 1 to 100; 1 is greedy.
        length_reward: a in log p / T^a, by which targets are ranked, 0 to 3: 0 favours short
            targets, 1 ranks by the mean over tokens (Y. Wu et al., 'Google's Neural Machine
            Translation System', 2016, section 7, in the form of K. Cho et al., 2014).
        repeats: how often in a row a phrase of up to MAX_PHRASE tokens may occur, 1 to 1000.

    Raises:
        SettingError: for the first that is out of its range.
    """

    beam: int = 5
    length_reward: float = 1.0
    repeats: int = 3

    def __post_init__(self) -> None:
        check_integer("beam", self.beam, 1, 100)
        check_number("length_reward", self.length_reward, lambda x: 0 <= x <= 3, "from 0 to 3")
        check_integer("repeats", self.repeats, 1, 1000)


@dataclass(frozen=True)
class Hypothesis:
    """A finished target.

    Attributes:
        tokens: (T,) without the end token.
        score: the rank criterion, at most 0.
        log_probabilities: (T + 1,) of each token and of the end, in nats; (T,) if the target was
            cut at its length limit.
    """

    tokens: npt.NDArray[np.int64]
    score: float
    log_probabilities: npt.NDArray[np.float32]

    @property
    def log_probability(self) -> float:
        """Of the whole target, in nats."""
        return float(self.log_probabilities.sum())


@dataclass
class _Row:
    """A source whose search goes on."""

    number: int  # among all sources
    limit: int  # most tokens, the end included
    finished: list[Hypothesis] = field(default_factory=list)


def beam_search(
    network: EncoderDecoder,
    source: PaddedBatch | Tensor,
    limits: npt.NDArray[Any],
    boundary: int,
    settings: BeamSettings,
    step: Step | None = None,
) -> list[list[Hypothesis]]:
    """The best targets of each source, at most K, best first.

    Args:
        network: encoder and decoder.
        source: R texts as a padded batch, or vectors (R, D).
        limits: (R,) most tokens of each target, the end included.
        boundary: the token that begins and ends a target.
        settings: of the search.
        step: single step of the decoder, if the caller has one.

    Raises:
        ModelFileError: a logit is not a number.
    """
    step = step_of(network) if step is None else step
    with torch.inference_mode():
        return _Beams(network.encode(source), step, limits, boundary, settings).run()


class _Beams:
    """The search itself: K hypotheses of each source that is not done."""

    def __init__(
        self,
        start: DecoderState,
        step: Step,
        limits: npt.NDArray[Any],
        boundary: int,
        settings: BeamSettings,
    ) -> None:
        self.step, self.boundary, self.settings = step, boundary, settings
        self.rows = [_Row(number, limit) for number, limit in enumerate(limits.tolist())]
        self.done: list[list[Hypothesis]] = [[] for _ in self.rows]
        count, beam = len(self.rows), settings.beam
        # The K hypotheses of a source have a state each and share one attention memory.
        states = map_state(lambda part: part.repeat_interleave(beam, dim=0), start.state)
        self.written = DecoderState(states, start.memories)
        self.tokens = torch.full((count, beam, 1), boundary)  # (R, K, 1 + T), BOUNDARY first
        self.log_p = torch.zeros(count, beam, 0)  # of each token
        self.total = torch.full((count, beam), -math.inf)
        self.total[:, 0] = 0.0  # at first all K are the same

    def run(self) -> list[list[Hypothesis]]:
        while self.rows:
            self._step()
        return self.done

    def _step(self) -> None:
        count, beam = self.total.shape
        logits, written = self.step(self.tokens[:, :, -1].flatten(), self.written)
        log_p = torch.log_softmax(logits.float(), dim=-1).cpu().view(count, beam, -1)
        self._mask_loops(log_p)
        vocabulary = log_p.shape[2]
        # A hypothesis that ends makes room for another, so consider twice as many.
        totals = (self.total[..., None] + log_p).flatten(1)
        best, indices = totals.topk(min(2 * beam, totals.shape[1]), dim=1)
        if best[:, 0].isnan().any():  # NaN comes before all numbers
            raise not_a_number()
        origins, chosen = indices // vocabulary, indices % vocabulary
        chosen_log_p = log_p.flatten(1).gather(1, indices)

        ended = (chosen == self.boundary) & best.isfinite()
        self._take_ended(ended[:, :beam], best, origins, chosen_log_p)
        order = (ended.int() * 2 + best.isinf().int()).argsort(dim=1, stable=True)[:, :beam]
        origins, chosen, chosen_log_p, self.total = (
            each.gather(1, order) for each in (origins, chosen, chosen_log_p, best)
        )
        self.total = self.total.masked_fill(ended.gather(1, order), -math.inf)
        rows = torch.arange(count)[:, None]
        self.tokens = torch.cat([self.tokens[rows, origins], chosen[..., None]], dim=2)
        self.log_p = torch.cat([self.log_p[rows, origins], chosen_log_p[..., None]], dim=2)
        bounds = (self.total.amax(dim=1) / self._length_norm(self.log_p.shape[2])).tolist()
        kept = torch.tensor([not self._is_done(row, bounds[row]) for row in range(count)])
        flat = (rows * beam + origins)[kept].flatten()
        states = map_state(lambda part: part[flat], written.state)
        memories = written.memories
        if not kept.all():
            self.rows = [row for row, keep in zip(self.rows, kept.tolist(), strict=True) if keep]
            self.tokens, self.log_p, self.total = (
                each[kept] for each in (self.tokens, self.log_p, self.total)
            )
            memories = tuple(map_state(lambda part: part[kept], each) for each in memories)
        self.written = DecoderState(states, memories)

    def _take_ended(
        self, ended: Tensor, best: Tensor, origins: Tensor, chosen_log_p: Tensor
    ) -> None:
        """Store the targets that end here: those among the K best extensions."""
        for row, rank in ended.nonzero().tolist():
            origin = int(origins[row, rank])
            log_p = torch.cat([self.log_p[row, origin], chosen_log_p[row, rank, None]])
            self._store(row, origin, log_p, float(best[row, rank]))

    def _store(self, row: int, origin: int, log_p: Tensor, total: float) -> None:
        """Store a finished target: the tokens of hypothesis `origin` of a row."""
        tokens = self.tokens[row, origin, 1:].numpy(force=True)
        score = total / self._length_norm(len(log_p))
        self.rows[row].finished.append(Hypothesis(tokens, score, log_p.numpy(force=True)))

    def _length_norm(self, length: int) -> float:
        """Divisor of the log-probability of a target of this length."""
        return float(length**self.settings.length_reward)

    def _is_done(self, index: int, bound: float) -> bool:
        """Whether the search of a row is over; hypotheses at the length limit are then cut.

        K finished targets are not enough: if the network is very sure of the right token, all
        others are about equally improbable, the end included, and the first K to end are bad. So
        every open hypothesis must score worse than each of them.

        Args:
            index: of the row.
            bound: the best score, so far, of an open hypothesis.
        """
        row = self.rows[index]
        too_long = self.log_p.shape[2] >= row.limit
        if too_long and not row.finished:
            for origin in self.total[index].isfinite().nonzero()[:, 0].tolist():
                total = float(self.total[index, origin])
                self._store(index, origin, self.log_p[index, origin], total)
        row.finished = sorted(row.finished, key=lambda each: -each.score)[: self.settings.beam]
        enough = len(row.finished) == self.settings.beam and bound <= row.finished[-1].score
        if too_long or enough or bound == -math.inf:
            self.done[row.number] = row.finished
            return True
        return False

    def _mask_loops(self, log_p: Tensor) -> None:
        """Mask the tokens that would repeat a phrase once more than `repeats` allows."""
        written, time = self.tokens[:, :, 1:], self.log_p.shape[2]
        for length in range(1, MAX_PHRASE + 1):
            needed = length * (self.settings.repeats + 1) - 1
            if time < needed:
                return
            end = written[:, :, time - needed :]
            loops = (end[:, :, length:] == end[:, :, :-length]).all(dim=2)
            if loops.any():
                following = written[:, :, -length]
                rows, beams = loops.nonzero(as_tuple=True)
                log_p[rows, beams, following[rows, beams]] = -math.inf
