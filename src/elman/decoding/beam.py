"""Beam search over many sources at once; with a beam of 1 it is greedy.

Shapes: R sources, K the beam, V vocabulary, T target tokens so far, L tokens that
there is room for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.decoding.sampling import not_a_number
from elman.nn.compiled.formulas import subtract_max
from elman.nn.compiled.network import rows_of
from elman.nn.compiled.seq2seq import ArraySeq2Seq, Sources, TargetState
from elman.ranges import check_integer, check_number

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

MAX_PHRASE = 8
"""Tokens; longer phrases may repeat without limit."""


GROUP = 16
"""Columns of a group in `largest`."""

MANY = 2**16
"""Numbers for which groups of columns pay off."""

CAPACITY = 64
"""Tokens of a target that there is room for at first."""


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
    network: ArraySeq2Seq,
    sources: Sources,
    limits: Array,
    boundary: int,
    settings: BeamSettings,
) -> list[list[Hypothesis]]:
    """The best targets of each source, at most K, best first.

    Args:
        network: encoder and decoder.
        sources: R texts or vectors.
        limits: (R,) most tokens of each target, the end included.
        boundary: the token that begins and ends a target.
        settings: of the search.

    Raises:
        ModelFileError: a logit is not a number.
    """
    return _Beams(network, sources, limits, boundary, settings).run()


class _Beams:
    """The search itself: K hypotheses of each source that is not done."""

    def __init__(
        self,
        network: ArraySeq2Seq,
        sources: Sources,
        limits: Array,
        boundary: int,
        settings: BeamSettings,
    ) -> None:
        self.network, self.boundary, self.settings = network, boundary, settings
        self.rows = [_Row(number, limit) for number, limit in enumerate(limits.tolist())]
        self.done: list[list[Hypothesis]] = [[] for _ in self.rows]
        # The hypotheses of a source have a state each and share one attention memory.
        self.written = network.encode(sources)
        self.time = 0  # T
        # At first each source has one hypothesis, without tokens: K = 1.
        # (R, K, L): 1 + T tokens, BOUNDARY first, and the log-probability of each of the T.
        self.tokens = np.full((len(self.rows), 1, CAPACITY), boundary)
        self.log_p = np.zeros(self.tokens.shape, dtype=np.float32)
        self.total = np.zeros(self.tokens.shape[:2], dtype=np.float32)

    def run(self) -> list[list[Hypothesis]]:
        while self.rows:
            self._step()
        return self.done

    def _step(self) -> None:
        (count, width), beam = self.total.shape, self.settings.beam
        logits, written = self.network.step(self.tokens[:, :, self.time].ravel(), self.written)
        norms = subtract_max(logits)
        if np.isnan(norms).any():
            raise not_a_number()
        self._mask_loops(logits.reshape(count, width, -1))
        best, origins, chosen, chosen_log_p = self._extensions(logits, norms)

        ended = (chosen == self.boundary) & np.isfinite(best)
        self._take_ended(ended[:, :beam], best, origins, chosen_log_p)
        order = np.argsort(ended * 2 + np.isinf(best), axis=1, kind="stable")[:, :beam]
        origins, chosen, chosen_log_p, total, ended = (
            np.take_along_axis(each, order, 1)
            for each in (origins, chosen, chosen_log_p, best, ended)
        )
        self.total = np.where(ended, np.float32(-np.inf), total)
        self._extend(origins, chosen, chosen_log_p)
        bounds = (self.total.max(axis=1) / self._length_norm(self.time)).tolist()
        kept = np.array([not self._is_done(row, bounds[row]) for row in range(count)])
        flat = (np.arange(0, count * width, width)[:, None] + origins)[kept].ravel()
        memory = written.memory
        if not kept.all():
            self.rows = [row for row, keep in zip(self.rows, kept.tolist(), strict=True) if keep]
            self.tokens, self.log_p, self.total = (
                each[kept] for each in (self.tokens, self.log_p, self.total)
            )
            memory = rows_of(memory, kept)
        self.written = TargetState(rows_of(written.state, flat), memory)

    def _extensions(self, logits: Floats, norms: Floats) -> tuple[Array, ...]:
        """The best extensions of the hypotheses of each source, best first: twice as many as are
        kept, for one that ends makes room for another.

        Args:
            logits: (R K, V).
            norms: (R K,), to subtract from the logits for log-probabilities.

        Returns:
            (R, min(2 beam, K V)) each: the total log-probability, the index of the hypothesis, the
            token and its log-probability.
        """
        count, most = len(self.rows), 2 * self.settings.beam
        tokens = largest(logits, most)
        log_p = np.take_along_axis(logits, tokens, 1) - norms[:, None]
        each = tokens.shape[1]
        tokens, log_p = tokens.reshape(count, -1), log_p.reshape(count, -1)
        totals = np.repeat(self.total, each, axis=1) + log_p
        order = np.argsort(-totals, axis=1, kind="stable")[:, :most]
        best, chosen, chosen_log_p = (
            np.take_along_axis(part, order, 1) for part in (totals, tokens, log_p)
        )
        return best, order // each, chosen, chosen_log_p

    def _extend(self, origins: Array, chosen: Array, chosen_log_p: Array) -> None:
        """Replace the hypotheses by extensions, (R, K) each."""
        if self.time + 1 == self.tokens.shape[2]:  # limits may be far beyond any target
            self.tokens, self.log_p = (
                np.concatenate([each, np.zeros_like(each)], axis=2)
                for each in (self.tokens, self.log_p)
            )
        rows = np.arange(len(origins))[:, None]
        self.tokens, self.log_p = self.tokens[rows, origins], self.log_p[rows, origins]
        self.tokens[:, :, self.time + 1], self.log_p[:, :, self.time] = chosen, chosen_log_p
        self.time += 1

    def _take_ended(self, ended: Array, best: Array, origins: Array, chosen_log_p: Array) -> None:
        """Store the targets that end here: those among the K best extensions."""
        for row, rank in np.argwhere(ended).tolist():
            origin = int(origins[row, rank])
            log_p = np.append(self.log_p[row, origin, : self.time], chosen_log_p[row, rank])
            self._store(row, origin, log_p, float(best[row, rank]))

    def _store(self, row: int, origin: int, log_p: Floats, total: float) -> None:
        """Store a finished target: the tokens of hypothesis `origin` of a row."""
        tokens = self.tokens[row, origin, 1 : self.time + 1].copy()
        score = total / self._length_norm(len(log_p))
        self.rows[row].finished.append(Hypothesis(tokens, score, log_p))

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
        too_long = self.time >= row.limit
        if too_long and not row.finished:
            for origin in np.flatnonzero(np.isfinite(self.total[index])).tolist():
                log_p = self.log_p[index, origin, : self.time].copy()
                self._store(index, origin, log_p, float(self.total[index, origin]))
        row.finished = sorted(row.finished, key=lambda each: -each.score)[: self.settings.beam]
        enough = len(row.finished) == self.settings.beam and bound <= row.finished[-1].score
        if too_long or enough or bound == -math.inf:
            self.done[row.number] = row.finished
            return True
        return False

    def _mask_loops(self, logits: Floats) -> None:
        """Mask the tokens that would repeat a phrase once more than `repeats` allows."""
        written = self.tokens[:, :, 1 : self.time + 1]
        for length in range(1, MAX_PHRASE + 1):
            needed = length * (self.settings.repeats + 1) - 1
            if self.time < needed:
                return
            end = written[:, :, self.time - needed :]
            loops = (end[:, :, length:] == end[:, :, :-length]).all(axis=2)
            if loops.any():
                rows, beams = loops.nonzero()
                logits[rows, beams, written[rows, beams, -length]] = -np.inf


def largest(logits: Floats, count: int) -> npt.NDArray[np.int64]:
    """(N, min(V, count)) the indices of the largest numbers of each row of logits (N, V), in any
    order. None is NaN.

    Of many numbers few can be among them: those at least as large as the maxima of so many groups
    of columns.
    """
    rows, width = logits.shape
    groups = width // GROUP
    if groups <= count or logits.size < MANY:
        return _largest(logits, min(count, width))
    maxima = logits[:, : groups * GROUP].reshape(rows, GROUP, groups).max(axis=1)
    least = np.partition(maxima, groups - count, axis=1)[:, groups - count]
    flat = np.flatnonzero(logits >= least[:, None])
    row = flat // width
    sizes = np.bincount(row, minlength=rows)
    rank = np.arange(len(flat)) - (np.cumsum(sizes) - sizes)[row]
    few = np.full((rows, sizes.max()), -np.inf, dtype=np.float32)
    columns = np.zeros(few.shape, dtype=np.int64)
    few[row, rank], columns[row, rank] = logits.ravel()[flat], flat - row * width
    return np.take_along_axis(columns, _largest(few, count), 1)


def _largest(numbers: Floats, count: int) -> npt.NDArray[np.int64]:
    first = numbers.shape[1] - count
    return np.argpartition(numbers, first, axis=1)[:, first:]
