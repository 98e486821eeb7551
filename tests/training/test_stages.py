"""Stages: one progress and one end; an interrupted run resumes exactly."""

from __future__ import annotations

from itertools import pairwise

import pytest
from objectives import Line, interrupt, same

from elman.bundle import open_bundle
from elman.errors import ResumeError
from elman.training.events import Finished, Progress, Validated
from elman.training.plan import Plan
from elman.training.stages import Stage, train_in_stages

STEPS = {"first": 120, "second": 80}
FRACTIONS = {"first": 0.6, "second": 0.4}
IDENTITY = {"text": "a tale"}


class Objectives(dict):
    """Two objectives with one network, by the names of their stages."""

    def __init__(self, **at) -> None:
        super().__init__({name: Line(at=at.get(name)) for name in STEPS})
        self["second"].network = self["first"].network

    def stages(self, fractions=FRACTIONS) -> list[Stage]:
        plans = {
            name: Plan(minutes=None, steps=steps, learning_rate=0.05, seed=number)
            for number, (name, steps) in enumerate(STEPS.items())
        }
        return [Stage(name, self[name], plans[name], fractions[name]) for name in STEPS]


def go(objectives: Objectives, path=None, **options):
    events = train_in_stages(
        objectives.stages(), checkpoint=path, identity=IDENTITY, checkpoint_seconds=0.0, **options
    )
    return list(events)


@pytest.fixture(scope="module")
def uninterrupted():
    objectives = Objectives()
    return objectives, go(objectives)


def test_one_progress_and_one_end(uninterrupted):
    _, events = uninterrupted
    steps = [event for event in events if isinstance(event, Progress)]
    assert [event.phase for event in steps] == ["first"] * 120 + ["second"] * 80
    for name in ("done", "tokens", "seconds"):
        values = [getattr(event, name) for event in steps]
        assert all(before < after for before, after in pairwise(values)), name
    assert steps[119].done == pytest.approx(0.6)
    assert steps[-1].done == pytest.approx(1.0)
    assert [event for event in events if isinstance(event, Finished)] == [events[-1]]
    assert (events[-1].step, events[-1].tokens) == (80, 8 * 200)
    assert events[-1].seconds >= steps[-1].seconds
    assert sum(isinstance(event, Validated) for event in events) >= 2


def test_fractions_below_one_start_with_a_spent_budget():
    stages = Objectives().stages({"first": 0.5, "second": 0.4})
    done = [event.done for event in train_in_stages(stages) if isinstance(event, Progress)]
    assert done[0] == pytest.approx(0.1 + 0.5 / 120)
    assert done[-1] == pytest.approx(1.0)


def test_second_stage_starts_with_the_best_weights_of_the_first(uninterrupted):
    objectives, _ = uninterrupted
    initial = objectives["second"].steps[0][1]
    assert any(same(initial, weights) for weights in objectives["first"].validated)


@pytest.mark.parametrize(
    ("stage", "step"), [("first", 0), ("first", 70), ("second", 0), ("second", 3), ("second", 60)]
)
def test_interrupted_run_resumes_in_its_stage_to_the_same_end(tmp_path, uninterrupted, stage, step):
    path = tmp_path / "checkpoint"
    *_, end = go(Objectives(**{stage: {step: interrupt}}), path)
    assert end.interrupted
    assert end.step == (0 if stage == "first" else step)
    assert open_bundle(path).about["identity"] == {**IDENTITY, "phase": stage}
    objectives = Objectives()
    events = go(objectives, path)
    expected, _ = uninterrupted
    assert objectives[stage].steps[0][0] == step // 50 * 50
    assert bool(objectives["first"].steps) is (stage == "first")
    assert same(objectives["second"].weights(), expected["second"].weights())
    assert (events[-1].step, events[-1].interrupted) == (80, False)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done[0] > (0.6 if stage == "second" else 0)
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1.0)
    assert not path.exists()


def test_stop_between_stages_keeps_the_first_stage(tmp_path, uninterrupted):
    """The checkpoint with the first stage's weights is written before `stop` is called."""
    path, objectives = tmp_path / "checkpoint", Objectives()
    *_, end = go(objectives, path, stop=lambda: len(objectives["first"].steps) == STEPS["first"])
    assert (end.interrupted, end.step) == (True, 0)
    assert not objectives["second"].steps
    objectives = Objectives()
    go(objectives, path)
    assert not objectives["first"].steps
    assert same(objectives["second"].weights(), uninterrupted[0]["second"].weights())


def test_weights_of_the_first_stage_are_saved_before_a_step_of_the_second(tmp_path):
    path = tmp_path / "checkpoint"
    saved = []

    def saved_stage() -> float:
        saved.append(open_bundle(path).about["identity"]["phase"])
        return 1.0

    objectives = Objectives(second={0: saved_stage})
    events = train_in_stages(objectives.stages(), checkpoint=path, checkpoint_seconds=1e6)
    assert any(isinstance(event, Finished) for event in events)
    assert saved == ["second"]


def test_checkpoint_of_an_unknown_stage_is_refused(tmp_path):
    path = tmp_path / "checkpoint"
    go(Objectives(first={70: interrupt}), path)
    objectives = Objectives()
    with pytest.raises(ResumeError) as caught:
        list(train_in_stages(objectives.stages()[1:], checkpoint=path, identity=IDENTITY))
    assert caught.value.cause.endswith("differs in phase")
    assert not objectives["second"].steps


def test_interrupt_in_the_first_stage_keeps_the_best_weights():
    objectives = Objectives(first={110: interrupt})
    before = objectives["first"].weights()
    *_, end = go(objectives)
    assert (end.interrupted, end.step, end.best_step) == (True, 0, 0)
    assert end.tokens == 8 * 110
    assert not same(objectives["second"].weights(), before)
    assert any(
        same(objectives["second"].weights(), validated)
        for validated in objectives["first"].validated
    )
    assert not objectives["first"].network.training
