"""Session stores: a file survives a restart, Redis is shared between servers."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import sqlite3
import subprocess
import time

import pytest
from test_sessions import Session, close, next_of

from elman.errors import ElmanError
from elman.server.limits import Limits


def step(text):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        await session.step(text)
        exported = (await client.get(f"{session.path}/export")).json()
        return session.session, exported, next_of(await session.step("a"))

    return conversation


def go_on(session, text):
    async def conversation(client):
        return (await Session(client, "lstm", session).post("step", text=text)).json()

    return conversation


def test_sessions_survive_a_restart(converse, tmp_path, models):
    database = str(tmp_path / "sessions.db")
    session, exported, _ = converse(step("the c"), sessions=database)
    answer = converse(go_on(session, "t"), sessions=database)
    assert answer["steps"] == 3
    model = models["lstm"]
    state = model.start()
    for text in ("the c", "a", "t"):
        outlook, state = model.step(text, state)
    assert close(next_of(answer), dict(outlook.top(3)))

    async def restore(client):
        return await client.post("/models/lstm/sessions", json=exported)

    assert converse(restore, sessions=database).status_code == 200  # the key is stored with them


def test_a_deleted_session_is_not_restored(converse, tmp_path):
    database = str(tmp_path / "sessions.db")

    async def conversation(client):
        session = await Session.create(client, "lstm")
        await asyncio.sleep(1.3)  # it is saved by then
        await client.delete(session.path)
        return session.session

    session = converse(conversation, sessions=database)
    assert "error" in converse(go_on(session, "a"), sessions=database)


def test_sessions_of_a_model_that_is_not_served_stay_in_the_file(converse, tmp_path):
    database = str(tmp_path / "sessions.db")
    session, _, _ = converse(step("b"), sessions=database)

    async def check_health(client):
        return (await client.get("/health")).status_code

    assert converse(check_health, sessions=database, only={"tale"}) == 200
    assert converse(go_on(session, "a"), sessions=database)["steps"] == 3


def test_a_killed_server_loses_a_second_at_most(serve, converse, folder, tmp_path):
    database = str(tmp_path / "sessions.db")
    first = serve([folder / "lstm.safetensors"], "--sessions", database)
    session = first.post("/models/lstm/sessions", {}).json()["session"]
    path = f"/models/lstm/sessions/{session}"
    first.post(f"{path}/step", {"text": "a"})
    time.sleep(2.5)
    first.process.kill()
    first.process.wait()
    assert converse(go_on(session, "b"), sessions=database)["steps"] == 2


@pytest.mark.parametrize("what", ["text", "other", "folder"])
def test_a_file_that_is_not_a_store_is_left_unchanged(converse, tmp_path, what):
    novel = tmp_path / "mine"
    if what == "text":
        novel.write_text("my novel\n" * 200, encoding="utf-8")
    elif what == "other":
        with contextlib.closing(sqlite3.connect(novel)) as file:
            file.execute("create table mine (a)")
    else:
        novel.mkdir()
    before = None if what == "folder" else novel.read_bytes()
    with pytest.raises(ElmanError, match="sessions"):
        converse(step("a"), sessions=str(novel))
    assert before is None or novel.read_bytes() == before


@pytest.fixture
def redis(tmp_path):
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.02)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()


@pytest.fixture
def two_servers(redis, converse_all):
    """Run a conversation with two servers that share their sessions."""
    return lambda conversation: converse_all(conversation, 2, sessions=redis)


def test_servers_share_sessions_through_redis(two_servers, models):
    async def conversation(clients):
        created = await Session.create(clients[0], "lstm")
        first, second = (Session(client, "lstm", created.session) for client in clients)
        answers = [await (first, second)[n % 2].step(text) for n, text in enumerate("the cat")]
        exported = (await clients[0].get(f"{first.path}/export")).json()
        restored = await clients[1].post("/models/lstm/sessions", json=exported)
        rewound = await second.post("rewind", steps=3)
        ended = await clients[1].delete(second.path)
        return answers, restored, rewound, ended, await first.post("step", text="a")

    answers, restored, rewound, ended, gone = two_servers(conversation)
    state = models["lstm"].start()
    for letter, answer in zip("the cat", answers, strict=True):
        outlook, state = models["lstm"].step(letter, state)
        assert close(next_of(answer), dict(outlook.top(3)))
    assert restored.status_code == ended.status_code == 200
    assert rewound.json()["steps"] == 4
    assert gone.status_code == 404


def test_two_servers_never_step_a_session_at_once(two_servers):
    async def conversation(clients):
        created = await Session.create(clients[0], "lstm")
        steps = [Session(clients[n % 2], "lstm", created.session).step("a") for n in range(40)]
        return sorted(answer["steps"] for answer in await asyncio.gather(*steps))

    assert two_servers(conversation) == list(range(1, 41))


def test_redis_holds_no_more_sessions_than_the_limit(redis, converse):
    async def conversation(client):
        path = "/models/lstm/sessions"
        return [(await client.post(path, json={})).status_code for _ in range(4)]

    assert converse(conversation, sessions=redis, limits=Limits(sessions=3)) == [200, 200, 200, 503]


def test_a_missing_redis_is_one_line(converse):
    with pytest.raises(ElmanError, match="no Redis answers"):
        converse(step("a"), sessions="redis://127.0.0.1:1/0")
