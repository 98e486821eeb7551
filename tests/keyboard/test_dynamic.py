"""Dynamic evaluation trains a copy on each line, and can restore the trained weights."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional

from elman.keyboard import Keyboard
from elman.keyboard.dynamic_evaluation import (
    DECAY,
    LEARNING_RATE,
    MAX_GRAD_NORM,
    MAX_TOKENS,
    DynamicEvaluation,
)
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


def test_step_equals_torch_sgd(model):
    """With torch's SGD and gradient clipping, and the decay after each step."""
    dynamic, network = DynamicEvaluation(model), copy.deepcopy(model.network_)
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)
    for line in LINES:
        dynamic.learn(line)
        optimizer.zero_grad()
        loss(model, network, line).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), MAX_GRAD_NORM)
        optimizer.step()
        with torch.no_grad():
            for weight, trained in zip(network.parameters(), weights(model), strict=True):
                weight += DECAY * (trained - weight)
    learned = weights(dynamic.model)
    assert not same(learned, weights(model))
    for one, other in zip(learned, network.parameters(), strict=True):
        np.testing.assert_allclose(one, other.detach(), atol=2e-6)


def test_learning_lowers_the_loss_and_forgetting_restores_the_weights(model):
    dynamic, before = DynamicEvaluation(model), weights(model)
    before_loss = float(loss(model, dynamic.model.network_, LINES[0]).detach())
    for _ in range(5):
        dynamic.learn(LINES[0])
    assert float(loss(model, dynamic.model.network_, LINES[0]).detach()) < before_loss - 0.1
    learned = weights(dynamic.model)
    dynamic.learn("")
    assert same(weights(dynamic.model), learned)
    assert same(weights(model), before)
    dynamic.forget()
    assert same(weights(dynamic.model), before)


def test_only_the_start_of_a_long_line_is_learned(model):
    start, whole = DynamicEvaluation(model), DynamicEvaluation(model)
    start.learn("sat on " * MAX_TOKENS)
    whole.learn("sat on " * MAX_TOKENS + "the river " * 1_000)
    assert same(weights(start.model), weights(whole.model))


def test_gradients_that_are_not_finite_are_skipped(model):
    dynamic = DynamicEvaluation(model)
    with torch.no_grad():
        next(dynamic.model.network_.parameters()).mul_(float("inf"))
    before = weights(dynamic.model)
    dynamic.learn(LINES[0])
    for one, other in zip(before, weights(dynamic.model), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("forgotten", ["river", None])
def test_online_keyboard_learns_after_each_line(model, forgotten):
    """It suggests what the copy predicts; forgetting any word restores the trained weights."""
    online, plain = Keyboard(model, online=True), Keyboard(model)
    probabilities = []
    for line in LINES:
        for board in (online, plain):
            board.type(line)
        probabilities.append([p for board in (online, plain) for _, p in board.suggestions])
        for board in (online, plain):
            board.type("\n")
    half = len(probabilities[0]) // 2
    assert probabilities[0][:half] == probabilities[0][half:]  # no step within a line
    assert probabilities[1][:half] != probabilities[1][half:]
    for board in (online, plain):
        board.clear()
        board.forget(forgotten) if forgotten else board.forget_all()
    # The mixture weights of the counts differ by now: compare a word that is not in them.
    learned = [
        board._suggester.probability(board._suggester.read(np.array([BOUNDARY])), "", "dog")
        for board in (online, plain)
    ]
    assert learned[0] == learned[1]
