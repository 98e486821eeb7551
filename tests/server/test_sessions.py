"""Sessions: a state that is kept, read on with, forked, rewound, exported and restored."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.server.limits import MARK_BYTES, MARK_STEPS, Limits
from elman.server.records import Record
from elman.server.signing import new_key, sealed, unsealed

LETTERS = "the cat sat on the mat"
WORDS = ["so", "warm", "and", "funny"]


class Session:
    def __init__(self, client, model, session):
        self.client, self.path = client, f"/models/{model}/sessions/{session}"
        self.session = session

    @classmethod
    async def begun(cls, client, model, **asked):
        answer = await client.post(f"/models/{model}/sessions", json=asked)
        assert answer.status_code == 200, answer.text
        return cls(client, model, answer.json()["session"])

    async def step(self, text, **more):
        answer = await self.client.post(f"{self.path}/step", json={"text": text, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, what, **asked):
        return await self.client.post(f"{self.path}/{what}", json=asked)


def next_of(answer):
    return {each["text"]: each["probability"] for each in answer["next"]}


def close(found, wanted):
    """The same, but for what the order of sums in a batch makes of it."""
    return found == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("name", ["tale", "mail", "lstm"])
def test_a_language_models_steps_are_its_own(talk, models, name):
    async def conversation(client):
        session = await Session.begun(client, name)
        return [await session.step(text, count=5) for text in ["t", "he", " cat", "s" * 30]]

    model = models[name]
    state = model.start()
    for text, answer in zip(["t", "he", " cat", "s" * 30], talk(conversation), strict=True):
        outlook, state = model.step(text, state)
        assert close(next_of(answer), dict(outlook.top(5)))
    assert answer["steps"] == 4


@pytest.mark.parametrize("name", ["reviews", "letters"])
def test_a_classifiers_steps_are_its_own(talk, models, name):
    async def conversation(client):
        session = await Session.begun(client, name)
        return [await session.step(f" {word}") for word in WORDS]

    model = models[name]
    state = model.start()
    for word, answer in zip(WORDS, talk(conversation), strict=True):
        wanted, state = model.step(f" {word}", state)
        assert close({each["label"]: each["probability"] for each in answer["classes"]}, wanted)


def test_sessions_that_step_together_are_each_other_no_business(talk, models):
    texts = [[letter, letter * n, LETTERS[:n]] for n, letter in enumerate("abcdefgh" * 4, 1)]

    async def one(client, its):
        session = await Session.begun(client, "lstm")
        return [await session.step(text) for text in its][-1]

    async def conversation(client):
        return await asyncio.gather(*(one(client, its) for its in texts))

    model = models["lstm"]
    for its, answer in zip(texts, talk(conversation), strict=True):
        state = model.start()
        for text in its:
            outlook, state = model.step(text, state)
        assert close(next_of(answer), dict(outlook.top(3)))


def test_steps_of_one_session_come_in_their_order(talk):
    async def conversation(client):
        session = await Session.begun(client, "lstm")
        await asyncio.gather(*(session.step(letter) for letter in LETTERS))
        mine = await session.step("!")
        other = await Session.begun(client, "lstm")
        for letter in LETTERS:
            await other.step(letter)
        return mine, await other.step("!")

    mine, other = talk(conversation)
    assert mine["steps"] == len(LETTERS) + 1
    assert close(next_of(mine), next_of(other))


def test_too_many_steps_of_one_session_at_once_are_refused(talk):
    async def conversation(client):
        session = await Session.begun(client, "lstm")
        answers = await asyncio.gather(*(session.post("step", text="a") for _ in range(100)))
        return [answer.status_code for answer in answers]

    statuses = talk(conversation)
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 64


@pytest.mark.parametrize(("name", "back"), [("tale", 1), ("reviews", 2), ("lstm", 20)])
def test_rewound_is_never_read(talk, name, back):
    async def conversation(client):
        session = await Session.begun(client, name)
        for letter in LETTERS[:-back]:
            await session.step(f"{letter}a")
        straight = await session.step("then")
        await session.post("rewind", steps=1)
        for letter in LETTERS[-back:]:
            await session.step(f"{letter}b")
        rewound = (await session.post("rewind", steps=back)).json()
        return straight, rewound, await session.step("then")

    straight, rewound, again = talk(conversation)
    assert rewound["steps"] == straight["steps"] - 1 == len(LETTERS) - back
    for key in {"next", "classes"} & set(straight):
        for one, other in zip(straight[key], again[key], strict=True):
            assert one["probability"] == pytest.approx(other["probability"], abs=1e-5)


def test_the_mark_follows(talk):
    """Far from the beginning, too, the way back leads to what was never read on from."""

    async def conversation(client):
        session = await Session.begun(client, "lstm")
        for step in range(2 * MARK_STEPS + 3):
            straight = await session.step("abc"[step % 3])
        for letter in "cat" * 10:
            await session.step(letter)
        await session.post("rewind", steps=31)
        return straight, await session.step("abc"[step % 3])

    straight, again = talk(conversation)
    assert straight["steps"] == again["steps"]
    for one, other in zip(straight["next"], again["next"], strict=True):
        assert one["text"] == other["text"]
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-5)


def test_beyond_what_is_remembered_there_is_no_way_back(talk):
    async def conversation(client):
        session = await Session.begun(client, "lstm")
        for _ in range(5):
            await session.step("a")
        return await session.post("rewind", steps=6), await session.post("rewind", steps=5)

    refused, done = talk(conversation)
    assert refused.status_code == 422
    assert "5 steps" in refused.json()["error"]["cause"]
    assert done.json()["steps"] == 0


def test_a_fork_goes_its_own_way(talk):
    async def conversation(client):
        session = await Session.begun(client, "lstm")
        await session.step("the c")
        forked = (await session.post("fork")).json()
        other = Session(client, "lstm", forked["session"])
        await other.step("x")
        return forked, await session.step("at"), await other.post("rewind", steps=2)

    forked, answer, rewound = talk(conversation)
    assert forked["steps"] == 1
    assert answer["steps"] == 2
    assert rewound.json()["steps"] == 0


def test_what_is_exported_goes_on_where_it_was(talk):
    async def conversation(client):
        session = await Session.begun(client, "lstm")
        await session.step("the c")
        exported = (await client.get(f"{session.path}/export")).json()
        restored = await Session.begun(client, "lstm", **exported)
        both = await restored.step("at"), await session.step("at")
        await restored.post("rewind", steps=2)
        return *both, (await client.get(restored.path)).json()

    restored, session, rewound = talk(conversation)
    assert restored["steps"] == 2
    assert close(next_of(restored), next_of(session))
    assert rewound["steps"] == 0


def test_a_forged_or_foreign_state_is_refused(talk):
    async def conversation(client):
        session = await Session.begun(client, "lstm")
        await session.step("a")
        exported = (await client.get(f"{session.path}/export")).json()["exported"]
        flipped = [exported[:n] + chr(ord(exported[n]) ^ 1) + exported[n + 1 :] for n in (3, 99)]
        tried = ["", "A" * 400, "é", exported[:-4], exported + "AAAA", *flipped]
        path = "/models/lstm/sessions"
        answers = [await client.post(path, json={"exported": each}) for each in tried]
        answers.append(await client.post("/models/tale/sessions", json={"exported": exported}))
        return answers

    for answer in talk(conversation):
        assert answer.status_code == 422
        assert answer.json()["error"]["location"] == "exported"


def test_another_servers_state_is_refused(talk):
    async def export(client):
        session = await Session.begun(client, "lstm")
        return (await client.get(f"{session.path}/export")).json()

    exported = talk(export)

    async def restore(client):
        return (await client.post("/models/lstm/sessions", json=exported)).status_code

    assert talk(restore) == 422


def test_an_ended_session_is_gone(talk):
    async def conversation(client):
        session = await Session.begun(client, "lstm")
        ended = await client.delete(session.path)
        return ended, await session.post("step", text="a"), await client.get(session.path)

    assert [answer.status_code for answer in talk(conversation)] == [200, 404, 404]


@pytest.mark.parametrize("session", ["x", "..", "a" * 22, "a" * 10_000, "%00" * 22])
def test_a_session_that_was_never_there_is_not_found(post, session):
    assert post(f"/models/lstm/sessions/{session}/step", {"text": "a"})[0] == 404


def test_a_session_of_one_model_is_none_of_anothers(talk):
    async def conversation(client):
        session = await Session.begun(client, "lstm")
        return await Session(client, "tale", session.session).post("step", text="a")

    assert talk(conversation).status_code == 404


def test_sessions_left_alone_are_forgotten_and_there_is_room_again(talk):
    limits = Limits(sessions=3, idle=0.5)

    async def conversation(client):
        path = "/models/lstm/sessions"
        first = [(await client.post(path, json={})) for _ in range(4)]
        await asyncio.sleep(2.2)
        return first, await client.post(path, json={})

    first, again = talk(conversation, limits=limits)
    assert [each.status_code for each in first] == [200, 200, 200, 503]
    assert "room" in first[-1].json()["error"]["cause"]
    assert "retry-after" in first[-1].headers
    assert again.status_code == 200


def test_sessions_take_no_more_bytes_than_they_may(talk):
    async def conversation(client):
        path = "/models/lstm/sessions"
        return [(await client.post(path, json={})).status_code for _ in range(9)]

    statuses = talk(conversation, limits=Limits(session_bytes=400_000))
    assert statuses[0] == 200
    assert statuses[-1] == 503


texts = st.lists(st.text(min_size=1, max_size=9) | st.just("long " * MARK_BYTES), max_size=160)


@given(texts, st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_a_record_goes_back_to_what_it_was(given_texts, back):
    """The texts after a mark, read from its state, are all that was read."""
    record, history = Record.begun(b"0000"), [b"0000"]

    def state_after(state, text):
        return (int(state) * 31 + len(text) + sum(map(ord, text))).__mod__(9973).__str__().encode()

    def padded(state):
        return state.rjust(4, b"0")

    for text in given_texts:
        mark = record.mark
        for each in record.passed(text):
            mark = padded(state_after(mark, each))
        record = record.after(text, padded(state_after(record.state, text)), mark)
        history.append(record.state)
    assert record.steps == len(given_texts)
    assert record.back == min(MARK_STEPS, record.steps) or any(
        len(text) > MARK_BYTES for text in given_texts
    )
    assert sum(len(text.encode()) for text in record.texts) == record.size
    assert record.size <= MARK_BYTES or record.back == 1
    assert record == Record.unpacked(record.packed(b"m" * 32), b"m" * 32, 4)
    if back <= record.back:
        state = record.mark
        for text in record.remembered(back):
            state = padded(state_after(state, text))
        assert state == history[record.steps - back]
        earlier = record.before(back, state)
        assert (earlier.steps, earlier.back) == (record.steps - back, record.back - back)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_record_are_none(data):
    assert Record.unpacked(data, b"m" * 32, 4) is None
    packed = Record.begun(b"0000").after("a", b"0001", b"0000").packed(b"m" * 32)
    assert Record.unpacked(packed[: len(data)], b"m" * 32, 4) is None
    assert Record.unpacked(packed, b"n" * 32, 4) is None
    assert Record.unpacked(packed, b"m" * 32, 5) is None


@given(st.binary(max_size=200), st.data())
def test_a_seal_fits_what_was_sealed_alone(content, data):
    key = new_key()
    text = sealed(key, content)
    assert unsealed(key, text) == content
    assert unsealed(new_key(), text) is None
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABab09-_"))
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        assert unsealed(key, changed) in {None, content}  # the last letter's spare bits say nothing


def test_the_state_of_many_rows_is_each_rows_own(models):
    from elman.server.streams import Read, Streams

    streams = Streams(models["letters"])
    one = [streams.read([Read(streams.beginning, text, 2)])[0] for text in LETTERS.split()]
    together = streams.read([Read(streams.beginning, text, 2) for text in LETTERS.split()])
    for alone, beside in zip(one, together, strict=True):
        numbers = [np.frombuffer(each.state, np.float32) for each in (alone, beside)]
        assert np.allclose(*numbers, atol=1e-5)
        assert len(alone.state) == streams.size
