"""The CRF against an enumeration of all tag sequences."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from elman.nn.crf import CRF, Transitions
from elman.text.tagsets import illegal_tags, transitions

TAGS = ["O", "B-X", "I-X", "E-X", "S-X"]


class Problem:
    """Random scores and transitions of K tags, rows of several lengths, and their sequences."""

    def __init__(self, seed: int, kinds: int, lengths: list[int], forbidden: float) -> None:
        generator = torch.Generator().manual_seed(seed)

        def random(*shape):
            return 2 * torch.randn(*shape, dtype=torch.float64, generator=generator)

        def mask(*shape):
            return torch.rand(*shape, generator=generator) >= forbidden

        self.crf = CRF(Transitions(mask(kinds), mask(kinds, kinds), mask(kinds))).double()
        with torch.no_grad():
            for parameter in self.crf.parameters():
                parameter.copy_(random(*parameter.shape))
        self.lengths = torch.tensor(lengths)
        self.logits = random(max(lengths), len(lengths), kinds)
        self.kinds = kinds

    def scored(self, row: int) -> dict[tuple[int, ...], float]:
        """Every allowed sequence of a row with its score, by the formula of the module."""
        crf, logits = self.crf, self.logits[:, row].tolist()
        start, pairs, end = crf.start.tolist(), crf.pairs.tolist(), crf.end.tolist()
        scores = {}
        for tags in itertools.product(range(self.kinds), repeat=int(self.lengths[row])):
            steps = list(itertools.pairwise(tags))
            if (
                crf.allowed_start[tags[0]]
                and crf.allowed_end[tags[-1]]
                and all(crf.allowed_pairs[step] for step in steps)
            ):
                terms = [logits[time][tag] for time, tag in enumerate(tags)]
                terms += [pairs[a][b] for a, b in steps]
                scores[tags] = math.fsum([start[tags[0]], *terms, end[tags[-1]]])
        return scores

    def probabilities(self, row: int) -> dict[tuple[int, ...], float]:
        scores = self.scored(row)
        assume(scores)
        total = math.fsum(map(math.exp, scores.values()))
        return {tags: math.exp(score) / total for tags, score in scores.items()}


problems = st.builds(
    Problem,
    seed=st.integers(0, 2**31),
    kinds=st.integers(1, 4),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    forbidden=st.sampled_from([0.0, 0.3]),
)
each_problem = given(problem=problems)
few = settings(max_examples=25, deadline=None)


@few
@each_problem
def test_log_partition_is_the_sum_over_all_sequences(problem):
    result = problem.crf.log_partition(problem.logits, problem.lengths).tolist()
    for row, value in enumerate(result):
        scores = problem.scored(row)
        assume(scores)
        assert value == pytest.approx(math.log(math.fsum(map(math.exp, scores.values()))))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_improbable_sequences_count_too(dtype):
    """Scores of very different sizes, and transitions that leave only improbable sequences."""
    generator = torch.Generator().manual_seed(0)
    mask = torch.rand(6, 6, generator=generator) > 0.5
    mask.fill_diagonal_(fill_value=True)
    every = torch.ones(6, dtype=torch.bool)
    crf = CRF(Transitions(every, mask, every)).to(dtype)
    logits = 60 * torch.randn(12, 4, 6, dtype=dtype, generator=generator)
    lengths = torch.tensor([12, 12, 7, 1])
    result = crf.log_partition(logits, lengths)
    _, pairs, _ = (each.detach().numpy() for each in crf.scores(forbidden=-math.inf))
    for row, length in enumerate(lengths.tolist()):
        reached = logits[0, row].double().numpy()
        for scores in logits[1:length, row].double().numpy():
            reached = logsumexp(reached[:, None] + pairs, axis=0) + scores
        assert result[row].item() == pytest.approx(logsumexp(reached), rel=1e-6)


@few
@each_problem
def test_log_probability_equals_the_enumeration(problem):
    """Also next to longer rows, with large logits at padding."""
    each = [problem.probabilities(row) for row in range(len(problem.lengths))]
    chosen = [max(probabilities) for probabilities in each]
    tags = torch.zeros(problem.logits.shape[:2], dtype=torch.long)
    for row, sequence in enumerate(chosen):
        tags[: len(sequence), row] = torch.tensor(sequence)
        problem.logits[len(sequence) :, row] = 1e3
    result = problem.crf.log_probability(problem.logits, tags, problem.lengths).exp().tolist()
    assert result == pytest.approx([p[tags] for p, tags in zip(each, chosen, strict=True)])


@few
@each_problem
def test_marginals_are_sums_over_sequences(problem):
    result = problem.crf.marginals(problem.logits, problem.lengths).exp()
    for row, length in enumerate(problem.lengths.tolist()):
        expected = np.zeros((length, problem.kinds))
        for tags, probability in problem.probabilities(row).items():
            expected[range(length), tags] += probability
        np.testing.assert_allclose(result[:length, row].detach().numpy(), expected, atol=1e-9)


@few
@given(problem=problems, count=st.integers(1, 6))
def test_best_sequences_are_the_first_of_the_ranking(problem, count):
    with torch.inference_mode():
        tags, log_p = problem.crf.best(problem.logits, problem.lengths, count)
    assert tags.shape == (count, *problem.logits.shape[:2])
    for row, length in enumerate(problem.lengths.tolist()):
        every = problem.probabilities(row)
        ranked = sorted(every.items(), key=lambda item: -item[1])[:count]
        there = len(ranked)
        assert [tuple(each) for each in tags[:there, :length, row].tolist()] == [
            sequence for sequence, _ in ranked
        ]
        assert log_p[:there, row].exp().tolist() == pytest.approx([p for _, p in ranked])
        assert log_p[there:, row].tolist() == [-math.inf] * (count - there)


@pytest.mark.parametrize("forbidden", [0.0, 0.25])
def test_gradients_are_exact(forbidden):
    problem = Problem(4, 3, [4, 2, 1], forbidden)
    tags = torch.zeros(4, 3, dtype=torch.long)
    for row, length in enumerate(problem.lengths.tolist()):
        tags[:length, row] = torch.tensor(next(iter(problem.scored(row))))
    crf = problem.crf

    def log_probability(logits, *_):
        return crf.log_probability(logits, tags, problem.lengths)

    assert torch.autograd.gradcheck(
        log_probability, (problem.logits.requires_grad_(), *crf.parameters())
    )


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_best_sequences_are_always_allowed(scale):
    allowed = transitions(TAGS, "bioes")
    crf = CRF(Transitions(*map(torch.from_numpy, allowed)))
    logits = scale * torch.randn(12, 30, 5, generator=torch.Generator().manual_seed(0))
    lengths = torch.randint(1, 13, (30,), generator=torch.Generator().manual_seed(1))
    tags, log_p = crf.best(logits, lengths, 3)
    count = 0
    for row, length in enumerate(lengths.tolist()):
        for rank in range(3):
            if log_p[rank, row] > -math.inf:
                count += 1
                assert not illegal_tags([TAGS[tag] for tag in tags[rank, :length, row]], "bioes")
    assert count > 60
    plain = logits.argmax(2)
    assert any(
        illegal_tags([TAGS[t] for t in plain[:n, r]], "bioes") for r, n in enumerate(lengths)
    )


def test_long_rows_are_exact_in_single_precision():
    """Also with all logits far from 0."""
    problem = Problem(5, 4, [3000], forbidden=0.2)
    crf, logits, lengths = problem.crf, problem.logits, problem.lengths
    tags, log_p = crf.best(logits, lengths, 2)
    marginals = crf.marginals(logits, lengths)
    crf.float()
    single = logits.float() - 50
    tags_in_single, log_p_in_single = crf.best(single, lengths, 2)
    assert torch.equal(tags_in_single[0], tags[0])
    torch.testing.assert_close(log_p_in_single.double(), log_p, atol=0.02, rtol=0)
    torch.testing.assert_close(
        crf.marginals(single, lengths).exp().double(), marginals.exp(), atol=2e-3, rtol=0
    )


def test_forbidden_transitions_have_no_gradient():
    crf = CRF(Transitions(*map(torch.from_numpy, transitions(TAGS, "bioes"))))
    logits, tags = torch.randn(3, 2, 5), torch.tensor([[0, 1], [4, 2], [0, 3]])
    crf.log_probability(logits, tags, torch.tensor([3, 3])).sum().backward()
    assert (crf.pairs.grad[~crf.allowed_pairs] == 0).all()
    assert (crf.pairs.grad[crf.allowed_pairs] != 0).any()
