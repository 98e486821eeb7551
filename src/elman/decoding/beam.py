"""The likeliest targets of a source: greedily, or by beam search over many sources at once.

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
from elman.nn.encoder import PaddedBatch
from elman.nn.native_step import Step, step_of
from elman.nn.seq2seq import DecoderState, EncoderDecoder
from elman.ranges import number, whole

LONGEST_PHRASE = 8
"""Tokens; only phrases as short as this are watched for repetition."""


@dataclass(frozen=True)
class BeamSettings:
    """How targets are looked for.

    Args:
        beam: K, the targets that are followed at the same time; 1 is greedy.
        length_reward: a, where targets are ranked by log p / T^a: 0 favours short ones, and with 1
            it is the mean of their tokens (Y. Wu et al., 'Google's Neural Machine Translation
            System', 2016, section 7, in the form of K. Cho et al., 2014).
        repeats: how often a phrase of up to 8 tokens may stand in a row; one time more is a loop.

    Raises:
        SettingError: for the first that is out of its range.
    """

    beam: int = 5
    length_reward: float = 1.0
    repeats: int = 3

    def __post_init__(self) -> None:
        whole("beam", self.beam, 1, 100)
        number("length_reward", self.length_reward, lambda x: 0 <= x <= 3, "from 0 to 3")
        whole("repeats", self.repeats, 1, 1000)


@dataclass(frozen=True)
class Hypothesis:
    """A target that was found.

    Attributes:
        tokens: (T,) without the one that ends it.
        score: what it was ranked by, at most 0.
        log_probabilities: (T + 1,) of each token and of the end, in nats; (T,) where the target
            had become too long and was cut.
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
    """A source whose targets are still being looked for."""

    number: int  # among all sources
    limit: int  # tokens, the end among them
    found: list[Hypothesis] = field(default_factory=list)


def beam_search(
    network: EncoderDecoder,
    source: PaddedBatch | Tensor,
    limits: npt.NDArray[Any],
    boundary: int,
    settings: BeamSettings,
    step: Step | None = None,
) -> list[list[Hypothesis]]:
    """Of each source its best targets, K at most, the best first.

    Args:
        source: R texts, or vectors (R, D).
        limits: (R,) how many tokens a target may have, the one that ends it among them.
        boundary: the token that begins a target, and ends it.
        step: the network's, where the caller has one ready.
    """
    step = step_of(network) if step is None else step
    with torch.inference_mode():
        return _Beams(network.encode(source), step, limits, boundary, settings).run()


class _Beams:
    """All that is followed at the moment: K targets of each row that is not done."""

    def __init__(
        self,
        begun: DecoderState,
        step: Step,
        limits: npt.NDArray[Any],
        boundary: int,
        settings: BeamSettings,
    ) -> None:
        self.step, self.boundary, self.settings = step, boundary, settings
        self.rows = [_Row(place, limit) for place, limit in enumerate(limits.tolist())]
        self.done: list[list[Hypothesis]] = [[] for _ in self.rows]
        count, beam = len(self.rows), settings.beam
        # A source's K targets have a state each, and look at one memory.
        states = map_state(lambda part: part.repeat_interleave(beam, dim=0), begun.state)
        self.written = DecoderState(states, begun.memories)
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
        self._shut_loops(log_p)
        vocabulary = log_p.shape[2]
        # Each target that ends makes room for another, so twice as many are looked at.
        totals = (self.total[..., None] + log_p).flatten(1)
        best, places = totals.topk(min(2 * beam, totals.shape[1]), dim=1)
        origins, chosen = places // vocabulary, places % vocabulary
        said = log_p.flatten(1).gather(1, places)

        ended = (chosen == self.boundary) & best.isfinite()
        self._take_ended(ended[:, :beam], best, origins, said)
        order = (ended.int() * 2 + best.isinf().int()).argsort(dim=1, stable=True)[:, :beam]
        origins, chosen, said, self.total = (
            each.gather(1, order) for each in (origins, chosen, said, best)
        )
        self.total = self.total.masked_fill(ended.gather(1, order), -math.inf)
        rows = torch.arange(count)[:, None]
        self.tokens = torch.cat([self.tokens[rows, origins], chosen[..., None]], dim=2)
        self.log_p = torch.cat([self.log_p[rows, origins], said[..., None]], dim=2)
        hopes = (self.total.amax(dim=1) / self._worth(self.log_p.shape[2])).tolist()
        kept = torch.tensor([not self._is_done(place, hopes[place]) for place in range(count)])
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

    def _take_ended(self, ended: Tensor, best: Tensor, origins: Tensor, said: Tensor) -> None:
        """Note the targets that end here: those among the K best ways to go on."""
        for place, rank in ended.nonzero().tolist():
            origin = int(origins[place, rank])
            log_p = torch.cat([self.log_p[place, origin], said[place, rank, None]])
            self._note(place, origin, log_p, float(best[place, rank]))

    def _note(self, place: int, origin: int, log_p: Tensor, total: float) -> None:
        """A target found: all tokens of the row's beam `origin`, their log_p as given."""
        tokens = self.tokens[place, origin, 1:].numpy(force=True)
        score = total / self._worth(len(log_p))
        self.rows[place].found.append(Hypothesis(tokens, score, log_p.numpy(force=True)))

    def _worth(self, length: int) -> float:
        """What the log-probability of a target is divided by."""
        return float(length**self.settings.length_reward)

    def _is_done(self, place: int, hope: float) -> bool:
        """Whether a row has all its targets; those that become too long are then cut.

        K that have ended are not enough where the network is sure: all but the right tokens are
        then alike, the end among them, and the first K to end are no good. So one that can still
        go on must be worse by now than each of them.

        Args:
            hope: the best score, so far, of those that can go on.
        """
        row = self.rows[place]
        too_long = self.log_p.shape[2] >= row.limit
        if too_long and not row.found:
            for origin in self.total[place].isfinite().nonzero()[:, 0].tolist():
                total = float(self.total[place, origin])
                self._note(place, origin, self.log_p[place, origin], total)
        row.found = sorted(row.found, key=lambda found: -found.score)[: self.settings.beam]
        enough = len(row.found) == self.settings.beam and hope <= row.found[-1].score
        if too_long or enough or hope == -math.inf:
            self.done[row.number] = row.found
            return True
        return False

    def _shut_loops(self, log_p: Tensor) -> None:
        """Make impossible what would say a phrase once more than `repeats` allows."""
        written, time = self.tokens[:, :, 1:], self.log_p.shape[2]
        for length in range(1, LONGEST_PHRASE + 1):
            needed = length * (self.settings.repeats + 1) - 1
            if time < needed:
                return
            end = written[:, :, time - needed :]
            loops = (end[:, :, length:] == end[:, :, :-length]).all(dim=2)
            if loops.any():
                following = written[:, :, -length]
                rows, beams = loops.nonzero(as_tuple=True)
                log_p[rows, beams, following[rows, beams]] = -math.inf
