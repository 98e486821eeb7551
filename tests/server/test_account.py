"""A training's account: nothing is lost, and it does not grow."""

from __future__ import annotations

import math

import pytest

from elman.server.account import NOTES, POINTS, Account, sent
from elman.training.events import Finished, Progress, RolledBack, Validated
from elman.training.previews import BaselineLoss, PredictionPreview


def progress(step, phase=""):
    return Progress(
        step, loss=1 / step, tokens=step, seconds=step, done=0.1, learning_rate=0.1, phase=phase
    )


def look(step, loss=1.0, in_sample=False):
    return Validated(
        step,
        loss,
        best=True,
        samples=lambda: [PredictionPreview("g", "a")],
        baseline=lambda: BaselineLoss("b", "m", 2.0),
        in_sample=in_sample,
    )


def everything(account, number=0):
    found = []
    while entries := account.after(number):
        found += entries
        number = entries[-1].number
    return found


@pytest.mark.parametrize("steps", [1, 10, POINTS, 5 * POINTS + 3])
def test_points_hold_all_steps_and_their_mean(steps):
    account = Account({})
    for step in range(1, steps + 1):
        account.tell(progress(step))
    account.tell(Finished(steps, 0, math.inf, 1.0, steps, interrupted=False))
    points = [each.data for each in everything(account) if each.kind == "progress"]
    assert len(points) <= POINTS + 1
    assert sum(point["steps"] for point in points) == steps
    total = sum(point["steps"] * point["loss"] for point in points)
    assert total == pytest.approx(sum(1 / step for step in range(1, steps + 1)))
    assert points[-1]["step"] == steps


def test_a_reader_at_any_place_hears_the_rest_in_order():
    """Also where neighbours have become one meanwhile."""
    account, heard, reached = Account({"model": "m"}), 0, 0
    for step in range(1, 3 * POINTS):
        account.tell(progress(step))
        if step % 50 == 0:
            account.tell(look(step))
        if step % 7 == 0:
            for entry in account.after(reached):
                assert entry.number > reached
                reached = entry.number
                if entry.kind == "progress":
                    assert entry.data["step"] > heard
                    heard = entry.data["step"]
    account.end()
    assert account.ended
    last = everything(account, reached)[-1]
    assert last.kind == "ended"
    assert everything(account)[0].data == {"model": "m"}


def test_phases_are_not_mixed():
    account = Account({})
    for step in range(1, 2 * POINTS):
        account.tell(progress(step, "first"))
    for step in range(1, 2 * POINTS):
        account.tell(progress(step, "then"))
    account.end()
    for phase in ("first", "then"):
        points = [each.data for each in everything(account) if each.data.get("phase") == phase]
        steps = sum(point.get("steps", 0) for point in points)
        assert steps == 2 * POINTS - 1


@pytest.mark.parametrize("in_sample", [True, False])
def test_a_look_tells_of_what_its_loss_is(in_sample):
    account = Account({})
    account.tell(look(1, in_sample=in_sample))
    assert everything(account)[-1].data["in_sample"] is in_sample


def test_notes_do_not_grow_without_end():
    account = Account({})
    for step in range(2 * NOTES):
        account.tell(RolledBack(step, 0.5))
    assert len(everything(account)) == NOTES + 1


def test_what_is_sent_is_one_event_of_json():
    account = Account({})
    account.tell(look(1, math.nan))
    _, entry = everything(account)
    text = sent(account, entry).decode()
    assert text.startswith(f"id: {account.run}.2\nevent: validated\ndata: {{")
    assert text.count("\n") == 4
    assert '"loss":null' in text
    assert '"baseline":{"name":"b","measure":"m","loss":2.0}' in text
