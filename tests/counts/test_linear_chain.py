"""The linear chain: its gradient is that of the definition, and it learns what is present."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from elman.counts.linear_chain import BATCH, gradient, learn
from elman.nn.crf import CRF, Transitions
from elman.text.tagsets import transitions

LENGTHS = np.array([5, 1, 3])
FREE = (np.ones(3, bool), np.ones((3, 3), bool), np.ones(3, bool))
ENTITIES = transitions(["O", "B-X", "I-X", "E-X", "S-X"], "bioes")


def batch(allowed, seed=0, spread=1.0):
    """Emissions, allowed tags, lengths and transition scores at random."""
    generator = np.random.default_rng(seed)
    kinds = len(allowed[0])
    emissions = spread * generator.normal(size=(LENGTHS.max(), len(LENGTHS), kinds))
    chain = tuple(generator.normal(size=np.shape(mask)) for mask in allowed)
    tags = np.zeros(emissions.shape[:2], dtype=np.int64)
    for row, length in enumerate(LENGTHS):
        legal = list(sequences(allowed, length))
        tags[:length, row] = legal[generator.integers(len(legal))]
    return emissions, tags, LENGTHS, chain, allowed


def sequences(allowed, length):
    start, pairs, end = allowed
    for tags in product(range(len(start)), repeat=int(length)):
        steps = pairwise(tags)
        if start[tags[0]] and end[tags[-1]] and all(pairs[step] for step in steps):
            yield tags


def score(emissions, chain, tags):
    start, pairs, end = chain
    steps = pairwise(tags)
    own = sum(emissions[time, tag] for time, tag in enumerate(tags))
    return own + start[tags[0]] + end[tags[-1]] + sum(pairs[step] for step in steps)


@pytest.mark.parametrize("allowed", [FREE, ENTITIES])
def test_the_loss_is_that_of_all_sequences(allowed):
    emissions, tags, lengths, chain, _ = batch(allowed)
    expected = 0.0
    for row, length in enumerate(lengths):
        each = emissions[:, row]
        scores = [score(each, chain, other) for other in sequences(allowed, length)]
        expected += np.logaddexp.reduce(scores) - score(each, chain, tuple(tags[:length, row]))
    found = gradient(emissions, tags, lengths, chain, allowed)
    assert found.loss == pytest.approx(expected)


@pytest.mark.parametrize("allowed", [FREE, ENTITIES])
@pytest.mark.parametrize("spread", [1.0, 60.0])
def test_the_gradient_is_that_of_autograd(allowed, spread):
    emissions, tags, lengths, chain, _ = batch(allowed, seed=1, spread=spread)
    crf = CRF(Transitions(*map(torch.from_numpy, map(np.asarray, allowed)))).double()
    with torch.no_grad():
        for name, part in zip(Transitions._fields, chain, strict=True):
            getattr(crf, name).copy_(torch.from_numpy(part))
    x = torch.from_numpy(emissions).requires_grad_()
    rows = torch.from_numpy(tags), torch.from_numpy(lengths)
    loss = -crf.log_probability(x, *rows).sum()
    loss.backward()
    found = gradient(emissions, tags, lengths, chain, allowed)
    assert found.loss == pytest.approx(loss.item())
    np.testing.assert_allclose(found.emissions, x.grad.numpy(), atol=1e-9)
    for name, part in zip(Transitions._fields, found.chain, strict=True):
        np.testing.assert_allclose(part, getattr(crf, name).grad.numpy(), atol=1e-9)


def sentences(count=90, seed=0):
    """Words with two features each; the tag is that of the first, or the tag before it."""
    generator = np.random.default_rng(seed)
    rows, tags = [], []
    for _ in range(count):
        kinds = generator.integers(0, 4, generator.integers(1, 8))
        rows.append(np.stack([kinds, generator.integers(4, 8, len(kinds))], 1))
        found = [0]
        for kind in kinds.tolist():
            found.append(kind if kind < 3 else found[-1])
        tags.append(np.array(found[1:]))
    return rows, tags


def test_it_learns_features_and_transitions():
    rows, tags = sentences()
    learned = learn(rows, tags, FREE, 16, steps=300, seed=0)
    crf = CRF(Transitions(*map(torch.from_numpy, FREE)))
    with torch.no_grad():
        for name, part in zip(Transitions._fields, learned.chain, strict=True):
            getattr(crf, name).copy_(torch.from_numpy(part))
    right = []
    for row, expected in zip(*sentences(seed=1), strict=True):
        emissions = learned.weight[torch.from_numpy(row)].sum(1)[:, None]
        found, _ = crf.ranked(emissions, torch.tensor([len(row)]))
        right += (found[0, :, 0].numpy() == expected).tolist()
    assert np.mean(right) > 0.97  # features alone would reach 0.83


def test_absent_features_weigh_nothing_and_a_seed_repeats():
    rows, tags = sentences()
    one, same, other = (learn(rows, tags, FREE, 16, steps=5, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(one.weight, same.weight)
    assert not torch.equal(one.weight, other.weight)
    assert not one.weight[8:].any()
    assert one.weight[:8].all()


def test_the_result_is_the_mean_of_the_weights_of_all_steps():
    """After one step the weights are those of that step; after two the mean with the first's."""
    rows, tags = sentences(BATCH)
    first, second = (learn(rows, tags, FREE, 8, steps=steps, seed=0) for steps in (1, 2))
    after = 2 * second.weight - first.weight  # the weights after the second step
    assert not torch.allclose(after, first.weight)
    emissions = [first.weight[torch.from_numpy(row)].sum(1) for row in rows]
    lengths = np.array(list(map(len, rows)))
    padded = torch.nn.utils.rnn.pad_sequence(emissions).double().numpy()
    targets = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(each) for each in tags]).numpy()
    slope = gradient(padded, targets, lengths, first.chain, FREE).emissions
    zero = [np.zeros_like(part) for part in first.chain]
    initial = gradient(0 * padded, targets, lengths, tuple(zero), FREE).emissions
    summed = []
    for each in (initial, slope):
        total = np.zeros((8, 3))
        for row, length in enumerate(lengths):
            for time in range(length):
                for feature in rows[row][time]:
                    total[feature] += each[time, row]
        summed.append(total)
    expected = -summed[0] / np.sqrt(1 + summed[0] ** 2)
    np.testing.assert_allclose(first.weight.numpy(), expected, atol=1e-5)
    step = summed[1] / np.sqrt(1 + summed[0] ** 2 + summed[1] ** 2)
    np.testing.assert_allclose(after.numpy(), expected - step, atol=1e-4)
