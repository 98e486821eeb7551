"""A training's event log: no step is lost, and it stays bounded."""

from __future__ import annotations

import math

import pytest

from elman.server.event_log import MAX_BUCKETS, MAX_EVENTS, EventLog
from elman.training.events import Finished, Progress, RolledBack, Validated
from elman.training.previews import BaselineLoss, PredictionPreview


def progress(step, phase=""):
    return Progress(
        step, loss=1 / step, tokens=step, seconds=step, done=0.1, learning_rate=0.1, phase=phase
    )


def validated(step, loss=1.0, in_sample=False):
    return Validated(
        step,
        loss,
        best=True,
        samples=lambda: [PredictionPreview("g", "a")],
        baseline=lambda: BaselineLoss("b", "m", 2.0),
        in_sample=in_sample,
    )


def all_events(log, number=0):
    result = []
    while events := log.after(number):
        result += events
        number = events[-1].number
    return result


@pytest.mark.parametrize("steps", [1, 10, MAX_BUCKETS, 5 * MAX_BUCKETS + 3])
def test_buckets_hold_all_steps_and_their_mean_loss(steps):
    log = EventLog({})
    for step in range(1, steps + 1):
        log.record(progress(step))
    log.record(Finished(steps, 0, math.inf, 1.0, steps, interrupted=False))
    buckets = [each.data for each in all_events(log) if each.kind == "progress"]
    assert len(buckets) <= MAX_BUCKETS + 1
    assert sum(bucket["steps"] for bucket in buckets) == steps
    total = sum(bucket["steps"] * bucket["loss"] for bucket in buckets)
    assert total == pytest.approx(sum(1 / step for step in range(1, steps + 1)))
    assert buckets[-1]["step"] == steps


def test_a_reader_anywhere_in_the_log_gets_the_rest_in_order():
    """Even where buckets were merged since it last read."""
    log, last_step, last_number = EventLog({"model": "m"}), 0, 0
    for step in range(1, 3 * MAX_BUCKETS):
        log.record(progress(step))
        if step % 50 == 0:
            log.record(validated(step))
        if step % 7 == 0:
            for event in log.after(last_number):
                assert event.number > last_number
                last_number = event.number
                if event.kind == "progress":
                    assert event.data["step"] > last_step
                    last_step = event.data["step"]
    log.end()
    assert log.ended
    assert all_events(log, last_number)[-1].kind == "ended"
    assert all_events(log)[0].data == {"model": "m"}


def test_buckets_of_different_phases_are_not_merged():
    log = EventLog({})
    for phase in ("first", "then"):
        for step in range(1, 2 * MAX_BUCKETS):
            log.record(progress(step, phase))
    log.end()
    for phase in ("first", "then"):
        buckets = [each.data for each in all_events(log) if each.data.get("phase") == phase]
        assert sum(bucket.get("steps", 0) for bucket in buckets) == 2 * MAX_BUCKETS - 1


@pytest.mark.parametrize("in_sample", [True, False])
def test_an_evaluation_records_whether_its_loss_is_in_sample(in_sample):
    log = EventLog({})
    log.record(validated(1, in_sample=in_sample))
    assert all_events(log)[-1].data["in_sample"] is in_sample


def test_the_number_of_events_is_bounded():
    log = EventLog({})
    for step in range(2 * MAX_EVENTS):
        log.record(RolledBack(step, 0.5))
    assert len(all_events(log)) == MAX_EVENTS + 1


def test_an_event_is_encoded_as_one_server_sent_event():
    log = EventLog({})
    log.record(validated(1, math.nan))
    _, event = all_events(log)
    text = log.encode(event).decode()
    assert text.startswith(f"id: {log.id}.2\nevent: validated\ndata: {{")
    assert text.count("\n") == 4
    assert '"loss":null' in text
    assert '"baseline":{"name":"b","measure":"m","loss":2.0}' in text
    assert '"previews":[{"given":"g","answer":"a"' in text
