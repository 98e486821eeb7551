"""Checkpoints: a run resumes exactly; a damaged or foreign checkpoint is refused."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from objectives import Line, interrupt, nan, same
from safetensors.numpy import save

from elman.bundle import open_bundle, write_bundle
from elman.data.cache import Cache
from elman.errors import ModelFileError, OutputError, ResumeError
from elman.tasks.language_modeling.model import LanguageModel
from elman.training import trainer
from elman.training.events import Finished, Progress, RolledBack, Validated
from elman.training.plan import Plan
from elman.training.trainer import train
from model_files import with_other_header_bytes

IDENTITY = {
    "text": "a tale",
    "hidden_size": 8,
    "components": ["norm"],
    "dropout": 0.1,
    "steps": None,
}


def plan(steps: int = 230) -> Plan:
    return Plan(minutes=None, steps=steps, learning_rate=0.05)


def go(objective: Line, path: Path | None, *, identity=IDENTITY, seconds: float = 0.0):
    return list(
        train(objective, plan(), checkpoint=path, identity=identity, checkpoint_seconds=seconds)
    )


@pytest.fixture(scope="module")
def uninterrupted():
    objective = Line()
    return objective, go(objective, None)


def one_line(caught, path: Path) -> str:
    text = str(caught.value)
    assert text.splitlines() == [text]
    assert text.startswith(f"{path}: ")
    assert caught.value.hint
    return text


@pytest.mark.parametrize("step", [0, 1, 49, 50, 51, 101, 229])
def test_resumed_run_ends_equal(tmp_path, uninterrupted, step):
    """Bitwise, with equal events, wherever it was stopped."""
    path = tmp_path / "checkpoint"
    first = go(Line(at={step: interrupt}), path)
    assert first[-1].interrupted
    assert path.exists()
    objective = Line()
    events = go(objective, path)
    expected, all_events = uninterrupted
    assert objective.steps[0][0] == step // 50 * 50
    assert same(objective.weights(), expected.weights())
    assert torch.equal(objective.state, expected.state)
    there = {event.step: event.loss for event in all_events if isinstance(event, Progress)}
    again = {event.step: event.loss for event in events if isinstance(event, Progress)}
    assert again == {s: loss for s, loss in there.items() if s > step // 50 * 50}
    end, whole = events[-1], all_events[-1]
    assert (end.step, end.best_step, end.best_loss, end.tokens, end.interrupted) == (
        whole.step, whole.best_step, whole.best_loss, whole.tokens, False)  # fmt: skip
    assert list(tmp_path.iterdir()) == [], "a run at its end leaves nothing"


def test_run_resumes_after_rollbacks(tmp_path):
    """The learning-rate scale is saved: the end equals that without the stop."""
    whole = Line(at={60: nan, 130: nan})
    go(whole, None)
    path = tmp_path / "checkpoint"
    first = go(Line(at={60: nan, 130: nan, 170: interrupt}), path)
    assert [e.learning_rate_scale for e in first if isinstance(e, RolledBack)] == [0.5, 0.25]
    objective = Line()
    go(objective, path)
    assert same(objective.weights(), whole.weights())


def test_run_without_best_weights_resumes(tmp_path):
    path = tmp_path / "checkpoint"
    go(Line([float("nan")] * 2, at={120: interrupt}), path)
    assert open_bundle(path).about["numbers"]["best_loss"] is None
    assert go(Line(), path)[-1].step == 230


def test_checkpoints_keep_their_interval_at_multiples_of_the_snapshot(tmp_path, monkeypatch):
    written = []
    write = trainer.write_checkpoint

    def watch(path, numbers, tensors, identity):
        written.append((numbers["step"], objective.clock.now))
        write(path, numbers, tensors, identity)

    objective = Line()
    objective.step_seconds = 0.125
    monkeypatch.setattr(trainer, "write_checkpoint", watch)
    monkeypatch.setattr(trainer, "time", objective.clock)
    events = train(
        objective, plan(900), checkpoint=tmp_path / "checkpoint", checkpoint_seconds=20.0
    )
    list(events)
    assert [step for step, _ in written] == list(range(200, 900, 200))
    assert all(b - a >= 20 for (_, a), (_, b) in pairwise(written))


def test_resumed_run_has_the_rest_of_its_budget(tmp_path, monkeypatch):
    """A budget of a minute, stopped at 40 seconds: 20 more, not 60."""
    path = tmp_path / "checkpoint"
    passed = []
    for at in ({400: interrupt}, {}):
        objective = Line(at=at)
        objective.step_seconds = 0.1
        monkeypatch.setattr(trainer, "time", objective.clock)
        begun = objective.clock.now
        *_, end = train(objective, Plan(minutes=1.0), checkpoint=path, checkpoint_seconds=0.0)
        passed.append(objective.clock.now - begun)
        assert end.interrupted is bool(at)
    assert passed[0] == pytest.approx(40.1)
    assert passed[1] == pytest.approx(20, abs=0.5)
    assert end.seconds == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize("before", [0, 2])
def test_full_disk_while_writing_a_checkpoint(tmp_path, monkeypatch, uninterrupted, before):
    """An error; the previous checkpoint stays, and the run resumes from it exactly."""
    path = tmp_path / "checkpoint"
    fsync, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > before:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        objective = Line([1.0, 9.0])
        with pytest.raises(OutputError) as caught:
            go(objective, path)
    text = one_line(caught, path)
    assert "No space left on device" in text
    assert ("resume" in text) is (before > 0)
    assert ("the last checkpoint is kept" in text) is (before > 0)
    assert [p.name for p in tmp_path.iterdir()] == (["checkpoint"] if before else [])
    if before:
        assert same(objective.weights(), objective.validated[0]), "best weights"
        assert open_bundle(path).about["numbers"]["step"] == 50
    objective = Line()
    go(objective, path)
    assert objective.steps[0][0] == (50 if before else 0)
    assert same(objective.weights(), uninterrupted[0].weights())


# Another run's


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A valid one, of step 100."""
    path = tmp_path_factory.mktemp("run") / "checkpoint"
    go(Line(at={120: interrupt}), path)
    return path


