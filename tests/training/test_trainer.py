"""The training loop: budgets, best weights, rollback, interrupts."""

from __future__ import annotations

import math

import pytest
import torch
from objectives import Line, interrupt, nan, same
from torch import nn

from elman.errors import TrainingError
from elman.training import trainer
from elman.training.events import Finished, Progress, RolledBack, Validated
from elman.training.plan import Plan
from elman.training.state import TrainState, _seed
from elman.training.trainer import train


def plan(steps: int = 500, **options) -> Plan:
    return Plan(minutes=None, steps=steps, learning_rate=0.05, **options)


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_training_reduces_the_loss_and_yields_every_step():
    objective = Line()
    events = list(train(objective, plan()))
    steps = of(Progress, events)
    assert [event.step for event in steps] == list(range(1, 501))
    assert [event.tokens for event in steps] == list(range(8, 8 * 501, 8))
    assert [event.done for event in steps] == [step / 500 for step in range(1, 501)]
    seconds = [event.seconds for event in steps]
    assert seconds == sorted(seconds)
    assert all(math.isfinite(event.loss) for event in steps)
    *rest, finished = events
    assert isinstance(finished, Finished)
    assert not of(Finished, rest)
    assert finished.step == 500
    assert finished.tokens == 4000
    assert finished.seconds >= seconds[-1]
    assert not finished.interrupted
    assert finished.best_loss == min(event.loss for event in of(Validated, events))
    assert finished.best_loss < 0.02 < of(Validated, events)[0].loss
    assert all(objective.modes)
    assert not objective.network.training


def test_validations_are_spaced_in_steps_with_a_budget_of_steps(monkeypatch):
    for steps, expected in ((500, [1, 101, 201, 301, 401, 500]), (30, [1, 30]), (1, [1])):
        events = list(train(Line(), plan(steps)))
        # Fractions of a budget are summed: rounding may delay a validation by one step.
        result = [event.step for event in of(Validated, events)]
        assert result == pytest.approx(expected, abs=1)
    monkeypatch.setattr(trainer, "VALIDATIONS", 3)
    assert len(of(Validated, train(Line(), plan(500)))) <= 3 + 1


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([1, 2, 3, 4, 5, 6], 0),
        ([9, 1, 2, 3, 4, 5], 1),
        ([9, 8, 7, 6, 5, 4], 5),
        ([9, 2, 5, 2, 5, 9], 1),  # no better is no reason to change
        ([math.nan, 8, 7, 9, 9, 9], 2),
        ([math.inf, math.nan, 9, math.nan, 9, 9], 2),
        ([5, math.nan, 4, math.nan, math.nan, math.nan], 2),
    ],
    ids=str,
)
def test_result_has_the_best_weights(losses, best, tmp_path):
    """Also after a validation loss that is not a number, which is never the best."""
    objective = Line(losses)
    events = list(
        train(objective, plan(), checkpoint=tmp_path / "checkpoint", checkpoint_seconds=0.0)
    )
    validations = of(Validated, events)
    assert len(objective.validated) == len(losses) == len(validations)
    assert same(objective.weights(), objective.validated[best])
    assert all(not same(objective.weights(), other) for i, other in enumerate(objective.validated)
               if i != best)  # fmt: skip
    assert (events[-1].best_loss, events[-1].best_step) == (losses[best], validations[best].step)
    assert [event.best for event in validations] == [
        math.isfinite(loss) and all(not before <= loss for before in losses[:i])
        for i, loss in enumerate(losses)
    ]


def test_last_weights_stay_without_a_finite_validation_loss():
    objective = Line([math.nan] * 6)
    *_, finished = train(objective, plan())
    assert same(objective.weights(), objective.validated[-1])
    assert finished.best_loss == math.inf


def test_weights_are_determined_by_plan_and_seed():
    results = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(results))  # the world's randomness must not matter, nor be moved
        expected = torch.random.get_rng_state()
        objective = Line()
        torch.random.set_rng_state(expected)
        list(train(objective, plan(60, seed=seed)))
        assert torch.equal(torch.random.get_rng_state(), expected)
        results.append(objective.weights())
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


def test_every_setting_of_a_plan_changes_the_weights():
    base = {"steps": 60, "minutes": None, "learning_rate": 0.05}
    earlier = []
    for change in ({}, {"steps": 61}, {"learning_rate": 0.04}, {"weight_decay": 0.9},
                   {"max_grad_norm": 0.01}, {"seed": 3}):  # fmt: skip
        objective = Line([9.0, 1.0])
        list(train(objective, Plan(**{**base, **change})))
        assert not any(same(objective.weights(), other) for other in earlier), change
        earlier.append(objective.weights())


