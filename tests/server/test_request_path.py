"""The way of a request through the server is short.

A station is an object of the server's own classes that has a hand in a request, between the ASGI
application's call and its response. Objects that observe (metrics), carry data, or work beside it
(the generation of other texts) do not count. Over a socket there are two more stations: the
connection and its transport.
"""

from __future__ import annotations

import sys
import threading

import pytest

from elman.server.generation import GenerationBatcher
from elman.server.metrics import Metrics
from elman.server.session_state import SessionState

AT_MOST = 8 - 2
REPEATS = 3  # what happens beside one request, such as an eviction, is not beside all of them


def of_server(kind):
    """Whether a class, or one that it inherits from, is the server's; a task's runner does."""
    return any(each.__module__.startswith("elman.server") for each in kind.__mro__)


@pytest.fixture
def stations(converse):
    """The names of the classes of the stations of a request."""

    def record(prepare, path, body):
        result, every, recording = set(), [], threading.Event()

        def profile(frame, event, argument):  # noqa: ARG001
            owner = frame.f_locals.get("self") if event == "call" else None
            if recording.is_set() and of_server(type(owner)):
                result.add(type(owner))

        async def conversation(client):
            parent = await prepare(client)
            for _ in range(REPEATS):
                recording.set()
                response = await client.post(f"{parent}/{path}", json=body)
                recording.clear()
                assert response.status_code == 200, response.text
                every.append(set(result))
                result.clear()

        before = threading.getprofile()
        threading.setprofile(profile)
        try:
            converse(conversation)
        finally:
            threading.setprofile(before)
        beside = {Metrics, SessionState, GenerationBatcher}
        return {each.__name__ for each in set.intersection(*every) - beside}

    return record


async def model(client):  # noqa: ARG001
    return "/models/reviews"


async def session(client):
    created = await client.post("/models/lstm/sessions", json={})
    return f"/models/lstm/sessions/{created.json()['session']}"


async def keyboard(client):
    created = await client.post("/models/mail/keyboards", json={})
    return f"/models/mail/keyboards/{created.json()['keyboard']}"


@pytest.mark.skipif(sys.gettrace() is not None, reason="a debugger takes the profiler's place")
@pytest.mark.parametrize(
    ("prepare", "path", "body", "expected"),
    [
        (model, "predict", {"texts": ["warm"]}, "Dispatcher"),
        (session, "step", {"text": "a"}, "LanguageModelRunner"),
        (keyboard, "write", {"text": "a"}, "Keyboards"),
    ],
)
def test_a_request_passes_few_stations(stations, prepare, path, body, expected):
    result = stations(prepare, path, body)
    assert {"RequestMiddleware", "Router", expected} <= result
    assert len(result) <= AT_MOST, sorted(result)
