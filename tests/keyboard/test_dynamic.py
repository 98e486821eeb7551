"""A copy of the network that learns from each line, and can be what it was again."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional

from elman.keyboard import Keyboard
from elman.keyboard.dynamic_evaluation import LONGEST, MOST, PULL, RATE, DynamicEvaluation
from elman.text.tokenizers.tokenizer import BOUNDARY

LINES = ["The dog sat on the river", "an old river, an old dog", "sat sat sat sat sat sat"]


def weights(model):
    return [each.detach().clone() for each in model.network_.parameters()]


def same(some, others):
    return all(torch.equal(*pair) for pair in zip(some, others, strict=True))


def loss(model, network, line):
    x = torch.tensor([BOUNDARY, *model.tokenizer_.encode(line), BOUNDARY])
    logits, _ = network(x[None, :-1], network.initial_state(1))
    return functional.cross_entropy(logits[0], x[1:], reduction="sum")


def test_a_step_is_torchs_own(model):
    """Of torch's gradient descent and its clipping, with the pull back after it."""
    dynamic, network = DynamicEvaluation(model), copy.deepcopy(model.network_)
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    for line in LINES:
        dynamic.learn(line)
        optimizer.zero_grad()
        loss(model, network, line).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), MOST)
        optimizer.step()
        with torch.no_grad():
            for weight, trained in zip(network.parameters(), weights(model), strict=True):
                weight += PULL * (trained - weight)
    found = weights(dynamic.model)
    assert not same(found, weights(model))
    for one, other in zip(found, network.parameters(), strict=True):
        np.testing.assert_allclose(one, other.detach(), atol=2e-6)


def test_what_was_read_is_believed_more_and_then_forgotten(model):
    dynamic, before = DynamicEvaluation(model), weights(model)
    at_first = float(loss(model, dynamic.model.network_, LINES[0]).detach())
    for _ in range(5):
        dynamic.learn(LINES[0])
    assert float(loss(model, dynamic.model.network_, LINES[0]).detach()) < at_first - 0.1
    learned = weights(dynamic.model)
    dynamic.learn("")
    assert same(weights(dynamic.model), learned)
    assert same(weights(model), before)
    dynamic.forget()
    assert same(weights(dynamic.model), before)


def test_a_line_without_end_is_learned_from_at_its_beginning(model):
    beginning, whole = DynamicEvaluation(model), DynamicEvaluation(model)
    beginning.learn("sat on " * LONGEST)
    whole.learn("sat on " * LONGEST + "the river " * 1_000)
    assert same(weights(beginning.model), weights(whole.model))


def test_what_is_no_number_is_not_learned(model):
    dynamic = DynamicEvaluation(model)
    with torch.no_grad():
        next(dynamic.model.network_.parameters()).mul_(float("inf"))
    before = weights(dynamic.model)
    dynamic.learn(LINES[0])
    for one, other in zip(before, weights(dynamic.model), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("forgotten", ["river", None])
def test_a_keyboard_adapts_line_by_line(model, forgotten):
    """Its suggestions are the copy's; forgetting anything, it is the model again."""
    adapting, plain = Keyboard(model, online=True), Keyboard(model)
    shares = []
    for line in LINES:
        for board in (adapting, plain):
            board.type(line)
        shares.append([share for board in (adapting, plain) for _, share in board.suggestions])
        for board in (adapting, plain):
            board.type("\n")
    half = len(shares[0]) // 2
    assert shares[0][:half] == shares[0][half:]  # nothing is learned within a line
    assert shares[1][:half] != shares[1][half:]
    for board in (adapting, plain):
        board.clear()
        board.forget(forgotten) if forgotten else board.forget_all()
    # How far the counts are believed has gone its own way: a word that they do not know.
    outlooks = [
        board._suggester.probability(board._suggester.read(np.array([BOUNDARY])), "", "dog")
        for board in (adapting, plain)
    ]
    assert outlooks[0] == outlooks[1]