def test_step_equals_adamw():
    """Against AdamW and gradient clipping written here, with the rates of the plan."""
    objective, same_plan = Line([9.0, 1.0]), plan(40, max_grad_norm=0.5, weight_decay=0.3)
    list(train(objective, same_plan))
    other = Line()
    weight, bias = other.network.weight, other.network.bias
    optimiser = torch.optim.AdamW(
        [{"params": [weight], "weight_decay": 0.3}, {"params": [bias], "weight_decay": 0.0}],
        betas=(0.9, 0.99),
    )
    for step in range(40):
        for group in optimiser.param_groups:
            group["lr"] = same_plan.rate(step / 40)
        torch.manual_seed(_seed(0, step))
        optimiser.zero_grad()
        other.loss(step)[0].backward()
        nn.utils.clip_grad_norm_([weight, bias], 0.5)
        optimiser.step()
    for name, tensor in objective.weights().items():
        torch.testing.assert_close(tensor, other.weights()[name], rtol=1e-5, atol=1e-6)


# Time


def timed(monkeypatch, *, minutes: float, step: float, look: float):
    """With a simulated clock: (events, seconds passed, seconds of validations)."""
    objective = Line()
    objective.step_seconds, objective.validation_seconds = step, look
    monkeypatch.setattr(trainer, "time", objective.clock)
    begun = objective.clock.now
    events = list(train(objective, Plan(minutes=minutes)))
    return events, objective.clock.now - begun, look * len(objective.validated)


@pytest.mark.parametrize(
    ("step", "look"),
    [(0.1, 0.0), (0.1, 0.2), (0.1, 3.0), (1.7, 0.5), (0.1, 12.0)],
)
def test_budget_of_minutes_is_spent_exactly(monkeypatch, step, look):
    """Exceeded by at most a step; the rest is less than the last validation."""
    events, passed, looked = timed(monkeypatch, minutes=1.0, step=step, look=look)
    assert 60 - 1.2 * look - step <= passed <= 60 + step
    assert events[-1].seconds == pytest.approx(passed)
    # The fraction of validations, without the first, of unknown duration, and the last.
    assert looked <= 60 * trainer.VALIDATION_FRACTION + 3 * look
    assert 2 <= len(of(Validated, events)) <= trainer.VALIDATIONS + 2
    assert of(Validated, events)[-1].step == events[-1].step, "the last weights are looked at"


def test_budget_below_one_step_still_gives_a_model(monkeypatch):
    for step, look in ((100.0, 0.1), (0.1, 100.0)):
        events, passed, _ = timed(monkeypatch, minutes=0.5, step=step, look=look)
        assert events[-1].step == 1
        assert passed == pytest.approx(step + look)


def test_budget_of_real_time_is_kept():
    import time

    begun = time.monotonic()
    *_, finished = train(Line(), Plan(minutes=0.4 / 60))
    assert 0.3 < time.monotonic() - begun < 5  # the machine may be busy
    assert finished.step > 10


# Losses that are not numbers


def poisoned_gradient(objective: Line) -> None:
    """A finite loss with a gradient that is NaN: the square root at 0."""

    def always(step: int) -> torch.Tensor:
        if step != 120 or any(s == 120 for s, *_ in objective.steps[:-1]):
            return torch.tensor(1.0)
        return 1 + (0 * objective.network.weight).sum().sqrt()

    objective.always = always


@pytest.mark.parametrize("kind", ["nan", "infinite", "gradient"])
def test_rolls_back_after_a_loss_or_gradient_that_is_not_a_number(kind, monkeypatch):
    rates = []
    take_step = TrainState.take_step

    def watch(run):
        result = take_step(run)
        rates.append(run.optimiser.param_groups[0]["lr"])
        return result

    monkeypatch.setattr(TrainState, "take_step", watch)
    objective = Line()
    if kind == "gradient":
        poisoned_gradient(objective)
    else:
        objective.at = {120: lambda: math.nan if kind == "nan" else math.inf}
    events = list(train(objective, plan(300)))

    assert of(RolledBack, events) == [RolledBack(100, 0.5)]
    rollback = events.index(RolledBack(100, 0.5))
    assert of(Progress, events[:rollback])[-1].step == 120
    again = of(Progress, events[rollback:])
    assert [event.step for event in again] == list(range(101, 301))
    assert [event.tokens for event in again] == list(range(808, 2401, 8))
    assert events[-1].tokens == 2400
    seconds = [event.seconds for event in of(Progress, events)]
    assert seconds == sorted(seconds), "time is not given back"

    first, second = (s for s in objective.steps if s[0] == 100)
    assert same(first[1], second[1]), "the weights of the step one returned to"
    assert torch.equal(first[2], second[2]), "and the state that was carried then"
    assert [s[0] for s in objective.steps] == [*range(121), *range(100, 300)]
    schedule = plan(300)
    for index, (step, *_) in enumerate(objective.steps):
        scale = 1.0 if index <= 120 else 0.5
        assert rates[index] == pytest.approx(scale * schedule.rate(step / 300)), step
    assert all(p.isfinite().all() for p in objective.network.parameters())
    assert events[-1].best_loss < 0.1


