"""Sessions: a state that is stored, stepped, forked, rewound, exported and restored."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server_process import answer_when_there_is_room

from elman.server.limits import CHECKPOINT_BYTES, CHECKPOINT_STEPS, Limits
from elman.server.session_state import SessionState
from elman.server.signing import new_key, sign, verify

LETTERS = "the cat sat on the mat"
WORDS = ["so", "warm", "and", "funny"]


class Session:
    def __init__(self, client, model, session):
        self.client, self.path = client, f"/models/{model}/sessions/{session}"
        self.session = session

    @classmethod
    async def create(cls, client, model, **body):
        answer = await client.post(f"/models/{model}/sessions", json=body)
        assert answer.status_code == 200, answer.text
        return cls(client, model, answer.json()["session"])

    async def step(self, text, **more):
        answer = await self.client.post(f"{self.path}/step", json={"text": text, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, what, **body):
        return await self.client.post(f"{self.path}/{what}", json=body)


def next_of(answer):
    return {each["text"]: each["probability"] for each in answer["next"]}


def close(result, expected):
    """Equal but for the order of sums in a batch."""
    return result == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", ["tale", "mail", "lstm"])
def test_steps_of_a_language_model_are_those_of_step(converse, models, name):
    async def conversation(client):
        session = await Session.create(client, name)
        return [await session.step(text, count=5) for text in ["t", "he", " cat", "s" * 30]]

    model = models[name]
    state = model.start()
    for text, answer in zip(["t", "he", " cat", "s" * 30], converse(conversation), strict=True):
        prediction, state = model.step(text, state)
        assert close(next_of(answer), dict(prediction.top(5)))
    assert answer["steps"] == 4


@pytest.mark.parametrize("name", ["reviews", "letters"])
def test_steps_of_a_classifier_are_those_of_step(converse, models, name):
    async def conversation(client):
        session = await Session.create(client, name)
        return [await session.step(f" {word}") for word in WORDS]

    model = models[name]
    state = model.start()
    for word, answer in zip(WORDS, converse(conversation), strict=True):
        expected, state = model.step(f" {word}", state)
        assert close({each["label"]: each["probability"] for each in answer["classes"]}, expected)


def test_sessions_in_one_batch_do_not_affect_each_other(converse, models):
    texts = [[letter, letter * n, LETTERS[:n]] for n, letter in enumerate("abcdefgh" * 4, 1)]

    async def one(client, its):
        session = await Session.create(client, "lstm")
        return [await session.step(text) for text in its][-1]

    async def conversation(client):
        return await asyncio.gather(*(one(client, its) for its in texts))

    model = models["lstm"]
    for its, answer in zip(texts, converse(conversation), strict=True):
        state = model.start()
        for text in its:
            prediction, state = model.step(text, state)
        assert close(next_of(answer), dict(prediction.top(3)))


def test_steps_of_one_session_keep_their_order(converse):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        await asyncio.gather(*(session.step(letter) for letter in LETTERS))
        mine = await session.step("!")
        other = await Session.create(client, "lstm")
        for letter in LETTERS:
            await other.step(letter)
        return mine, await other.step("!")

    mine, other = converse(conversation)
    assert mine["steps"] == len(LETTERS) + 1
    assert close(next_of(mine), next_of(other))


def test_too_many_requests_for_one_session_are_refused(converse):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        answers = await asyncio.gather(*(session.post("step", text="a") for _ in range(100)))
        return [answer.status_code for answer in answers]

    statuses = converse(conversation)
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 64


@pytest.mark.parametrize(("name", "back"), [("tale", 1), ("reviews", 2), ("lstm", 20)])
def test_rewound_steps_leave_no_effect(converse, name, back):
    async def conversation(client):
        session = await Session.create(client, name)
        for letter in LETTERS[:-back]:
            await session.step(f"{letter}a")
        straight = await session.step("then")
        await session.post("rewind", steps=1)
        for letter in LETTERS[-back:]:
            await session.step(f"{letter}b")
        rewound = (await session.post("rewind", steps=back)).json()
        return straight, rewound, await session.step("then")

    straight, rewound, again = converse(conversation)
    assert rewound["steps"] == straight["steps"] - 1 == len(LETTERS) - back
    for key in {"next", "classes"} & set(straight):
        for one, other in zip(straight[key], again[key], strict=True):
            assert one["probability"] == pytest.approx(other["probability"], abs=1e-5)


def test_steps_far_from_the_start_are_rewound_too(converse):
    """The checkpoint has advanced by then."""

    async def conversation(client):
        session = await Session.create(client, "lstm")
        for step in range(2 * CHECKPOINT_STEPS + 3):
            straight = await session.step("abc"[step % 3])
        for letter in "cat" * 10:
            await session.step(letter)
        await session.post("rewind", steps=31)
        return straight, await session.step("abc"[step % 3])

    straight, again = converse(conversation)
    assert straight["steps"] == again["steps"]
    for one, other in zip(straight["next"], again["next"], strict=True):
        assert one["text"] == other["text"]
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-5)


def test_no_more_steps_are_rewound_than_were_made(converse):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        for _ in range(5):
            await session.step("a")
        return await session.post("rewind", steps=6), await session.post("rewind", steps=5)

    refused, done = converse(conversation)
    assert refused.status_code == 422
    assert "5 steps" in refused.json()["error"]["cause"]
    assert done.json()["steps"] == 0


def test_a_fork_is_independent(converse):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        await session.step("the c")
        forked = (await session.post("fork")).json()
        other = Session(client, "lstm", forked["session"])
        await other.step("x")
        return forked, await session.step("at"), await other.post("rewind", steps=2)

    forked, answer, rewound = converse(conversation)
    assert forked["steps"] == 1
    assert answer["steps"] == 2
    assert rewound.json()["steps"] == 0


def test_an_export_continues_where_it_was(converse):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        await session.step("the c")
        exported = (await client.get(f"{session.path}/export")).json()
        restored = await Session.create(client, "lstm", **exported)
        both = await restored.step("at"), await session.step("at")
        await restored.post("rewind", steps=2)
        return *both, (await client.get(restored.path)).json()

    restored, session, rewound = converse(conversation)
    assert restored["steps"] == 2
    assert close(next_of(restored), next_of(session))
    assert rewound["steps"] == 0


def test_an_altered_or_foreign_export_is_refused(converse):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        await session.step("a")
        exported = (await client.get(f"{session.path}/export")).json()["exported"]
        flipped = [exported[:n] + chr(ord(exported[n]) ^ 1) + exported[n + 1 :] for n in (3, 99)]
        tried = ["", "A" * 400, "é", exported[:-4], exported + "AAAA", *flipped]
        path = "/models/lstm/sessions"
        answers = [await client.post(path, json={"exported": each}) for each in tried]
        answers.append(await client.post("/models/tale/sessions", json={"exported": exported}))
        return answers

    for answer in converse(conversation):
        assert answer.status_code == 422
        assert answer.json()["error"]["location"] == "exported"


def test_an_export_of_another_server_is_refused(converse):
    async def export(client):
        session = await Session.create(client, "lstm")
        return (await client.get(f"{session.path}/export")).json()

    exported = converse(export)

    async def restore(client):
        return (await client.post("/models/lstm/sessions", json=exported)).status_code

    assert converse(restore) == 422


def test_a_deleted_session_is_not_found(converse):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        deleted = await client.delete(session.path)
        return deleted, await session.post("step", text="a"), await client.get(session.path)

    assert [answer.status_code for answer in converse(conversation)] == [200, 404, 404]


@pytest.mark.parametrize("session", ["x", "..", "a" * 22, "a" * 10_000, "%00" * 22])
def test_an_unknown_session_is_not_found(post, session):
    assert post(f"/models/lstm/sessions/{session}/step", {"text": "a"})[0] == 404


def test_a_session_of_another_model_is_not_found(converse):
    async def conversation(client):
        session = await Session.create(client, "lstm")
        return await Session(client, "tale", session.session).post("step", text="a")

    assert converse(conversation).status_code == 404


def test_idle_sessions_are_evicted_and_make_room(converse):
    limits = Limits(sessions=3, idle=0.5)

    async def conversation(client):
        path = "/models/lstm/sessions"
        first = [(await client.post(path, json={})) for _ in range(4)]
        return first, await answer_when_there_is_room(client, path)

    first, again = converse(conversation, limits=limits)
    assert [each.status_code for each in first] == [200, 200, 200, 503]
    assert "room" in first[-1].json()["error"]["cause"]
    assert "retry-after" in first[-1].headers
    assert again.status_code == 200


def test_the_bytes_of_all_sessions_are_limited(converse):
    async def conversation(client):
        path = "/models/lstm/sessions"
        return [(await client.post(path, json={})).status_code for _ in range(9)]

    statuses = converse(conversation, limits=Limits(session_bytes=400_000))
    assert statuses[0] == 200
    assert statuses[-1] == 503


texts = st.lists(
    st.text(min_size=1, max_size=9) | st.just("long " * CHECKPOINT_BYTES), max_size=160
)


@given(texts, st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_a_session_state_is_rewound_to_an_earlier_one(given_texts, back):
    """The texts since the checkpoint lead from it to every later state."""
    session, history = SessionState.initial(b"0000"), [b"0000"]

    def state_after(state, text):
        return b"%04d" % ((int(state) * 31 + len(text) + sum(map(ord, text))) % 9973)

    for text in given_texts:
        checkpoint = session.checkpoint
        for each in session.replayed(text):
            checkpoint = state_after(checkpoint, each)
        session = session.stepped(text, state_after(session.state, text), checkpoint)
        history.append(session.state)
    assert session.steps == len(given_texts)
    assert session.rewindable == min(CHECKPOINT_STEPS, session.steps) or any(
        len(text) > CHECKPOINT_BYTES for text in given_texts
    )
    assert sum(len(text.encode()) for text in session.texts) == session.size
    assert session.size <= CHECKPOINT_BYTES or session.rewindable == 1
    assert session == SessionState.from_bytes(session.to_bytes(b"m" * 32), b"m" * 32, 4)
    if back <= session.rewindable:
        state = session.checkpoint
        for text in session.remaining(back):
            state = state_after(state, text)
        assert state == history[session.steps - back]
        earlier = session.rewound(back, state)
        assert (earlier.steps, earlier.rewindable) == (
            session.steps - back,
            session.rewindable - back,
        )


@given(st.binary(max_size=300))
def test_invalid_bytes_are_not_a_session_state(data):
    assert SessionState.from_bytes(data, b"m" * 32, 4) is None
    packed = SessionState.initial(b"0000").stepped("a", b"0001", b"0000").to_bytes(b"m" * 32)
    assert SessionState.from_bytes(packed[: len(data)], b"m" * 32, 4) is None
    assert SessionState.from_bytes(packed, b"n" * 32, 4) is None
    assert SessionState.from_bytes(packed, b"m" * 32, 5) is None


@given(st.binary(max_size=200), st.data())
def test_a_signature_fits_its_content_alone(content, data):
    key = new_key()
    text = sign(key, content)
    assert verify(key, text) == content
    assert verify(new_key(), text) is None
    index = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABab09-_"))
    changed = text[:index] + letter + text[index + 1 :]
    if changed != text:
        assert verify(key, changed) in {None, content}  # Base64 has unused bits at its end
