"""The chain on arrays: against torch's CRF, and an enumeration of all tag sequences."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from elman.nn.compiled.chain import CompiledChain
from elman.nn.crf import CRF, Transitions
from elman.text.tagsets import LegalTransitions


class Problem:
    """Random scores and transitions of K tags, and texts of several lengths."""

    def __init__(
        self, seed: int, kinds: int, lengths: list[int], forbidden: float, dtype: type = np.float64
    ) -> None:
        random = np.random.default_rng(seed)
        shapes = (kinds,), (kinds, kinds), (kinds,)
        self.scores = [2 * random.standard_normal(shape).astype(dtype) for shape in shapes]
        self.allowed = LegalTransitions(*(random.random(each) >= forbidden for each in shapes))
        self.lengths = np.array(lengths)
        self.logits = 2 * random.standard_normal((sum(lengths), kinds)).astype(dtype)
        self.chain = CompiledChain(*self.scores, self.allowed)

    @property
    def crf(self) -> CRF:
        crf = CRF(Transitions(*map(torch.from_numpy, self.allowed)))
        for name, each in zip(Transitions._fields, self.scores, strict=True):
            setattr(crf, name, torch.nn.Parameter(torch.from_numpy(each)))
        return crf.requires_grad_(False)

    @property
    def padded(self) -> tuple[torch.Tensor, torch.Tensor]:
        rows = map(torch.from_numpy, self.of_each(self.logits))
        return torch.nn.utils.rnn.pad_sequence(list(rows)), torch.from_numpy(self.lengths)

    def of_each(self, values: np.ndarray) -> list[np.ndarray]:
        return np.split(values, np.cumsum(self.lengths)[:-1])

    def enumerated(self, row: int) -> dict[tuple[int, ...], float]:
        """Every allowed sequence of a text with its score, by the formula."""
        (start, pairs, end), logits = self.scores, self.of_each(self.logits)[row]
        found = {}
        for tags in itertools.product(range(len(start)), repeat=len(logits)):
            steps = list(itertools.pairwise(tags))
            if (
                self.allowed.start[tags[0]]
                and self.allowed.end[tags[-1]]
                and all(self.allowed.pairs[step] for step in steps)
            ):
                terms = [logits[time, tag] for time, tag in enumerate(tags)]
                terms += [pairs[step] for step in steps]
                found[tags] = math.fsum([start[tags[0]], *terms, end[tags[-1]]])
        return found


problems = given(
    seed=st.integers(0, 2**32 - 1),
    kinds=st.integers(1, 3),
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    forbidden=st.sampled_from([0.0, 0.3]),
)


@problems
@settings(deadline=None, max_examples=60)
def test_best_sequences_and_probabilities_by_enumeration(seed, kinds, lengths, forbidden):
    problem = Problem(seed, kinds, lengths, forbidden)
    expected = [problem.enumerated(row) for row in range(len(lengths))]
    assume(all(expected))
    counts = 1, 2, 7
    found = {count: problem.chain.best(problem.logits, problem.lengths, count) for count in counts}
    log_z = problem.chain.log_partition(problem.logits, problem.lengths)
    marginals = problem.of_each(problem.chain.marginals(problem.logits, problem.lengths))
    bounds = np.cumsum([0, *lengths])
    for row, scores in enumerate(expected):
        total = logsumexp(list(scores.values()))
        assert log_z[row] == pytest.approx(total)
        ranked = sorted(scores, key=scores.__getitem__, reverse=True)
        for count, (tags, log_p) in found.items():
            own = tags[:, bounds[row] : bounds[row + 1]]
            for rank in range(count):
                if rank < len(ranked):
                    assert tuple(own[rank]) == ranked[rank]
                    assert log_p[rank, row] == pytest.approx(scores[ranked[rank]] - total)
                else:
                    assert log_p[rank, row] == -np.inf
        summed = np.zeros((lengths[row], kinds))
        for tags_of, score in scores.items():
            summed[range(lengths[row]), tags_of] += math.exp(score - total)
        np.testing.assert_allclose(marginals[row], summed, atol=1e-12)


@pytest.mark.parametrize("kinds", [2, 17, 154])
def test_chain_is_that_of_torch(kinds, monkeypatch):
    # Some texts take turns in the search for several sequences.
    monkeypatch.setattr("elman.nn.compiled.chain._CANDIDATES", 3 * 3 * kinds**2)
    lengths = [3, 1, 12, 7, 7, 1, 30]
    problem = Problem(3, kinds, lengths, 0.2, np.float32)
    crf, (logits, real) = problem.crf, problem.padded
    for count in (1, 3):
        tags, log_p = problem.chain.best(problem.logits, problem.lengths, count)
        known, known_log_p = crf.best(logits, real, count)
        np.testing.assert_allclose(log_p, known_log_p, atol=2e-5)
        for row, length in enumerate(lengths):
            own = np.split(tags, np.cumsum(lengths)[:-1], axis=1)[row]
            certain = log_p[:, row] > -np.inf
            np.testing.assert_array_equal(own[certain], known[:, :length, row].numpy()[certain])
    marginals = problem.of_each(problem.chain.marginals(problem.logits, problem.lengths))
    known = crf.marginals(logits, real).exp()
    for row, length in enumerate(lengths):
        np.testing.assert_allclose(marginals[row], known[:length, row], atol=1e-6)


def test_texts_without_an_allowed_sequence_have_probability_zero():
    problem = Problem(1, 3, [2, 4], 1.0)
    tags, log_p = problem.chain.best(problem.logits, problem.lengths, 2)
    assert (log_p == -np.inf).all()
    assert ((tags >= 0) & (tags < 3)).all()


def test_long_texts_of_low_scores_stay_exact():
    problem = Problem(1, 5, [4000], 0.3, np.float32)
    problem.logits -= 50
    (tags,), (score,) = problem.chain.ranked(problem.logits, problem.lengths)
    (known,), (known_score,) = problem.crf.ranked(*problem.padded)
    np.testing.assert_array_equal(tags, known[:, 0].numpy())
    assert score[0] == pytest.approx(float(known_score[0]), rel=1e-6)
