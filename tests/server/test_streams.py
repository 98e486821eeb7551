"""Rows of states read side by side: each is where its model's own steps lead it."""

from __future__ import annotations

import numpy as np
import pytest

from elman.server.streams import Read, Streams

TEXTS = ["so warm", " and", " funny", " the cat"]


def same(found, wanted):
    """Two states as bytes: the same numbers, but for the order of sums in a batch."""
    numbers = [np.frombuffer(each, np.float32) for each in (found, wanted)]
    np.testing.assert_allclose(*numbers, atol=1e-5)


@pytest.fixture(params=["lstm", "reviews"])
def streams(request, models):
    return Streams(models[request.param])


def alone(streams, texts, state=None):
    """The state after these texts, read by nobody else's side."""
    for text in texts:
        (outcome,) = streams.read([Read(state or streams.beginning, text, 1)])
        state = outcome.state
    return state


@pytest.mark.parametrize("passed", [1, 2, 3])
def test_a_mark_passes_its_texts(streams, passed):
    """Beside rows without a mark, and one that has another way to go."""
    start = streams.beginning
    given = [
        Read(start, "mat", 1),
        Read(alone(streams, TEXTS), "!", 1, start, TEXTS[:passed]),
        Read(start, "mat", 1, start, ["a"]),
    ]
    stays, follows, other = streams.read(given)
    assert stays.mark == b""
    assert follows.mark not in (start, follows.state)
    same(follows.mark, alone(streams, TEXTS[:passed]))
    same(other.mark, alone(streams, ["a"]))
    same(stays.state, other.state)
    same(follows.state, alone(streams, [*TEXTS, "!"]))


def test_what_is_replayed_is_what_was_read(streams):
    start = streams.beginning
    first, second = streams.replay([(start, TEXTS), (alone(streams, ["a"]), ["b"])])
    same(first, alone(streams, TEXTS))
    same(second, alone(streams, ["a", "b"]))
    assert streams.replay([(start, [])]) == [start]