def copied(checkpoint: Path, folder: Path) -> Path:
    path = folder / "checkpoint"
    path.write_bytes(checkpoint.read_bytes())
    return path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"text": "another"}, "text"),
        ({"hidden_size": 9}, "hidden_size"),
        ({"components": []}, "components"),
        ({"steps": 10, "dropout": 0.2}, "dropout, steps"),
        ({"more": 1}, "more"),
    ],
    ids=str,
)
def test_checkpoint_of_another_run_is_refused_with_the_difference(
    checkpoint, tmp_path, change, named
):
    path = copied(checkpoint, tmp_path)
    objective = Line()
    before = objective.weights()
    with pytest.raises(ResumeError) as caught:
        go(objective, path, identity={**IDENTITY, **change})
    assert caught.value.cause.endswith(f"differs in {named}")
    one_line(caught, path)
    assert path.read_bytes() == checkpoint.read_bytes()
    assert same(objective.weights(), before)
    assert not objective.steps


# Damage


def refused(path: Path) -> str:
    """The message; the file is unchanged and no step was taken."""
    before, objective = path.read_bytes(), Line()
    with pytest.raises(ModelFileError) as caught:
        go(objective, path)
    assert path.read_bytes() == before
    assert not objective.steps
    return one_line(caught, path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_truncated_checkpoint_is_refused(checkpoint, tmp_path, share):
    path = copied(checkpoint, tmp_path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(path)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_flipped_bytes_of_the_header_are_refused_or_harmless(checkpoint, tmp_path, data):
    path = with_other_header_bytes(checkpoint, tmp_path, data)
    with suppress(ModelFileError, ResumeError):
        events = train(Line(), plan(), checkpoint=path, identity=IDENTITY)
        assert isinstance(next(events, None), Progress | Validated | Finished | RolledBack)
        events.close()


def altered(checkpoint: Path, folder: Path, change) -> Path:
    read = open_bundle(checkpoint)
    about, tensors = json.loads(json.dumps(read.about)), read.arrays(read.layout)
    change(about, tensors)
    path = folder / "checkpoint"
    # 1e999 is valid JSON, and infinite.
    text = json.dumps(about).replace('"huge"', "1e999")
    path.write_bytes(save(tensors, metadata={"elman": text}))
    return path


NUMBERS = {
    "step": [None, "100", 100.5, 100.0, -1, True, [100], "huge", 10**400],
    "tokens": [None, 1.5, -8, False],
    "seconds": [None, "1", -1.0, "huge", 10**400, True],
    "scale": [None, "1", -0.5, "huge", [1]],
    "next_validation": [None, "huge", -1, {}],
    "best_step": [None, 1.5, -1],
    "best_loss": ["1", "huge", 10**400, [1.0], True],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in NUMBERS.items() for value in values],
    ids=lambda v: f"{v!r:.20}",
)  # fmt: skip
def test_impossible_numbers_are_refused(checkpoint, tmp_path, name, value):
    path = altered(checkpoint, tmp_path, lambda about, _: about["numbers"].update({name: value}))
    assert "numbers are not those of a run" in refused(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda about, _: about.pop("numbers"),
        lambda about, _: about["numbers"].pop("scale"),
        lambda about, _: about["numbers"].update(more=1),
        lambda about, _: about.update(numbers=[1, 2]),
        lambda about, _: about["numbers"].update(best_loss=None),  # yet it has best weights
        lambda about, _: about.update(task="language"),
        lambda about, _: about.pop("task"),
        lambda _, tensors: tensors.pop("weight.bias"),
        lambda _, tensors: tensors.pop("best.bias"),
        lambda _, tensors: tensors.pop("exp_avg_sq.weight"),
        lambda _, tensors: tensors.pop("carried.0"),
        lambda _, tensors: tensors.update({"carried.1": np.zeros(2, np.float32)}),
        lambda _, tensors: tensors.update({"carried.0": np.zeros(3, np.float32)}),
        lambda _, tensors: tensors.update({"weight.bias": np.zeros(2)}),
        lambda _, tensors: tensors.update({"step.bias": np.zeros(1, np.float32)}),
    ],
)
def test_altered_structure_is_refused(checkpoint, tmp_path, change):
    refused(altered(checkpoint, tmp_path, change))