def test_persistent_nan_losses_end_the_training():
    objective = Line([3.0, 2.0, *[9.0] * 20], always=lambda step: math.nan if step >= 130 else 1.0)
    events = []
    with pytest.raises(TrainingError) as caught:
        events.extend(train(objective, plan()))
    text = str(caught.value)
    assert text.splitlines() == [text]
    assert "step 130" in text
    assert "learning_rate" in text
    scales = [event.learning_rate_scale for event in of(RolledBack, events)]
    assert scales == [0.5**n for n in range(1, trainer.MAX_ROLLBACKS + 1)]
    assert {event.step for event in of(RolledBack, events)} == {100}
    assert same(objective.weights(), objective.validated[1]), (
        "the best weights are in place all the same"
    )
    assert not objective.network.training


def test_rollbacks_far_apart_are_not_summed():
    """Eight in a row end the training; a passed snapshot resets the count."""
    objective = Line(at={60 + 50 * n: nan for n in range(trainer.MAX_ROLLBACKS + 4)})
    events = list(train(objective, plan(800)))
    assert len(of(RolledBack, events)) == trainer.MAX_ROLLBACKS + 4
    assert events[-1].step == 800


def test_best_weights_survive_a_rollback():
    """They are of step 101, after the snapshot at 100."""
    objective = Line([3.0, 1.0, *[9.0] * 9], at={120: nan})
    events = list(train(objective, plan()))
    assert of(RolledBack, events) == [RolledBack(100, 0.5)]
    assert same(objective.weights(), objective.validated[1])
    assert (events[-1].best_step, events[-1].best_loss) == (101, 1.0)


def test_rollbacks_at_the_first_step():
    objective = Line(at={0: nan})
    events = list(train(objective, plan(60)))
    assert events[0] == RolledBack(0, 0.5)
    assert events[-1].step == 60


# Ends that come early


@pytest.mark.parametrize("last_loss", [9.0, 0.5])
def test_interrupt_in_a_step_keeps_the_best_weights(last_loss):
    objective = Line([1.0, last_loss], at={70: interrupt})
    events = list(train(objective, plan()))
    finished = events[-1]
    assert finished == Finished(70, 1 if last_loss > 1 else 70, min(1.0, last_loss),
                                finished.seconds, 560, interrupted=True)  # fmt: skip
    assert len(objective.validated) == 2, "the weights of step 70 are looked at once more"
    assert same(objective.weights(), objective.validated[0 if last_loss > 1 else 1])
    assert not objective.network.training


def test_interrupt_in_a_validation_keeps_the_best_weights(monkeypatch):
    objective = Line()
    validate, calls = objective.validate, []

    def look():
        calls.append(None)
        return interrupt() if len(calls) == 2 else validate()

    monkeypatch.setattr(objective, "validate", look)
    *_, finished = train(objective, plan())
    assert finished.interrupted
    assert finished.step == finished.best_step == 101
    assert same(objective.weights(), objective.validated[-1])


def test_interrupt_before_the_first_step_keeps_the_weights(tmp_path):
    objective = Line(at={0: interrupt})
    before = objective.weights()
    path = tmp_path / "checkpoint"
    events = list(train(objective, plan(), checkpoint=path))
    assert [(e.step, e.interrupted) for e in events] == [(0, True)]
    assert same(objective.weights(), before)
    assert not objective.network.training


def test_stop_interrupts_before_the_next_step():
    objective = Line()
    events = []
    for event in train(objective, plan(), stop=lambda: len(of(Progress, events)) >= 33):
        events.append(event)  # noqa: PERF402 (stop reads it meanwhile)
    assert events[-1].interrupted
    assert events[-1].step == 33
    assert len(objective.steps) == 33


@pytest.mark.parametrize("last_loss", [9.0, 0.5])
def test_closed_generator_keeps_the_best_weights(last_loss):
    objective = Line([1.0, last_loss])
    events = train(objective, plan())
    for event in events:
        if isinstance(event, Progress) and event.step == 70:
            break
    assert objective.network.training
    events.close()
    assert same(objective.weights(), objective.validated[0 if last_loss > 1 else 1])
    assert len(objective.validated) == 2
    assert not objective.network.training


def test_error_of_the_objective_propagates_and_keeps_the_best_weights():
    def fail():
        raise ZeroDivisionError

    objective = Line([1.0, 9.0], at={70: fail})
    with pytest.raises(ZeroDivisionError):
        list(train(objective, plan()))
    assert same(objective.weights(), objective.validated[0])
