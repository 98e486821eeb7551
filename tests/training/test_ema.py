"""Averaging of weights: its formula, the swap, and resuming."""

from __future__ import annotations

import pytest
import torch
from objectives import Line, interrupt, nan, same

from elman.training.plan import Plan
from elman.training.state import AVERAGING_INTERVAL, TrainState
from elman.training.trainer import train

STEPS = 130


def plan(ema_decay: float, steps: int = STEPS) -> Plan:
    return Plan(minutes=None, steps=steps, learning_rate=0.05, ema_decay=ema_decay)


def stepped(ema_decay: float, steps: int = STEPS):
    """A run, and its weights before every step and after the last."""
    run = TrainState(Line(), plan(ema_decay))
    history = [run.objective.weights()]
    for _ in range(steps):
        run.take_step()
        history.append(run.objective.weights())
    return run, history


def mean(history, weights):
    total = sum(weights)
    return {
        name: sum(w / total * each[name].double() for w, each in zip(weights, history, strict=True))
        for name in history[0]
    }


def assert_close(result, expected):
    for name, tensor in result.items():
        torch.testing.assert_close(tensor.double(), expected[name], rtol=1e-5, atol=1e-6)


def test_decay_of_one_is_the_plain_mean_of_every_tenth_step():
    run, history = stepped(1.0)
    averaged = history[::AVERAGING_INTERVAL]
    assert_close(run.average, mean(averaged, [1.0] * len(averaged)))


@pytest.mark.parametrize("decay", [0.1, 0.25, 0.5])
def test_average_equals_the_explicit_weighted_mean(decay):
    """The weights of step 10 n count binomial(n + a - 1, n), where a is 1 / ema_decay; about
    n^(a - 1), as documented."""
    run, history = stepped(decay)
    averaged, a = history[::AVERAGING_INTERVAL], 1 / decay
    weights = [1.0]
    for n in range(1, len(averaged)):
        weights.append(weights[-1] * (n + a - 1) / n)
    assert_close(run.average, mean(averaged, weights))


@pytest.mark.parametrize("decay", [0.1, 0.5])
def test_average_of_many_steps_has_the_documented_weights(decay):
    """A parameter is 0 for 80 % of the steps, then 1."""
    run, total = TrainState(Line(), plan(decay)), 2000
    for count in range(1, total + 1):
        run.step = count * AVERAGING_INTERVAL
        with torch.no_grad():
            run.parameters["bias"].fill_(float(count > 0.8 * total))
        run._update_average()
    # The integral of n^(1 / decay - 1) from 0.8 to 1 of all steps.
    assert float(run.average["bias"][0]) == pytest.approx(1 - 0.8 ** (1 / decay), abs=0.005)


def test_decay_of_zero_keeps_no_average():
    run, history = stepped(0.0, steps=20)
    assert run.average == {}
    with run.averaged_weights():
        assert same(run.objective.weights(), history[-1])


def test_averaged_weights_are_restored_afterwards():
    run, history = stepped(0.5, steps=30)
    average = {name: tensor.clone() for name, tensor in run.average.items()}
    with run.averaged_weights():
        assert same(run.objective.weights(), average)
    assert same(run.objective.weights(), history[-1])
    assert same(run.average, average)
    with pytest.raises(RuntimeError), run.averaged_weights():
        raise RuntimeError
    assert same(run.objective.weights(), history[-1]), "also after an error"
    assert not same(average, history[-1])


def test_averaging_does_not_change_the_steps():
    assert same(stepped(0.5, steps=50)[1][-1], stepped(0.0, steps=50)[1][-1])


def test_validation_and_result_use_the_average():
    objective = Line()
    list(train(objective, plan(0.5)))
    run, _ = stepped(0.5)
    assert same(objective.validated[-1], run.average)
    assert any(same(objective.weights(), validated) for validated in objective.validated)


@pytest.mark.parametrize("step", [1, 51, 129])
def test_resumed_run_ends_equal(tmp_path, step):
    """Bitwise, also with a rollback before the stop."""
    path, whole = tmp_path / "checkpoint", Line(at={30: nan})
    events = list(train(whole, plan(0.2)))
    stopped = Line(at={30: nan, step: interrupt})
    (*_, end) = train(stopped, plan(0.2), checkpoint=path, checkpoint_seconds=0.0)
    assert end.interrupted
    again = Line(at={30: nan} if step < 50 else {})
    (*_, end) = train(again, plan(0.2), checkpoint=path, checkpoint_seconds=0.0)
    assert again.steps[0][0] == step // 50 * 50
    assert same(again.weights(), whole.weights())
    assert same(again.validated[-1], whole.validated[-1])
    assert (end.best_step, end.best_loss) == (events[-1].best_step, events[-1].best_loss)