def test_unaltered_checkpoint_is_accepted(checkpoint, tmp_path, uninterrupted):
    """The control of the tests above."""
    objective = Line()
    go(objective, altered(checkpoint, tmp_path, lambda *_: None))
    assert same(objective.weights(), uninterrupted[0].weights())


@pytest.mark.parametrize("identity", [None, [], "x", 3])
def test_malformed_identity_is_that_of_another_run(checkpoint, tmp_path, identity):
    path = altered(checkpoint, tmp_path, lambda about, _: about.update(identity=identity))
    with pytest.raises(ResumeError) as caught:
        go(Line(), path)
    one_line(caught, path)


def test_model_file_is_not_a_checkpoint(tmp_path):
    path = tmp_path / "checkpoint"
    write_bundle(path, {"task": "language"}, {"x": np.zeros(2)})
    assert "it is not a checkpoint" in refused(path)


# A language model's


TEXT = "the cat sat on the mat; the dog did not.\n" * 20


def model(**changes) -> LanguageModel:
    return LanguageModel(**{"hidden_size": 4, "layers": 1, "steps": 60, **changes})


@pytest.mark.parametrize(
    ("changes", "text", "named"),
    [
        ({"hidden_size": 8}, TEXT, "hidden_size"),
        ({"seed": 1, "cell": "gru"}, TEXT, "cell, seed"),
        ({"steps": 61}, TEXT, "steps"),
        ({"components": ("norm",)}, TEXT, "components"),
        ({}, TEXT + "more\n" * 20, "content, corpus, valid"),
    ],
    ids=["hidden_size", "two", "steps", "components", "text"],
)
def test_checkpoint_of_another_model_is_refused_by_setting(tmp_path, changes, text, named):
    path, cache = tmp_path / "checkpoint", Cache(tmp_path / "cache")

    def stopped(events):
        return [event for event in events if isinstance(event, Finished)]

    asked = iter(range(100))
    stopped(model().training(TEXT, cache=cache, checkpoint=path, stop=lambda: next(asked) == 52))
    assert open_bundle(path).about["numbers"]["step"] == 50
    with pytest.raises(ResumeError) as caught:
        list(model(**changes).training(text, cache=cache, checkpoint=path))
    assert caught.value.cause.endswith(f"differs in {named}")
    one_line(caught, path)
    # The run itself resumes, also with its settings spelled differently.
    again = model(components=["norm", "convolution", "gate", "residual", "mlp"])
    (end,) = stopped(again.training(TEXT, cache=cache, checkpoint=path))
    assert end.step == 60
