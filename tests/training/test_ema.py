"""The average of the weights that answers: its formula, its swaps, and a run that goes on."""

from __future__ import annotations

import pytest
import torch
from objectives import Line, interrupt, no_number, same

from elman.training.plan import Plan
from elman.training.state import AVERAGED_EVERY, TrainState
from elman.training.trainer import train

STEPS = 130


def plan(averaged: float, steps: int = STEPS) -> Plan:
    return Plan(minutes=None, steps=steps, learning_rate=0.05, averaged=averaged)


def stepped(averaged: float, steps: int = STEPS):
    """A run, and its weights before every step and after the last."""
    run = TrainState(Line(), plan(averaged))
    history = [run.objective.weights()]
    for _ in range(steps):
        run.take_step()
        history.append(run.objective.weights())
    return run, history


def mean(history, shares):
    total = sum(shares)
    return {
        name: sum(
            share / total * each[name].double() for share, each in zip(shares, history, strict=True)
        )
        for name in history[0]
    }


def assert_close(found, expected):
    for name, tensor in found.items():
        torch.testing.assert_close(tensor.double(), expected[name], rtol=1e-5, atol=1e-6)


def test_with_a_share_of_one_it_is_the_plain_mean_of_every_tenth():
    run, history = stepped(1.0)
    kept = history[::AVERAGED_EVERY]
    assert_close(run.average, mean(kept, [1.0] * len(kept)))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_it_is_a_mean_in_which_late_weights_count_more(share):
    """By brute force: those of the nth tenth step count binomial(n + a - 1, n), where a is
    1 / share; about n^(a - 1), which is what the docstring says."""
    run, history = stepped(share)
    kept, a = history[::AVERAGED_EVERY], 1 / share
    shares = [1.0]
    for n in range(1, len(kept)):
        shares.append(shares[-1] * (n + a - 1) / n)
    assert_close(run.average, mean(kept, shares))


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_after_many_steps_the_shares_are_as_the_docstring_says(share):
    """Against a network of one weight that is 0, and 1 after a given time."""
    run, total = TrainState(Line(), plan(share)), 2000
    for count in range(1, total + 1):
        run.step = count * AVERAGED_EVERY
        with torch.no_grad():
            run.parameters["bias"].fill_(float(count > 0.8 * total))
        run._keep_average()
    # The integral of n^(1 / share - 1) from 0.8 to 1 of all steps.
    assert float(run.average["bias"][0]) == pytest.approx(1 - 0.8 ** (1 / share), abs=0.005)


def test_without_a_share_none_is_kept():
    run, history = stepped(0.0, steps=20)
    assert run.average == {}
    with run.answering():
        assert same(run.objective.weights(), history[-1])


def test_answering_has_the_average_and_puts_the_weights_back():
    run, history = stepped(0.5, steps=30)
    average = {name: tensor.clone() for name, tensor in run.average.items()}
    with run.answering():
        assert same(run.objective.weights(), average)
    assert same(run.objective.weights(), history[-1])
    assert same(run.average, average)
    with pytest.raises(RuntimeError), run.answering():
        raise RuntimeError
    assert same(run.objective.weights(), history[-1]), "whatever happens meanwhile"
    assert not same(average, history[-1])


def test_averaging_does_not_change_the_steps():
    assert same(stepped(0.5, steps=50)[1][-1], stepped(0.0, steps=50)[1][-1])


def test_looks_and_the_end_are_of_the_average():
    objective = Line()
    list(train(objective, plan(0.5)))
    run, _ = stepped(0.5)
    assert same(objective.looked[-1], run.average)
    assert any(same(objective.weights(), looked) for looked in objective.looked)


@pytest.mark.parametrize("step", [1, 51, 129])
def test_a_run_goes_on_to_the_same_end(tmp_path, step):
    """Bit for bit; one step back before the stop, too."""
    path, whole = tmp_path / "checkpoint", Line(at={30: no_number})
    events = list(train(whole, plan(0.2)))
    stopped = Line(at={30: no_number, step: interrupt})
    (*_, end) = train(stopped, plan(0.2), checkpoint=path, checkpoint_seconds=0.0)
    assert end.interrupted
    again = Line(at={30: no_number} if step < 50 else {})
    (*_, end) = train(again, plan(0.2), checkpoint=path, checkpoint_seconds=0.0)
    assert again.steps[0][0] == step // 50 * 50
    assert same(again.weights(), whole.weights())
    assert same(again.looked[-1], whole.looked[-1])
    assert (end.best_step, end.best_loss) == (events[-1].best_step, events[-1].best_loss)
