"""Session stores: a file survives a restart, Redis is shared between servers."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

import pytest
from test_sessions import Session, close, next_of

from elman.errors import ElmanError
from elman.server.http_errors import ApiError
from elman.server.limits import Limits
from elman.server.session_state import SessionState
from elman.server.stores import sqlite
from elman.server.stores.redis import LEASE_SECONDS, RedisStore
from elman.server.stores.store import StateFormat


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


def test_a_full_disk_of_sessions_is_a_line_and_they_are_stored_once_there_is_room(
    converse, tmp_path, monkeypatch, caplog
):
    database, files = tmp_path / "sessions.db", []
    opened = sqlite._open

    def opened_and_known(path):
        files.append(opened(path))
        return files[-1]

    monkeypatch.setattr(sqlite, "_open", opened_and_known)

    async def conversation(client):
        (pages,) = files[0].execute("pragma page_count").fetchone()
        files[0].execute(f"pragma max_page_count = {pages}")
        for _ in range(20):  # more than the rest of a page
            session = await Session.create(client, "lstm")
            await session.step("a")
        await asyncio.sleep(2.5)  # it is saved twice, or would be
        said = [(each.getMessage(), each.exc_info) for each in caplog.records]
        files[0].execute("pragma max_page_count = 100000")
        await asyncio.sleep(1.5)
        return session.session, said

    session, said = converse(conversation, sessions=str(database))
    assert said == [("sessions could not be stored: database or disk is full", None)]
    assert converse(go_on(session, "a"), sessions=str(database))["steps"] == 2


def test_a_full_disk_of_sessions_at_the_end_is_a_line(converse, tmp_path, monkeypatch):
    database = tmp_path / "sessions.db"
    session, *_ = converse(step("the c"), sessions=str(database))

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(sqlite.SqliteStore, "_save", full)
        with pytest.raises(ElmanError, match=r"sessions.db: the last steps .* disk is full"):
            converse(go_on(session, "t"), sessions=str(database))
    assert converse(go_on(session, "t"), sessions=str(database))["steps"] == 3


class RedisServer:
    """A Redis of the tests' own, which loses everything when it stops."""

    def __init__(self, folder):
        self.program = shutil.which("redis-server")
        if self.program is None:
            pytest.skip("redis-server is not installed")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.address = folder, f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self):
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(
            [self.program, *options], cwd=self.folder, stdout=subprocess.DEVNULL
        )
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            time.sleep(0.02)

    def stop(self):
        self.process.kill()  # it may be stopped by a signal
        self.process.wait()


def test_tables_are_created_together_or_not_at_all(converse, tmp_path, monkeypatch):
    database = str(tmp_path / "sessions.db")
    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "_SCHEMA", (*sqlite._SCHEMA, "no statement"))
        with pytest.raises(ElmanError, match="cannot store sessions"):
            converse(step("a"), sessions=database)
    with contextlib.closing(sqlite3.connect(database)) as file:
        assert file.execute("select name from sqlite_master").fetchall() == []
        assert file.execute("pragma application_id").fetchone() == (0,)
    session, _, _ = converse(step("a"), sessions=database)
    assert converse(go_on(session, "b"), sessions=database)["steps"] == 3


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server):
    """The address of a Redis."""
    return redis_server.address


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


def test_without_redis_sessions_are_503_and_the_server_is_not_ready(converse, redis_server, caplog):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        paths = [
            ("POST", "/models/lstm/sessions"),
            ("POST", f"{session.path}/step"),
            ("POST", f"{session.path}/rewind"),
            ("POST", f"{session.path}/fork"),
            ("GET", f"{session.path}/export"),
            ("GET", session.path),
            ("DELETE", session.path),
            ("GET", "/ready"),
        ]
        redis_server.stop()
        body = {"text": "a", "steps": 1}
        away = [
            await client.request(method, path, json=_body_for(path, body)) for method, path in paths
        ]
        health = await client.get("/health")
        predicted = await client.post("/models/reviews/predict", json={"texts": ["warm"]})
        await asyncio.sleep(2.5)  # sessions are evicted twice
        redis_server.start()
        back = await client.get("/ready")
        again = await (await Session.create(client, "lstm")).step("a")
        await asyncio.sleep(1.2)
        return away, health, predicted, back, again

    away, health, predicted, back, again = converse(conversation, sessions=redis_server.address)
    for answer in away:
        assert answer.status_code == 503, answer.text
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["error"]["cause"] == "sessions are out of reach"
    assert health.status_code == predicted.status_code == back.status_code == 200
    assert again["steps"] == 1
    lines = [(each.levelname, each.exc_info) for each in caplog.records if "elman" in each.name]
    assert lines == [("ERROR", None), ("WARNING", None)]  # no traceback, and not each time


def _body_for(path, body):
    """The part of a body that a route takes."""
    names = {"step": ["text"], "rewind": ["steps"]}.get(path.rpartition("/")[2], [])
    return {name: body[name] for name in names}


def test_a_redis_that_hangs_is_503_after_a_timeout(converse, redis_server):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        redis_server.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        answers = await asyncio.gather(session.post("step", text="a"), client.get("/ready"))
        taken = time.monotonic() - began
        redis_server.process.send_signal(signal.SIGCONT)
        return answers, taken

    answers, taken = converse(conversation, sessions=redis_server.address)
    assert [each.status_code for each in answers] == [503, 503]
    assert taken < 8


@pytest.fixture
def two_stores(redis, in_a_thread):
    """Run a coroutine with two stores that share a Redis, and the name of a session."""

    def run(conversation, request_timeout):
        async def go():
            limits = Limits(request_timeout=request_timeout)
            formats = {"model": StateFormat(b"\0" * 32, 4)}
            stores = [RedisStore(redis, limits, formats) for _ in range(2)]
            for store in stores:
                await store.connect(redis)
            try:
                await stores[0].add("model:a", SessionState.initial(b"0123"))
                return await conversation(*stores)
            finally:
                for store in stores:
                    await store.close()

        return in_a_thread(go())

    return run


def test_a_session_whose_holder_died_is_free_after_its_lease(two_stores):
    async def conversation(first, second):
        await first.acquire("model:a")
        await first.close()  # it renews no lock any more
        began = time.monotonic()
        await second.acquire("model:a")
        return time.monotonic() - began

    assert 1 < two_stores(conversation, 30) < LEASE_SECONDS + 1


def test_a_session_that_is_held_for_longer_than_a_lease_stays_locked(two_stores):
    async def conversation(first, second):
        state = await first.acquire("model:a")
        with pytest.raises(ApiError, match="another server does not release"):
            await second.acquire("model:a")
        await first.release("model:a", state)
        return await second.acquire("model:a") == state

    assert two_stores(conversation, 1.5 * LEASE_SECONDS)


def test_a_release_after_the_lease_is_refused(two_stores):
    """The step of the holder that came later stands."""

    async def conversation(first, second):
        state = await first.acquire("model:a")
        first._renewing.cancel()  # as where the way to Redis is broken
        later = (await second.acquire("model:a")).stepped("b", b"4567", b"0123")
        with pytest.raises(ApiError, match="lease"):
            await first.release("model:a", state.stepped("a", b"89ab", b"0123"))
        await second.release("model:a", later)
        return (await second.acquire("model:a")).state

    assert two_stores(conversation, 30) == b"4567"
