"""States stepped in one batch: each ends where the model's own steps lead it."""

from __future__ import annotations

import numpy as np
import pytest

from elman.server.operations.stateful import StepInput
from elman.tasks.table import TASKS

TEXTS = ["so warm", " and", " funny", " the cat"]


def assert_same(result, expected):
    """Two states as bytes: equal but for the order of sums in a batch."""
    numbers = [np.frombuffer(each, np.float32) for each in (result, expected)]
    np.testing.assert_allclose(*numbers, atol=1e-5)


@pytest.fixture(params=["lstm", "reviews", "letters"])
def runner(request, models):
    model = models[request.param]
    return TASKS[model.task].operations.runner(model)


def state_after(runner, texts, state=None):
    """The state after these texts, in batches of one."""
    for text in texts:
        (output,) = runner.step([StepInput(state or runner.initial_state, text, 1)])
        state = output.state
    return state


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_checkpoint_advances_by_its_texts(runner, count):
    """Beside rows without a checkpoint, and with a shorter way to go."""
    start = runner.initial_state
    inputs = [
        StepInput(start, "mat", 1),
        StepInput(state_after(runner, TEXTS), "!", 1, start, TEXTS[:count]),
        StepInput(start, "mat", 1, start, ["a"]),
    ]
    stays, moves, other = runner.step(inputs)
    assert stays.checkpoint == b""
    assert moves.checkpoint not in (start, moves.state)
    assert_same(moves.checkpoint, state_after(runner, TEXTS[:count]))
    assert_same(other.checkpoint, state_after(runner, ["a"]))
    assert_same(stays.state, other.state)
    assert_same(moves.state, state_after(runner, [*TEXTS, "!"]))


def test_a_replay_ends_where_the_steps_ended(runner):
    start = runner.initial_state
    first, second = runner.replay([(start, TEXTS), (state_after(runner, ["a"]), ["b"])])
    assert_same(first, state_after(runner, TEXTS))
    assert_same(second, state_after(runner, ["a", "b"]))
    assert runner.replay([(start, [])]) == [start]


def test_a_batch_has_the_states_of_its_rows(runner):
    start = runner.initial_state
    batch = runner.step([StepInput(start, text, 2) for text in TEXTS])
    for text, output in zip(TEXTS, batch, strict=True):
        assert_same(output.state, state_after(runner, [text]))
        assert len(output.state) == runner.state_size
